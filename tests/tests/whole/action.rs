//! What continuous integration has of this collection: the action for other repositories, and this
//! one's own workflows.

use end_to_end::commands::BoundedOutput;
use end_to_end::{books, commands, repository, tool};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Has GitHub's own schemas with it.
const CHECKER: &str = "check-jsonschema==0.39.0";

#[test]
fn workflows_and_the_action_are_what_github_reads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pip = tool("python");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .arg("--target")
    .arg(folder.path())
    .arg(CHECKER);
    let ran = commands::run(&mut pip, "");
    assert!(ran.passed, "{}", ran.said);
    let workflows = repository().join(".github/workflows/*.yml");
    let workflows = glob::glob(&workflows.to_string_lossy()).expect("a pattern");
    let mut files: Vec<_> = workflows
        .flatten()
        .map(|file| ("vendor.github-workflows", file))
        .collect();
    assert!(!files.is_empty(), "no workflow was found");
    files.push(("vendor.github-actions", repository().join("action.yml")));
    for (schema, file) in files {
        let mut check = tool("python");
        check
            .env("PYTHONPATH", folder.path())
            .args(["-m", "check_jsonschema", "--builtin-schema", schema])
            .arg(&file);
        let ran = commands::run(&mut check, "");
        assert!(ran.passed, "{}", ran.said);
    }
}

/// The step of the action that runs notebooks, as GitHub's runner does it: exit code and words.
fn run_step(workspace: &Path, notebooks: &str) -> (Option<i32>, String) {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let mut python = tool("python");
    python
        .args(["-c", script])
        .arg(repository().join("action.yml"));
    let action: Value = serde_json::from_str(&commands::run(&mut python, "").said).expect("JSON");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == "run");
    let step = step.expect("the step that runs notebooks");
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
        .arg(step["run"].as_str().expect("a script"))
        .current_dir(workspace)
        .env("GITHUB_ACTION_PATH", repository())
        .env("GITHUB_WORKSPACE", workspace);
    let inputs = &action["inputs"];
    for (name, value) in step["env"].as_object().expect("variables") {
        let value = value.as_str().expect("a text");
        let input = value
            .trim_start_matches("${{ inputs.")
            .trim_end_matches(" }}");
        let default = inputs[input]["default"].as_str().expect("a default");
        bash.env(
            name,
            if input == "notebooks" {
                notebooks
            } else {
                default
            },
        );
    }
    let output = bash.bounded_output();
    (output.status.code(), end_to_end::said(&output))
}

#[test]
fn the_action_passes_with_notebooks_that_pass_and_else_says_what_the_cell_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain: &[&str] = &[];
    books::write(
        folder.path(),
        "right one.ipynb",
        &[("assert_eq!(1 + 1, 2);", plain)],
    );
    books::write(
        folder.path(),
        "wrong.ipynb",
        &[("panic!(\"the sum is {}\", 1 + 1);", plain)],
    );
    let (code, said) = run_step(folder.path(), "right one.ipynb\n");
    assert_eq!(code, Some(0), "{said}");
    let out = folder.path().join("executed-notebooks");
    for file in ["right one.ipynb", "right one.html", "junit.xml"] {
        assert!(out.join(file).is_file(), "{file} is missing: {said}");
    }
    let (code, said) = run_step(folder.path(), "right one.ipynb\nwrong.ipynb");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the sum is 2"), "{said}");
}
