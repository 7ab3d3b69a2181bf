use serde_json::json;

use super::*;

fn document(cells: Value) -> Value {
    json!({
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn code(id: &str, source: &str) -> Value {
    json!({"cell_type": "code", "execution_count": null, "id": id, "metadata": {},
           "outputs": [], "source": source})
}

fn check(document: &Value) -> Result<Notebook, String> {
    parse(Path::new("lesson.ipynb"), &document.to_string())
}

fn refused(document: &Value) -> String {
    let sentence = check(document).unwrap_err();
    assert!(sentence.starts_with("lesson.ipynb"), "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
    sentence
}

#[test]
fn finds_code_cells_with_ids_and_limits() {
    let mut slow = code("b", "");
    slow["source"] = json!(["let x = 1;\n", "x"]);
    slow["metadata"] = json!({"timeout": 2.5, "tags": ["raises-exception"]});
    let mut text = document(json!([
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title"},
        slow,
        code("c", "  \n"),
    ]));
    text["metadata"]["execution"] = json!({"timeout": 600});
    let notebook = check(&text).unwrap();
    assert_eq!(notebook.cells.len(), 2);
    assert_eq!(notebook.cells[0].index, 1);
    assert_eq!(notebook.cells[0].id.as_deref(), Some("b"));
    assert_eq!(notebook.cells[0].source, "let x = 1;\nx");
    assert_eq!(notebook.cells[0].timeout, Some(Duration::from_millis(2500)));
    assert!(notebook.cells[0].tags.raises && notebook.cells[0].runs());
    assert!(!notebook.cells[1].runs());
    assert_eq!(notebook.timeout, Some(Duration::from_secs(600)));
}

#[test]
fn a_missing_file_is_one_sentence() {
    let sentence = load(Path::new("no/such.ipynb")).unwrap_err();
    assert_eq!(sentence, "no/such.ipynb does not exist: check the path");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("lesson.ipynb");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a writable folder");
    let sentence = load(&pipe).unwrap_err();
    assert!(sentence.ends_with("is not a file, so not a notebook: check the path"));
}

#[test]
fn an_empty_file_is_one_sentence() {
    let sentence = parse(Path::new("lesson.ipynb"), " \n").unwrap_err();
    assert!(sentence.contains("is empty"), "{sentence}");
}

#[test]
fn malformed_json_names_the_place() {
    let sentence = parse(Path::new("lesson.ipynb"), "{\n \"cells\": [,]}").unwrap_err();
    assert!(sentence.contains("not valid JSON"), "{sentence}");
    assert!(sentence.contains("line 2 column"), "{sentence}");
}

#[test]
fn other_json_is_no_notebook() {
    assert!(refused(&json!({"name": "package"})).contains("no `nbformat`"));
    assert!(refused(&json!([1, 2])).contains("no `nbformat`"));
}

#[test]
fn unsupported_formats_are_named() {
    let old = json!({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []});
    assert!(refused(&old).contains("format 3.0"));
    let mut new = document(json!([code("a", "1")]));
    new["nbformat_minor"] = json!(9);
    assert!(refused(&new).contains("format 4.9"));
}

#[test]
fn a_damaged_structure_is_one_sentence() {
    assert!(refused(&document(json!({"not": "a list"}))).contains("not a well-formed notebook"));
    let twice = document(json!([code("a", "1"), code("a", "2")]));
    assert!(refused(&twice).contains("Duplicate Cell ID"));
}

#[test]
fn another_language_is_named() {
    let mut text = document(json!([code("a", "1")]));
    text["metadata"] = json!({"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}});
    assert!(refused(&text).contains("for python"));
    text["metadata"] = json!({});
    assert!(refused(&text).contains("which kernel"));
    text["metadata"] = json!({"language_info": {"name": "Rust"}});
    assert!(check(&text).is_ok());
    text["metadata"] = json!({"kernelspec": {"display_name": "Rust", "name": "rust"}});
    assert!(check(&text).is_ok());
}

#[test]
fn a_notebook_without_code_is_one_sentence() {
    let text = document(json!([
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title"}
    ]));
    assert!(refused(&text).contains("no code cells"));
}

#[test]
fn a_wrong_time_limit_is_one_sentence() {
    for wrong in [json!("soon"), json!(0), json!(-1)] {
        let mut cell = code("a", "1");
        cell["metadata"] = json!({"timeout": wrong});
        assert!(refused(&document(json!([cell]))).contains("positive number of seconds"));
    }
}

#[test]
fn old_notebooks_without_ids_run() {
    let mut cell = code("a", "1");
    cell.as_object_mut().unwrap().remove("id");
    let mut text = document(json!([cell]));
    text["nbformat_minor"] = json!(2);
    assert_eq!(check(&text).unwrap().cells[0].id, None);
}
