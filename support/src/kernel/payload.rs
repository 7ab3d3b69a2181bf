//! What this library tells the kernel's front, as JSON of one line.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::panic::PanicHookInfo;

/// One thing in several formats: pairs of MIME type and content.
#[derive(Serialize)]
pub struct Display<'a> {
    #[serde(serialize_with = "formats")]
    data: &'a [(String, String)],
    metadata: Empty,
    display_id: Option<&'a str>,
    update: bool,
}

#[derive(Serialize)]
struct Empty {}

impl<'a> Display<'a> {
    /// `id` is the display's name if it has one; an `update` takes the place of an earlier display.
    pub fn new(data: &'a [(String, String)], id: Option<&'a str>, update: bool) -> Display<'a> {
        Display {
            data,
            metadata: Empty {},
            display_id: id,
            update,
        }
    }
}

/// A panic of the cells' own thread.
#[derive(Serialize)]
pub struct Panic<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    thread: &'a str,
    main: bool,
    pid: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Panic<'a> {
    /// `text` is the line that tells the panic.
    pub fn new(
        info: &'a PanicHookInfo,
        message: &'a str,
        thread: &'a str,
        text: &'a str,
    ) -> Panic<'a> {
        Panic {
            message,
            place: info.location().map(|at| Place {
                file: at.file(),
                line: at.line(),
                column: at.column(),
            }),
            thread,
            main: true,
            pid: std::process::id(),
            text,
        }
    }
}

/// The payload as text of one line.
pub fn json(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).expect("text and numbers have JSON")
}

/// Whether `text` is one JSON value.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn formats<S: Serializer>(data: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(
        data.iter()
            .map(|(mime, content)| (mime, body(mime, content))),
    )
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Json(Box<RawValue>),
}

/// JSON stands in the payload as JSON, everything else as text.
fn body<'a>(mime: &str, content: &'a str) -> Content<'a> {
    if mime != "application/json" && !mime.ends_with("+json") {
        return Content::Text(content);
    }
    // Line breaks stand only between JSON's tokens, where a space does as well.
    match RawValue::from_string(content.replace(['\n', '\r'], " ")) {
        Ok(value) => Content::Json(value),
        Err(_) => Content::Text(content),
    }
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
            json(&Display::new(&formats, Some("id"), true)),
            r#"{"data":{"text/plain":"a\nb\u0001","application/json":{ "x": 1},"application/x+json":"broken"},"metadata":{},"display_id":"id","update":true}"#
        );
    }
}
