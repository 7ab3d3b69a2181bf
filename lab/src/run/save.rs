//! Writes notebooks exactly as Python's `nbformat` writes them, so that a save by this command and
//! one by JupyterLab differ in nothing but what changed.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::claims::Claim;
use super::notebook::{Notebook, joined};
use super::outputs::CellOutputs;

/// The notebook's document with the outputs of a run in it, and with `metadata` in place of what it
/// says of its kernel.
///
/// Cells are numbered from 1 in the order in which they ran: stock evcxr starts at 2. Cells tagged
/// `skip-execution` keep the outputs they have. Nothing is stored that another run would change,
/// such as times. `held`: the claims have been checked and hold, so that their sentences come first
/// in what the cell's last picture says to who cannot see it.
pub fn executed(
    notebook: &Notebook,
    metadata: &Value,
    outputs: &[CellOutputs],
    held: bool,
) -> Value {
    let mut document = notebook.document.clone();
    for (name, value) in metadata.as_object().into_iter().flatten() {
        document["metadata"][name] = value.clone();
    }
    let mut count = 0;
    for (cell, outputs) in notebook.cells.iter().zip(outputs) {
        let value = &mut document["cells"][cell.index];
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.remove("execution"); // JupyterLab's record of times
        }
        value["execution_count"] = Value::Null;
        if outputs.sent {
            count += 1;
            value["execution_count"] = json!(count);
            let mut finished = outputs.finished(count);
            if held {
                say(&cell.claims, &mut finished);
            }
            value["outputs"] = Value::Array(finished);
        } else if !cell.tags.skip {
            value["outputs"] = json!([]);
        }
    }
    name_cells(&mut document);
    document
}

/// Puts the sentences of claims before those of the last picture.
fn say(claims: &[Claim], outputs: &mut [Value]) {
    let pictures = |output: &&mut Value| output["data"]["image/svg+xml"].is_string();
    let Some(picture) = outputs.iter_mut().rfind(pictures) else {
        return;
    };
    let sentence = |claim: &Claim| {
        let mut letters = claim.says.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>() + ". "
    };
    let said: String = claims.iter().map(sentence).collect();
    let data = &mut picture["data"];
    let plain = joined(&data["text/plain"]);
    data["text/plain"] = json!(said.clone() + &plain);
    let page = joined(&data["text/html"]);
    let said = said.replace('&', "&amp;").replace('"', "&quot;");
    let said = said.replace('<', "&lt;").replace('>', "&gt;");
    data["text/html"] = json!(page.replacen(ALT, &(ALT.to_owned() + &said), 1));
}

/// How the sentence begins that stands for a picture.
const ALT: &str = "<img alt=\"";

/// Format 4.5 demands an id for each cell. Where one is missing it is made from the cell's place
/// rather than drawn, so that saving twice gives the same file.
fn name_cells(document: &mut Value) {
    if document["nbformat_minor"].as_i64() < Some(5) {
        return;
    }
    let Some(cells) = document["cells"].as_array_mut() else {
        return;
    };
    let has_id = |cell: &Value| cell["id"].as_str().is_some_and(|id| !id.is_empty());
    let taken: Vec<Value> = cells.iter().map(|cell| cell["id"].clone()).collect();
    for (index, cell) in cells
        .iter_mut()
        .enumerate()
        .filter(|(_, cell)| !has_id(cell))
    {
        let mut id = format!("cell-{}", index + 1);
        while taken.iter().any(|other| *other == id) {
            id.push('-');
        }
        cell["id"] = json!(id);
    }
}

/// The text of a notebook file: one space of indent, sorted keys, a newline at the end, and text
/// of several lines as a list of lines.
pub fn to_text(document: &Value) -> anyhow::Result<String> {
    let mut document = document.clone();
    for key in ["orig_nbformat", "orig_nbformat_minor", "signature"] {
        remove(&mut document["metadata"], key);
    }
    for cell in document["cells"].as_array_mut().into_iter().flatten() {
        remove(&mut cell["metadata"], "trusted");
        split(cell, "source");
        for attachment in objects(cell.get_mut("attachments")) {
            split_bundle(attachment);
        }
        for output in cell
            .get_mut("outputs")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            split(output, "text");
            if let Some(data) = output.get_mut("data") {
                split_bundle(data);
            }
        }
    }
    document.sort_all_objects();
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    document.serialize(&mut serde_json::Serializer::with_formatter(
        &mut text, formatter,
    ))?;
    text.push(b'\n');
    let text = String::from_utf8(text)?;
    check(&text)?;
    Ok(text)
}

/// What we write must be readable: a kernel may have sent something that no notebook can hold.
fn check(text: &str) -> anyhow::Result<()> {
    match nbformat::parse_notebook(text).context("the outputs do not make a valid notebook")? {
        nbformat::Notebook::V4(_) | nbformat::Notebook::Legacy(_) => Ok(()),
        _ => bail!("the outputs do not make a valid notebook"),
    }
}

/// Replaces the file in one step, so that neither a crash nor a full disk leaves half a notebook.
/// An existing file's permissions are kept.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    // Through a link the file it points to is meant.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().context("the path has no folder")?;
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".lab-save-")
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        let permissions = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.permissions().readonly() => {
                return Err(std::io::ErrorKind::PermissionDenied.into());
            }
            Ok(metadata) => metadata.permissions(),
            Err(_) => new_file_permissions(),
        };
        file.as_file().set_permissions(permissions)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// A temporary file is private; a new notebook is as readable as any new file.
fn new_file_permissions() -> std::fs::Permissions {
    use nix::sys::stat::{Mode, umask};
    let mask = umask(Mode::empty());
    umask(mask);
    std::os::unix::fs::PermissionsExt::from_mode(0o666 & !mask.bits())
}

fn remove(value: &mut Value, key: &str) {
    if let Some(map) = value.as_object_mut() {
        map.remove(key);
    }
}

fn objects(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|map| map.values_mut())
}

/// Splits the text kinds of a bundle of MIME types.
fn split_bundle(data: &mut Value) {
    let Some(map) = data.as_object_mut() else {
        return;
    };
    let kinds: Vec<String> = map.keys().cloned().collect();
    for kind in kinds {
        let is_text = kind.starts_with("text/")
            || ["application/javascript", "image/svg+xml"].contains(&kind.as_str());
        if is_text {
            split(data, &kind);
        } else if !kind.ends_with("json") && data[&kind].is_array() {
            data[&kind] = json!(joined(&data[&kind]));
        }
    }
}

/// Turns the text under `key` into a list of lines.
fn split(value: &mut Value, key: &str) {
    let Some(text) = value.get_mut(key) else {
        return;
    };
    if text.is_string() || text.is_array() {
        *text = json!(lines(&joined(text)));
    }
}

/// Lines with their ends, as Python's `str.splitlines` finds them: Unicode knows more ends of a
/// line than `\n`.
fn lines(text: &str) -> Vec<&str> {
    let is_end = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, end)) = rest.char_indices().find(|(_, c)| is_end(*c)) {
        let pair = rest[at..].starts_with("\r\n");
        let length = at + if pair { 2 } else { end.len_utf8() };
        lines.push(&rest[..length]);
        rest = &rest[length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests;
