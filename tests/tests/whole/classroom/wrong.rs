//! Solutions that miss one thing each lose the points for that, and no others. They are found by
//! glob, and the first line of each names the tests that fail: `wrong/ASSIGNMENT/NAME.rs` is a whole
//! solution, `NAME.edit` what is changed in the reference solution (a piece of it, a line `==>`, what
//! stands there instead; a line `----` before the next piece).

use super::course::{grade, verdicts};
use end_to_end::books;
use end_to_end::repository;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[test]
fn each_loses_what_it_misses_and_no_more() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let expected = submit_all(folder.path());
    let report = grade(&[folder.path()], &["--again"]);
    assert_eq!(failed(verdicts(&report)), expected, "{report:#}");
}

/// Writes each of them into a folder; says which tests each notebook fails.
pub fn submit_all(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let root = repository();
    let pattern = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/whole/classroom/wrong/*/*"
    );
    let mut expected = BTreeMap::new();
    for path in glob::glob(pattern).expect("a pattern").flatten() {
        let text = std::fs::read_to_string(&path).expect("a solution");
        let fails = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("// fails: "));
        let fails = fails.unwrap_or_else(|| panic!("{}: no line `// fails: …`", path.display()));
        let name = |path: Option<&Path>| -> String {
            let name = path.and_then(Path::file_stem).unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let (assignment, solution) = (name(path.parent()), name(Some(&path)));
        let place = folder.join(&assignment).join(solution);
        let edits = path.extension().is_some_and(|kind| kind == "edit");
        let notebook = submit(&root, &assignment, &place, |reference| match edits {
            true => edited(reference, &text),
            false => text.clone(),
        });
        let fails: Vec<String> = fails.split(' ').map(str::to_owned).collect();
        expected.insert(notebook.display().to_string(), fails);
    }
    assert!(expected.len() > 1, "nothing was found by {pattern}");
    expected
}

/// The tests that each graded notebook fails.
pub fn failed(verdicts: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut failed = BTreeMap::new();
    for graded in verdicts {
        let tests = graded["tests"].as_array().expect("a list").iter();
        let ids = tests
            .filter(|test| test["passed"] == false)
            .map(|test| test["id"].as_str().unwrap_or_default().to_owned());
        let notebook = graded["notebook"].as_str().expect("a path").to_owned();
        failed.insert(notebook, ids.collect::<Vec<_>>());
    }
    failed
}

/// The reference solution with the changes of an `.edit` file.
fn edited(reference: &str, edits: &str) -> String {
    let (_, edits) = edits.split_once('\n').expect("a line `// fails: …`");
    let mut text = reference.to_owned();
    for edit in edits.split("----\n") {
        let (old, new) = edit.split_once("==>\n").expect("a line `==>`");
        assert_eq!(text.matches(old).count(), 1, "stands there once: {old}");
        text = text.replace(old, new);
    }
    text
}

/// Writes a submission into the folder `place`, its solution made from the reference solution.
pub fn submit(
    root: &Path,
    assignment: &str,
    place: &Path,
    solution: impl Fn(&str) -> String,
) -> PathBuf {
    let file = format!("{assignment}.ipynb");
    let source = root
        .join("notebooks/assignments/source")
        .join(assignment)
        .join(&file);
    let text = std::fs::read(&source).unwrap_or_else(|_| panic!("{}", source.display()));
    let mut book: Value = serde_json::from_slice(&text).expect("JSON");
    for cell in book["cells"].as_array_mut().expect("cells") {
        if cell["metadata"]["nbgrader"]["solution"] == true {
            cell["source"] = solution(&books::source(cell)).into();
        }
    }
    std::fs::create_dir_all(place).expect("a writable folder");
    let notebook = place.join(file);
    std::fs::write(&notebook, book.to_string()).expect("disk space");
    notebook
}
