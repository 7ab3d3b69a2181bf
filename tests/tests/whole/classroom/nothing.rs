//! Doing nothing gets nothing: solutions that return at once, return a constant or their input, or
//! sleep in place of waiting pass no hidden test of any assignment. They are found by glob:
//! `nothing/ASSIGNMENT/NAME.rs` is a whole solution.

use super::course::{grade, verdicts};
use super::wrong::submit;
use end_to_end::repository;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[test]
fn who_does_nothing_gets_nothing() {
    let root = repository();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut tried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in found(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/whole/classroom/nothing/*/*.rs"
    )) {
        let text = std::fs::read_to_string(&path).expect("a solution");
        let (assignment, name) = (stem(path.parent()), stem(Some(&path)));
        let place = folder.path().join(&assignment).join(&name);
        submit(&root, &assignment, &place, |_| text.clone());
        tried.entry(assignment).or_default().insert(name);
    }
    let sources = root.join("notebooks/assignments/source/*/*.ipynb");
    for source in found(&sources.display().to_string()) {
        let tried = tried.get(&stem(Some(&source))).map_or(0, BTreeSet::len);
        assert!(tried >= 3, "{}: {tried} are tried", source.display());
    }
    let report = grade(&[folder.path()], &["--again"]);
    let graded = verdicts(&report);
    let expected: usize = tried.values().map(BTreeSet::len).sum();
    assert_eq!(graded.len(), expected);
    let mut got = Vec::new();
    for one in graded {
        // One that is never run would show nothing.
        assert_eq!(one["reason"], Value::Null, "{one:#}");
        let tests = one["tests"].as_array().expect("a list").iter();
        let passed = tests.filter(|test| test["passed"] == true);
        got.extend(passed.map(|test| format!("{}: {}", one["notebook"], test["id"])));
    }
    assert!(got.is_empty(), "points for nothing:\n{}", got.join("\n"));
}

fn found(pattern: &str) -> Vec<PathBuf> {
    glob::glob(pattern).expect("a pattern").flatten().collect()
}

fn stem(path: Option<&Path>) -> String {
    let stem = path.and_then(Path::file_stem).and_then(OsStr::to_str);
    stem.unwrap_or_default().to_owned()
}
