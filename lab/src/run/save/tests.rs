use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use super::super::notebook::parse;
use super::super::options::Limits;
use super::*;

/// Written by Python's nbformat 5: every kind of cell and output, line ends of all sorts, and keys
/// that were given in another order.
const PYTHON: &str = include_str!("python.ipynb");

fn notebook_of(text: &str) -> Notebook {
    parse(Path::new("lesson.ipynb"), text).unwrap()
}

fn small(minor: u64, cells: Value) -> Notebook {
    let document = json!({
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}},
        "nbformat": 4,
        "nbformat_minor": minor,
    });
    notebook_of(&document.to_string())
}

fn code(source: &str, metadata: Value) -> Value {
    json!({"cell_type": "code", "execution_count": 9, "metadata": metadata,
           "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}], "source": source})
}

fn ran(messages: &[(&str, Value)]) -> CellOutputs {
    let mut outputs = CellOutputs::default();
    outputs.sent = true;
    for (kind, content) in messages {
        outputs.take(kind, content, &Limits::with_time(Duration::from_secs(1)));
    }
    outputs
}

#[test]
fn a_notebook_of_pythons_stays_the_same_to_the_byte() {
    let document: Value = serde_json::from_str(PYTHON).unwrap();
    assert_eq!(to_text(&document).unwrap(), PYTHON);
}

#[test]
fn transient_keys_are_not_written() {
    let mut document: Value = serde_json::from_str(PYTHON).unwrap();
    document["metadata"]["orig_nbformat"] = json!(3);
    document["cells"][1]["metadata"]["trusted"] = json!(true);
    assert_eq!(to_text(&document).unwrap(), PYTHON);
}

#[test]
fn the_same_outputs_save_the_same_file() {
    let notebook = notebook_of(PYTHON);
    let outputs = || {
        vec![
            ran(&[
                ("stream", json!({"name": "stdout", "text": "1\nzwei\r\n"})),
                (
                    "stream",
                    json!({"name": "stdout", "text": "sep\u{2028}end\u{b}vt"}),
                ),
            ]),
            ran(&[
                (
                    "execute_result",
                    json!({
                    "data": {"image/svg+xml": "<svg>\n</svg>\n", "text/plain": "a \"picture\"\\",
                             "application/json": {"b": 1, "a": []}, "image/png": "aGk=\n"},
                    "execution_count": 3, "metadata": {}}),
                ),
                (
                    "error",
                    json!({"ename": "Error", "evalue": "é\u{1b}",
                                 "traceback": ["\u{1b}[31mline\u{1b}[0m", "two"]}),
                ),
            ]),
            CellOutputs::default(),
        ]
    };
    let metadata = notebook.document["metadata"].clone();
    let once = to_text(&executed(&notebook, &metadata, &outputs(), false)).unwrap();
    assert_eq!(once, PYTHON);
    let again = notebook_of(&once);
    let twice = to_text(&executed(&again, &metadata, &outputs(), false)).unwrap();
    assert_eq!(twice, once);
}

#[test]
fn cells_are_numbered_as_they_ran() {
    let notebook = small(
        4,
        json!([
            code(
                "1",
                json!({"execution": {"iopub.status.busy": "2026-01-01"}, "other": 1})
            ),
            code("2", json!({"tags": ["skip-execution"]})),
            code(" ", json!({})),
            code("3", json!({})),
        ]),
    );
    let outputs = [
        ran(&[]),
        CellOutputs::default(),
        CellOutputs::default(),
        ran(&[]),
    ];
    let document = executed(&notebook, &json!({}), &outputs, false);
    let cells = document["cells"].as_array().unwrap();
    let counts: Vec<&Value> = cells.iter().map(|cell| &cell["execution_count"]).collect();
    assert_eq!(counts, [&json!(1), &Value::Null, &Value::Null, &json!(2)]);
    assert_eq!(cells[0]["metadata"], json!({"other": 1}));
    assert_eq!(
        cells[1]["outputs"][0]["text"], "old",
        "a skipped cell keeps its outputs"
    );
    assert_eq!(cells[2]["outputs"], json!([]));
    assert_eq!(document["nbformat_minor"], 4);
}

#[test]
fn what_is_said_of_the_kernel_is_what_the_kernel_says() {
    let mut document = small(5, json!([code("1", json!({}))])).document;
    document["metadata"]["language_info"] = json!({"name": "Rust", "pygment_lexer": "rust"});
    document["metadata"]["title"] = json!("kept");
    let notebook = notebook_of(&document.to_string());
    let metadata = crate::kernelspec::metadata(crate::kernelspec::NAME);
    let saved = executed(&notebook, &metadata, &[ran(&[])], false);
    assert_eq!(
        saved["metadata"]["language_info"],
        metadata["language_info"]
    );
    assert_eq!(saved["metadata"]["kernelspec"], metadata["kernelspec"]);
    assert_eq!(saved["metadata"]["title"], "kept");
}

#[test]
fn missing_ids_are_made_the_same_each_time() {
    let mut named = code("2", json!({}));
    named["id"] = json!("cell-1");
    let notebook = small(5, json!([code("1", json!({})), named]));
    let document = executed(&notebook, &json!({}), &[ran(&[]), ran(&[])], false);
    assert_eq!(document["cells"][0]["id"], "cell-1-");
    assert!(to_text(&document).is_ok());
}

#[test]
fn writing_keeps_permissions_and_follows_links() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("a.ipynb");
    let link = folder.path().join("link.ipynb");
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&link, "new").unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(link.is_symlink());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing else is left"
    );
}

#[test]
fn an_unwritable_place_is_one_sentence() {
    let error = write(Path::new("/proc/no/such.ipynb"), "x").unwrap_err();
    assert!(error.to_string().ends_with("cannot be written"), "{error}");
}
