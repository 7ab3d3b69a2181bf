//! Reads a notebook and says, in one sentence, why it cannot be run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::claims::{self, Claim};
use super::tags::Tags;

/// A notebook that has passed every check and can be run.
#[derive(Debug, Clone)]
pub struct Notebook {
    pub path: PathBuf,
    /// The whole document as JSON, so that metadata unknown to us survives a save.
    pub document: Value,
    /// Its code cells, in order.
    pub cells: Vec<CodeCell>,
    /// The time limit that the notebook's own metadata sets for its cells.
    pub timeout: Option<Duration>,
}

/// A code cell, as far as running it needs to know.
#[derive(Debug, Clone)]
pub struct CodeCell {
    /// Position among all cells of the document.
    pub index: usize,
    pub id: Option<String>,
    pub source: String,
    pub tags: Tags,
    pub timeout: Option<Duration>,
    /// What its text says of its run.
    pub claims: Vec<Claim>,
}

impl CodeCell {
    /// Cells without code and cells tagged `skip-execution` are not sent to the kernel.
    pub fn runs(&self) -> bool {
        !self.tags.skip && !self.source.trim().is_empty()
    }
}

/// Reads the notebook at `path`. The error is one sentence: what, where, what to do.
pub fn load(path: &Path) -> Result<Notebook, String> {
    let at = path.display();
    // Reading a pipe, for one, waits until somebody writes into it.
    if path.metadata().is_ok_and(|it| !it.is_file()) {
        return Err(format!(
            "{at} is not a file, so not a notebook: check the path"
        ));
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!("{at} does not exist: check the path"));
        }
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(format!(
                "{at} is not UTF-8 text, so not a notebook: check the path"
            ));
        }
        Err(error) => return Err(format!("{at} cannot be read: {error}")),
    };
    parse(path, &text)
}

/// Checks and takes apart the text of a notebook.
pub fn parse(path: &Path, text: &str) -> Result<Notebook, String> {
    let at = path.display();
    // A byte order mark is no JSON, yet some Windows editors write one.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(format!(
            "{at} is empty: restore it, or create it anew in JupyterLab"
        ));
    }
    let document: Value = serde_json::from_str(text).map_err(|error| {
        format!("{at} is not valid JSON ({error}): restore it from version control")
    })?;
    check_version(path, &document)?;
    check_structure(path, &document)?;
    check_language(path, &document)?;

    let mut cells = Vec::new();
    for (index, cell) in document["cells"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        if cell["cell_type"] != "code" {
            continue;
        }
        let timeout = seconds(&cell["metadata"]["timeout"]).map_err(|wrong| {
            let number = cells.len() + 1;
            format!("{at}, code cell {number}: the metadata `timeout` is {wrong}, not a positive number of seconds: correct it")
        })?;
        let claims = claims::of(&cell["metadata"]).map_err(|wrong| {
            let number = cells.len() + 1;
            format!("{at}, code cell {number}: {wrong}: correct it")
        })?;
        cells.push(CodeCell {
            index,
            id: cell["id"].as_str().map(str::to_owned),
            source: joined(&cell["source"]),
            tags: Tags::of(&cell["metadata"]),
            timeout,
            claims,
        });
    }
    if cells.is_empty() {
        return Err(format!(
            "{at} has no code cells: there is nothing to run; add one, or name another notebook"
        ));
    }
    let timeout = seconds(&document["metadata"]["execution"]["timeout"]).map_err(|wrong| {
        format!("{at}: the notebook's metadata `execution.timeout` is {wrong}, not a positive number of seconds: correct it")
    })?;
    Ok(Notebook {
        path: path.to_owned(),
        document,
        cells,
        timeout,
    })
}

fn check_version(path: &Path, document: &Value) -> Result<(), String> {
    let at = path.display();
    let Some(major) = document["nbformat"].as_i64() else {
        return Err(format!(
            "{at} is JSON but no notebook (it has no `nbformat`): check the path"
        ));
    };
    let minor = document["nbformat_minor"].as_i64().unwrap_or(0);
    if major != 4 || !(0..=5).contains(&minor) {
        return Err(format!(
            "{at} is in notebook format {major}.{minor}, and only 4.0 to 4.5 can be run: \
             convert it with `jupyter nbconvert --to notebook --inplace`"
        ));
    }
    Ok(())
}

/// Lets the `nbformat` crate look at the structure. Old outputs are left out of it: they are about
/// to be replaced, and that crate writes about damaged ones to stderr.
fn check_structure(path: &Path, document: &Value) -> Result<(), String> {
    let mut bare = document.clone();
    for cell in bare["cells"].as_array_mut().into_iter().flatten() {
        if let Some(outputs) = cell.get_mut("outputs") {
            *outputs = Value::Array(Vec::new());
        }
    }
    match nbformat::parse_notebook(&bare.to_string()) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{} is not a well-formed notebook ({error}): open and save it in JupyterLab, or restore it",
            path.display()
        )),
    }
}

fn check_language(path: &Path, document: &Value) -> Result<(), String> {
    let metadata = &document["metadata"];
    // The kernel's language decides; the others speak only where it is missing.
    let language = [
        &metadata["kernelspec"]["language"],
        &metadata["language_info"]["name"],
        &metadata["kernelspec"]["name"],
    ]
    .into_iter()
    .find_map(Value::as_str);
    let at = path.display();
    match language {
        Some(name) if name.eq_ignore_ascii_case("rust") => Ok(()),
        Some(name) => Err(format!(
            "{at} is a notebook for {name}, not for Rust: choose the kernel Rust in JupyterLab and save it"
        )),
        None => Err(format!(
            "{at} does not say which kernel it is for: choose the kernel Rust in JupyterLab and save it"
        )),
    }
}

/// A time limit from metadata. Null and absence both mean that none is set.
fn seconds(value: &Value) -> Result<Option<Duration>, String> {
    if value.is_null() {
        return Ok(None);
    }
    value
        .as_f64()
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds.min(86_400.0)).ok())
        .map(Some)
        .ok_or_else(|| value.to_string())
}

/// Multi-line text stands in a notebook as one string or as a list of lines.
pub fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
