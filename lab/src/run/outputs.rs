//! Collects what a cell puts out, in the shape in which notebooks store it.

use serde_json::{Map, Value, json};

use super::notebook::joined;
use super::options::Limits;

/// The outputs of one cell.
#[derive(Debug, Default)]
pub struct CellOutputs {
    /// Whether the cell was sent to the kernel. The others keep the outputs they have.
    pub sent: bool,
    /// Whether anything came on stderr.
    pub stderr: bool,
    /// Which limit the cell went past, in words. From then on nothing more is kept.
    pub flood: Option<String>,
    items: Vec<Item>,
    stream_bytes: usize,
    total_bytes: usize,
    /// `clear_output(wait=True)` clears only when the next output comes.
    clear_next: bool,
}

#[derive(Debug)]
struct Item {
    /// Names the output for later updates. Notebook files have no place for it.
    display_id: Option<String>,
    value: Value,
}

impl CellOutputs {
    /// Takes in one message of the iopub channel; messages that are no output are passed over.
    pub fn take(&mut self, kind: &str, content: &Value, limits: &Limits) {
        match kind {
            "stream" => {
                let name = content["name"].as_str().unwrap_or("stdout");
                self.stream(name, content["text"].as_str().unwrap_or(""), limits);
            }
            "display_data" | "execute_result" => {
                let mut value = json!({
                    "output_type": kind,
                    "data": object(&content["data"]),
                    "metadata": object(&content["metadata"]),
                });
                if kind == "execute_result" {
                    value["execution_count"] = Value::Null; // numbered when written
                }
                self.push(display_id(content), value, limits);
            }
            // Stock evcxr leaves out parts of an error; the notebook format demands all three.
            "error" => {
                let text = |key: &str| content[key].as_str().unwrap_or_default().to_owned();
                let ename = Some(text("ename")).filter(|name| !name.is_empty());
                let value = json!({
                    "output_type": "error",
                    "ename": ename.unwrap_or_else(|| "Error".to_owned()),
                    "evalue": text("evalue"),
                    "traceback": content["traceback"].as_array().cloned().unwrap_or_default(),
                });
                self.push(None, value, limits);
            }
            "clear_output" if content["wait"] == true => self.clear_next = true,
            "clear_output" => self.clear(),
            _ => {}
        }
    }

    /// Replaces the outputs that bear this display id.
    pub fn update(&mut self, content: &Value) {
        let Some(id) = display_id(content) else {
            return;
        };
        for item in &mut self.items {
            if item.display_id.as_deref() == Some(&id) {
                item.value["data"] = object(&content["data"]);
                item.value["metadata"] = object(&content["metadata"]);
            }
        }
    }

    fn stream(&mut self, name: &str, text: &str, limits: &Limits) {
        self.stderr |= name == "stderr" && !text.is_empty();
        let room = limits.stream_bytes.saturating_sub(self.stream_bytes);
        let kept = &text[..text.floor_char_boundary(room)];
        self.stream_bytes += kept.len();
        if !kept.is_empty() {
            let value = json!({"output_type": "stream", "name": name, "text": kept});
            self.push(None, value, limits);
        }
        if kept.len() < text.len() && self.flood.is_none() {
            self.flood = Some(format!("{} of text", in_mib(limits.stream_bytes)));
        }
    }

    fn push(&mut self, display_id: Option<String>, value: Value, limits: &Limits) {
        if self.flood.is_some() {
            return;
        }
        if std::mem::take(&mut self.clear_next) {
            self.clear();
        }
        self.total_bytes += size(&value);
        if self.total_bytes > limits.total_bytes {
            self.flood = Some(format!("{} in all", in_mib(limits.total_bytes)));
            return;
        }
        let last = self.items.last_mut().map(|item| &mut item.value);
        if !append(last, &value) {
            self.items.push(Item { display_id, value });
        }
    }

    /// What was cleared still counts against the limits, or a cell could flood for ever.
    fn clear(&mut self) {
        self.items.clear();
        self.clear_next = false;
    }

    /// The outputs as the notebook stores them, numbered `count`.
    ///
    /// First text and pictures in their order, then stderr, the cell's value, its errors: evcxr
    /// sends each of these on a way of its own, and now one, now the other arrives first. Without
    /// a fixed order two runs of one notebook would differ.
    pub fn finished(&self, count: usize) -> Vec<Value> {
        let rank = |value: &Value| match value["output_type"].as_str() {
            Some("stream") if value["name"] == "stderr" => 1,
            Some("execute_result") => 2,
            Some("error") => 3,
            _ => 0,
        };
        let mut values: Vec<Value> = self.items.iter().map(|item| item.value.clone()).collect();
        values.sort_by_key(rank);
        let mut merged: Vec<Value> = Vec::new();
        for mut value in values {
            if value["output_type"] == "execute_result" {
                value["execution_count"] = json!(count);
            }
            if !append(merged.last_mut(), &value) {
                merged.push(value);
            }
        }
        merged
    }

    /// The first line of the first error.
    pub fn error(&self) -> Option<String> {
        let mut values = self.items.iter().map(|item| &item.value);
        let error = values.find(|value| value["output_type"] == "error")?;
        let line = error["evalue"].as_str()?.lines().next()?;
        Some(line.to_owned())
    }

    /// The outputs as text, for a failure report.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for value in self.finished(0) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text += &shown(&value);
        }
        text
    }
}

/// Joins `next` to `last` if both are text on the same stream, and says whether it did.
fn append(last: Option<&mut Value>, next: &Value) -> bool {
    let Some(last) = last else {
        return false;
    };
    let is_stream = |value: &Value| value["output_type"] == "stream";
    let same = is_stream(last) && is_stream(next) && last["name"] == next["name"];
    if let (true, Some(Value::String(text))) = (same, last.get_mut("text")) {
        *text += next["text"].as_str().unwrap_or_default();
    }
    same
}

/// One output in words: its text, or its kinds where it has none.
fn shown(value: &Value) -> String {
    if value["output_type"] == "stream" {
        return joined(&value["text"]);
    }
    if value["output_type"] == "error" {
        let traceback: Vec<&str> = value["traceback"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !traceback.is_empty() {
            return traceback.join("\n");
        }
        let part = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        return format!("{}: {}", part("ename"), part("evalue"));
    }
    let data = &value["data"];
    if !data["text/plain"].is_null() {
        return joined(&data["text/plain"]);
    }
    let kinds: Vec<&str> = data
        .as_object()
        .into_iter()
        .flat_map(|data| data.keys().map(String::as_str))
        .collect();
    format!("[{}]", kinds.join(", "))
}

fn display_id(content: &Value) -> Option<String> {
    content["transient"]["display_id"]
        .as_str()
        .map(str::to_owned)
}

fn object(value: &Value) -> Value {
    match value {
        Value::Object(_) => value.clone(),
        _ => Value::Object(Map::new()),
    }
}

/// Bytes of text in a JSON value: what makes an output large.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(values) => values.values().map(size).sum(),
        _ => 8,
    }
}

fn in_mib(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests;
