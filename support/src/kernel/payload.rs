//! What this library tells the kernel's front, as JSON of one line.

use serde::Serialize;
use serde::de::IgnoredAny;
use std::panic::Location;

/// One thing in several formats, as pairs of MIME type and content. `id` is the display's name if it
/// has one; an `update` takes the place of an earlier display.
pub fn display(formats: &[(String, String)], id: Option<&str>, update: bool) -> String {
    let data = formats.iter().map(|(mime, content)| {
        let is_data = mime == "application/json" || mime.ends_with("+json");
        let content = match is_data && is_json(content) {
            // Line breaks stand only between JSON's tokens, where a space does as well.
            true => content.replace(['\n', '\r'], " "),
            false => json(content),
        };
        format!("{}:{content}", json(mime))
    });
    format!(
        r#"{{"data":{{{}}},"metadata":{{}},"display_id":{},"update":{update}}}"#,
        data.collect::<Vec<_>>().join(","),
        json(&id),
    )
}

/// A panic of the cells' own thread, in the library with that inode if it is in a cell; `text` is the line that tells it.
pub fn panic(
    message: &str,
    at: Option<&Location>,
    library: Option<u64>,
    thread: &str,
    text: &str,
) -> String {
    let at = at.map_or(String::new(), |at| {
        let (file, line, column) = (json(at.file()), at.line(), at.column());
        format!(
            r#""file":{file},"line":{line},"column":{column},"library":{},"#,
            json(&library)
        )
    });
    format!(
        r#"{{"message":{},{at}"thread":{},"main":true,"pid":{},"text":{}}}"#,
        json(message),
        json(thread),
        std::process::id(),
        json(text),
    )
}

/// Whether `text` is one JSON value.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("text has JSON")
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
            r#"{"data":{"text/plain":"a\nb\u0001","application/json":{ "x": 1},"application/x+json":"broken"},"metadata":{},"display_id":"id","update":true}"#
        );
    }
}
