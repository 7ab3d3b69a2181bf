//! Keeps the program at the end of each notebook as it stands in `notebooks/programs`.

use crate::home::Home;
use crate::run::notebook::{self, joined};
use crate::run::save;
use anyhow::{Context, Error, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The id of the cell that shows a notebook's program.
pub const CELL: &str = "without";

/// Shows each program of `notebooks/programs` in the notebook of the same name: in its cell
/// [`CELL`], which is put before the cell `summary` if it is missing.
///
/// # Errors
/// When a program has no notebook, or one of the two cannot be read or written.
pub fn refresh(home: &Home) -> Result<()> {
    for program in programs(home)? {
        let path = notebook_of(home, &program);
        let mut book = read(&path)?;
        let shown = shown(&program)?;
        if text_of(&book) == shown {
            continue;
        }
        let cells = book["cells"].as_array_mut();
        let cells = cells.with_context(|| format!("{} has no cells", path.display()))?;
        let place = |id: &str| cells.iter().position(|cell| cell["id"] == id);
        if let Some(place) = place(CELL) {
            cells[place]["source"] = json!(shown);
        } else {
            let cell = json!({
                "cell_type": "markdown", "id": CELL, "metadata": {}, "source": shown
            });
            cells.insert(place("summary").unwrap_or(cells.len()), cell);
        }
        save::write(&path, &save::to_text(&book)?)?;
    }
    Ok(())
}

/// The programs of `notebooks/programs`, in the order of their names.
///
/// # Errors
/// When the folder is missing.
pub fn programs(home: &Home) -> Result<Vec<PathBuf>> {
    home.files("notebooks/programs", "rs")
}

/// The notebook that a program belongs to.
fn notebook_of(home: &Home, program: &Path) -> PathBuf {
    let name = program.file_stem().unwrap_or_default();
    home.notebooks().join(name).with_extension("ipynb")
}

/// What a notebook's cell [`CELL`] holds now; nothing if it has none.
///
/// # Errors
/// When the notebook cannot be read.
pub fn present(home: &Home, program: &Path) -> Result<String> {
    Ok(text_of(&read(&notebook_of(home, program))?))
}

fn text_of(book: &Value) -> String {
    let mut cells = book["cells"].as_array().into_iter().flatten();
    let cell = cells.find(|cell| cell["id"] == CELL);
    cell.map_or_else(String::new, |cell| joined(&cell["source"]))
}

/// What a notebook says of its program: how to run it, the lines of `Cargo.toml` for the crates
/// that it names, and its text.
///
/// # Errors
/// When the program or its package's `Cargo.toml` cannot be read.
pub fn shown(program: &Path) -> Result<String> {
    let text = fs::read_to_string(program)
        .with_context(|| format!("{} cannot be read", program.display()))?;
    let manifest = program.with_file_name("Cargo.toml");
    let manifest = fs::read_to_string(&manifest)
        .with_context(|| format!("{} cannot be read", manifest.display()))?;
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let package = name.trim_start_matches(|letter: char| !letter.is_alphabetic());
    let crates: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| {
            let named = line.split_once(" = ").map(|(name, _)| format!("{name}::"));
            named.is_some_and(|named| text.contains(&named))
        })
        .collect();
    let needs = if crates.is_empty() {
        format!("It needs no crate but std: in a package of your own (`cargo new {package}`),")
    } else {
        let lines = crates.join("\n");
        format!(
            "A package of your own (`cargo new {package}`) needs these lines in its `Cargo.toml`:\n\n\
             ```toml\n[dependencies]\n{lines}\n```\n\nThen"
        )
    };
    Ok(format!(
        "## Without the notebook\n\n\
         What this lesson is about, as a program of its own, without `support`. In a clone of this \
         collection, `cargo run -p programs --bin {name}` runs it. {needs} `src/main.rs` is \
         [this file](programs/{name}.rs):\n\n\
         <details><summary>The program</summary>\n\n```rust\n{}\n```\n\n</details>",
        text.trim_end()
    ))
}

fn read(path: &Path) -> Result<Value> {
    let notebook = notebook::load(path).map_err(Error::msg)?;
    Ok(notebook.document)
}
