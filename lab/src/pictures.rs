//! Keeps the pictures of the README as the notebooks last drew them.

use crate::home::Home;
use anyhow::{Context, Result};
use serde_json::Value;
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
    let folder = home.root.join("pictures");
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut pictures: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    pictures.retain(|path| path.extension().is_some_and(|extension| extension == "svg"));
    pictures.sort();
    Ok(pictures)
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
    let text =
        std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let book: Value = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a notebook", file.display()))?;
    let cells = book["cells"].as_array().into_iter().flatten();
    let outputs = cells
        .filter(|candidate| candidate["id"] == cell)
        .flat_map(|cell| cell["outputs"].as_array());
    let svg = outputs
        .flatten()
        .rev()
        .find_map(|output| output["data"]["image/svg+xml"].as_array());
    let svg = svg.with_context(|| {
        format!(
            "{}: the cell \"{cell}\" is missing or drew no picture",
            file.display()
        )
    })?;
    Ok(svg.iter().filter_map(Value::as_str).collect())
}
