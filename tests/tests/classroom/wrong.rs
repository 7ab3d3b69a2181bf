//! Solutions that miss one thing each lose the points for that, and no others. They are found by
//! glob: `wrong/ASSIGNMENT/NAME.rs`, whose first line names the tests that fail.

use crate::course::grade;
use end_to_end::repository;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[test]
fn each_loses_what_it_misses_and_no_more() {
    let root = repository();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pattern = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/classroom/wrong/*/*.rs");
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
        let place = folder.path().join(&assignment).join(solution);
        let notebook = submit(&root, &assignment, &text, &place);
        let fails: Vec<String> = fails.split(' ').map(str::to_owned).collect();
        expected.insert(notebook.display().to_string(), fails);
    }
    assert!(expected.len() > 1, "nothing was found by {pattern}");
    let report = grade(&[folder.path()], &["--again"]);
    assert_eq!(report["not_graded"], json!([]));
    let mut failed = BTreeMap::new();
    for graded in report["graded"].as_array().expect("a list") {
        let tests = graded["tests"].as_array().expect("a list").iter();
        let ids = tests
            .filter(|test| test["passed"] == false)
            .map(|test| test["id"].as_str().unwrap_or_default().to_owned());
        let notebook = graded["notebook"].as_str().expect("a path").to_owned();
        failed.insert(notebook, ids.collect::<Vec<_>>());
    }
    assert_eq!(failed, expected, "{report:#}");
}

fn submit(root: &Path, assignment: &str, solution: &str, place: &Path) -> PathBuf {
    let file = format!("{assignment}.ipynb");
    let source = root
        .join("notebooks/assignments/source")
        .join(assignment)
        .join(&file);
    let text = std::fs::read(&source).unwrap_or_else(|_| panic!("{}", source.display()));
    let mut book: Value = serde_json::from_slice(&text).expect("JSON");
    for cell in book["cells"].as_array_mut().expect("cells") {
        if cell["metadata"]["nbgrader"]["solution"] == true {
            cell["source"] = solution.into();
        }
    }
    std::fs::create_dir_all(place).expect("a writable folder");
    let notebook = place.join(file);
    std::fs::write(&notebook, book.to_string()).expect("disk space");
    notebook
}
