//! Every assignment, found by glob: the reference solution gets all points and passes the visible
//! tests, the release gets none and compiles, and shows nothing that it should not.

use super::course::{grade, verdicts};
use end_to_end::commands::BoundedOutput;
use end_to_end::{books, cargo_lab, commands, repository, said, tool};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[test]
fn each_is_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let course = folder.path().join("course");
    let own = repository().join("notebooks/assignments");
    copy(&own.join("source"), &course.join("source"));
    let config = "nbgrader_config.py";
    std::fs::copy(own.join(config), course.join(config)).expect("disk space");
    let output = cargo_lab(&["new-assignment", "made-just-now", "--course"])
        .arg(&course)
        .bounded_output();
    assert!(output.status.success(), "{}", said(&output));
    let sources = notebooks(&course.join("source"));
    assert!(sources.len() > 1, "{sources:?}");

    let report = grade(&[&course.join("source")], &["--again"]);
    assert_eq!(verdicts(&report).len(), sources.len(), "{sources:?}");
    for one in verdicts(&report) {
        assert_eq!(
            one["points"], one["most"],
            "the reference solution: {one:#}"
        );
    }

    let released = release(&course, &sources);
    let report = grade(&[&course.join("release")], &["--again"]);
    assert_eq!(verdicts(&report).len(), sources.len(), "{released:?}");
    for one in verdicts(&report) {
        assert_eq!(one["points"], 0.0, "the release: {one:#}");
        assert_eq!(one["reason"], Value::Null, "the release compiles: {one:#}");
    }
    for (source, release) in sources.iter().zip(&released) {
        nothing_is_given_away(source, release);
    }
    visible_tests_pass(folder.path(), &sources, &released);
}

fn release(course: &Path, sources: &[PathBuf]) -> Vec<PathBuf> {
    let names = sources.iter().map(|source| {
        let name = source.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    for name in names {
        let mut nbgrader = tool("nbgrader");
        nbgrader
            .args(["generate_assignment", &name])
            .current_dir(course);
        let ran = commands::run(&mut nbgrader, "");
        assert!(ran.passed, "{name}: {}", ran.said);
    }
    notebooks(&course.join("release"))
}

/// No line of a solution or of a hidden test stands in the release. Lines that any program may have,
/// such as a bracket, do not count.
fn nothing_is_given_away(source: &Path, release: &Path) {
    let released = std::fs::read_to_string(release).expect("a release");
    let hint: String = read(source)["cells"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|cell| {
            cell["cell_type"] == "markdown" || cell["metadata"]["nbgrader"]["locked"] == true
        })
        .map(|cell| outside(&books::source(cell)))
        .collect();
    let mut looked_for = 0;
    for cell in read(source)["cells"].as_array().into_iter().flatten() {
        for line in inside(&books::source(cell)).lines().map(str::trim) {
            // Shown to students elsewhere, by the author's own choice.
            if line.len() < 20 || hint.contains(line) {
                continue;
            }
            looked_for += 1;
            let quoted = json!(line).to_string();
            assert!(
                !released.contains(quoted.trim_matches('"')),
                "{}: {line}",
                release.display()
            );
        }
    }
    assert!(looked_for > 3, "{}: nothing is hidden", source.display());
    assert!(!released.contains("HIDDEN") && !released.contains("SOLUTION"));
    assert_eq!(
        released.matches("todo!()").count(),
        2,
        "one TODO, and the words that name it"
    );
}

/// What stands between the lines that begin and end something.
fn inside(text: &str) -> String {
    parted(text).0
}

fn outside(text: &str) -> String {
    parted(text).1
}

fn parted(text: &str) -> (String, String) {
    let mut hidden = false;
    let (mut inside, mut outside) = (String::new(), String::new());
    for line in text.lines() {
        if line.contains("BEGIN SOLUTION") || line.contains("BEGIN HIDDEN") {
            hidden = true;
        } else if line.contains("END SOLUTION") || line.contains("END HIDDEN") {
            hidden = false;
        } else if hidden {
            inside += &format!("{line}\n");
        } else {
            outside += &format!("{line}\n");
        }
    }
    (inside, outside)
}

/// The releases with the reference solutions put in, run as a student runs them.
fn visible_tests_pass(folder: &Path, sources: &[PathBuf], released: &[PathBuf]) {
    let solved = folder.join("solved");
    std::fs::create_dir(&solved).expect("a writable folder");
    for (source, release) in sources.iter().zip(released) {
        let reference = read(source);
        let mut book = read(release);
        let cells = book["cells"].as_array_mut().expect("cells");
        for (cell, original) in cells
            .iter_mut()
            .zip(reference["cells"].as_array().expect("cells"))
        {
            if cell["metadata"]["nbgrader"]["solution"] == true {
                cell["source"] = original["source"].clone();
            }
        }
        let name = release.file_name().expect("a name");
        std::fs::write(solved.join(name), book.to_string()).expect("disk space");
    }
    let output = cargo_lab(&["run"]).arg(&solved).bounded_output();
    assert!(output.status.success(), "{}", said(&output));
}

fn notebooks(folder: &Path) -> Vec<PathBuf> {
    let pattern = format!("{}/*/*.ipynb", folder.display());
    let mut found: Vec<PathBuf> = glob::glob(&pattern).expect("a pattern").flatten().collect();
    found.sort();
    found
}

fn read(notebook: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(notebook).expect("a notebook")).expect("JSON")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a writable folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("disk space");
        }
    }
}
