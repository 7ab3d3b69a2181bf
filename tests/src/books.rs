//! Notebooks made for a test.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Writes a Rust notebook with one code cell for each source; a cell's tags stand in `tags`.
pub fn write(folder: &Path, name: &str, cells: &[(&str, &[&str])]) -> PathBuf {
    let cells: Vec<Value> = cells
        .iter()
        .enumerate()
        .map(|(index, (source, tags))| {
            json!({
                "cell_type": "code", "id": format!("cell-{index}"), "execution_count": null,
                "metadata": { "tags": tags }, "outputs": [], "source": source,
            })
        })
        .collect();
    let book = json!({
        "cells": cells, "nbformat": 4, "nbformat_minor": 5,
        "metadata": {
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": { "name": "rust" },
        },
    });
    let path = folder.join(name);
    std::fs::write(&path, format!("{book:#}")).expect("a writable folder");
    path
}

/// A code cell of an assignment, with the part that it plays there as nbgrader notes it.
pub fn nbgrader_cell(id: &str, source: &str, role: &Value) -> Value {
    let mut role = role.clone();
    role["schema_version"] = 3.into();
    role["grade_id"] = id.into();
    role["task"] = false.into();
    json!({
        "cell_type": "code", "id": id, "execution_count": null, "outputs": [], "source": source,
        "metadata": { "nbgrader": role },
    })
}

/// A cell's text, which stands in a notebook as one string or as a list of lines.
pub fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}
