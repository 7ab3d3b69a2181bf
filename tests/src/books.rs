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
