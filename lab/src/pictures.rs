//! Keeps the pictures of the README as the notebooks last drew them.

use crate::home::Home;
use crate::run::notebook::{self, joined};
use anyhow::{Context, Error, Result};
use std::path::{Path, PathBuf};

/// Draws every file of `pictures/` anew from the notebook and cell that it is named after:
/// `02-fork.prefork.svg` is what the cell `prefork` of `02-fork.ipynb` drew last.
///
/// # Errors
/// When a picture's notebook or cell is missing, or drew nothing.
pub fn refresh(home: &Home) -> Result<()> {
    for picture in pictures(home)? {
        let drawn = drawn(home, &picture)?;
        if std::fs::read_to_string(&picture).is_ok_and(|present| present == drawn) {
            continue;
        }
        std::fs::write(&picture, drawn)
            .with_context(|| format!("{} cannot be written", picture.display()))?;
    }
    Ok(())
}

/// The files of `pictures/`.
///
/// # Errors
/// When the folder is missing.
pub fn pictures(home: &Home) -> Result<Vec<PathBuf>> {
    home.files("pictures", "svg")
}

/// What the cell that a picture is named after drew last.
///
/// # Errors
/// As [`refresh`].
pub fn drawn(home: &Home, picture: &Path) -> Result<String> {
    let name = picture
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let (notebook, cell) = name
        .split_once('.')
        .with_context(|| format!("{} is not named NOTEBOOK.CELL.svg", picture.display()))?;
    let file = home.notebooks().join(format!("{notebook}.ipynb"));
    let book = notebook::load(&file).map_err(Error::msg)?.document;
    let cells = book["cells"].as_array().into_iter().flatten();
    let outputs = cells
        .filter(|candidate| candidate["id"] == cell)
        .flat_map(|cell| cell["outputs"].as_array());
    let svg = outputs
        .flatten()
        .rev()
        .map(|output| joined(&output["data"]["image/svg+xml"]))
        .find(|svg| !svg.is_empty());
    svg.with_context(|| {
        format!(
            "{}: the cell \"{cell}\" is missing or drew no picture",
            file.display()
        )
    })
}
