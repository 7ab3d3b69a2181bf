//! What this library tells the kernel's front, as JSON of one line.

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use std::panic::Location;

/// One thing in several formats, as pairs of MIME type and content. `id` is the display's name if it
/// has one; an `update` takes the place of an earlier display.
pub fn display(formats: &[(String, String)], id: Option<&str>, update: bool) -> String {
    let data = formats.iter().map(|(mime, content)| {
        let is_data = mime == "application/json" || mime.ends_with("+json");
        let data = is_data
            .then(|| serde_json::from_str(content).ok())
            .flatten();
        (
            mime.clone(),
            data.unwrap_or_else(|| content.as_str().into()),
        )
    });
    let data: Map<String, Value> = data.collect();
    json!({"data": data, "metadata": {}, "display_id": id, "update": update}).to_string()
}

/// A panic of the cells' own thread, in the library with that inode if it is in a cell; `text` is the line that tells it.
pub fn panic(
    message: &str,
    at: Option<&Location>,
    library: Option<u64>,
    thread: &str,
    text: &str,
) -> String {
    let mut panic = json!({
        "message": message,
        "thread": thread,
        "main": true,
        "pid": std::process::id(),
        "text": text,
    });
    if let Some(at) = at {
        panic["file"] = at.file().into();
        panic["line"] = at.line().into();
        panic["column"] = at.column().into();
        panic["library"] = library.into();
    }
    panic.to_string()
}

/// Whether `text` is one JSON value.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_what_is_not() {
        for good in [
            "1",
            " [] ",
            "{\"a\": [1, -2.5e+3, null]}",
            "\"\\u00e9\"",
            "{}",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "", "[1,]", "{a: 1}", "01", "1 2", "\"a\nb\"", "nul", "1.", "[1", "\"\\x\"",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
        assert!(!is_json(&"[".repeat(100_000)));
    }

    #[test]
    fn a_display_is_one_line() {
        let formats = [
            ("text/plain".to_string(), "a\nb\u{1}".to_string()),
            ("application/json".to_string(), "{\n\"x\": 1}".to_string()),
            ("application/x+json".to_string(), "broken".to_string()),
        ];
        assert_eq!(
            display(&formats, Some("id"), true),
            r#"{"data":{"application/json":{"x":1},"application/x+json":"broken","text/plain":"a\nb\u0001"},"display_id":"id","metadata":{},"update":true}"#
        );
    }
}
