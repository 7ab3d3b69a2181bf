//! The little JSON that this library writes.

use std::fmt::Write;

/// Appends `text` as a JSON string, with its quotes.
pub fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 | 0x7f => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + 1;
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// The payload of a display: content by MIME type, the display's name if it has one, and whether
/// it takes the place of an earlier one.
pub fn display(formats: &[(String, String)], id: Option<&str>, update: bool) -> String {
    let mut out = String::from("{\"data\":{");
    for (n, (mime, content)) in formats.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        string(mime, &mut out);
        out.push(':');
        let is_json = mime == "application/json" || mime.ends_with("+json");
        if is_json && valid(content) {
            // Line breaks stand only between JSON's tokens, where a space does as well.
            out.extend(content.chars().map(|c| if c < ' ' { ' ' } else { c }));
        } else {
            string(content, &mut out);
        }
    }
    out.push_str("},\"metadata\":{},\"display_id\":");
    match id {
        Some(id) => string(id, &mut out),
        None => out.push_str("null"),
    }
    let _ = write!(out, ",\"update\":{update}}}");
    out
}

/// Whether `text` is one JSON value, nested at most a hundred deep.
pub fn valid(text: &str) -> bool {
    let mut rest = text.as_bytes();
    value(&mut rest, 100) && {
        blank(&mut rest);
        rest.is_empty()
    }
}

fn blank(rest: &mut &[u8]) {
    let end = rest.iter().position(|byte| !b" \t\r\n".contains(byte));
    *rest = &rest[end.unwrap_or(rest.len())..];
}

/// Takes `word` from the start, after blanks.
fn eat(rest: &mut &[u8], word: &[u8]) -> bool {
    blank(rest);
    rest.strip_prefix(word).map(|after| *rest = after).is_some()
}

fn value(rest: &mut &[u8], depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    blank(rest);
    match rest.first() {
        Some(b'{') => list(rest, b"}", &mut |rest| {
            text(rest) && eat(rest, b":") && value(rest, depth - 1)
        }),
        Some(b'[') => list(rest, b"]", &mut |rest| value(rest, depth - 1)),
        Some(b'"') => text(rest),
        Some(b'-' | b'0'..=b'9') => number(rest),
        _ => [&b"true"[..], b"false", b"null"]
            .iter()
            .any(|word| eat(rest, word)),
    }
}

fn list(rest: &mut &[u8], end: &[u8], item: &mut dyn FnMut(&mut &[u8]) -> bool) -> bool {
    *rest = &rest[1..];
    if eat(rest, end) {
        return true;
    }
    while item(rest) {
        if eat(rest, end) {
            return true;
        }
        if !eat(rest, b",") {
            return false;
        }
    }
    false
}

fn text(rest: &mut &[u8]) -> bool {
    if !eat(rest, b"\"") {
        return false;
    }
    while let [first, after @ ..] = *rest {
        *rest = after;
        match first {
            b'"' => return true,
            0..0x20 => return false,
            b'\\' => match rest {
                [
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                    after @ ..,
                ] => {
                    *rest = after;
                }
                [b'u', a, b, c, d, after @ ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    *rest = after;
                }
                _ => return false,
            },
            _ => {}
        }
    }
    false
}

fn number(rest: &mut &[u8]) -> bool {
    *rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let zero = rest.first() == Some(&b'0');
    let whole = digits(rest);
    if whole == 0 || (zero && whole > 1) {
        return false;
    }
    if let Some(after) = rest.strip_prefix(b".") {
        *rest = after;
        if digits(rest) == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', after @ ..] = *rest {
        *rest = match after {
            [b'+' | b'-', after @ ..] => after,
            after => after,
        };
        return digits(rest) > 0;
    }
    true
}

fn digits(rest: &mut &[u8]) -> usize {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    *rest = &rest[count..];
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut out = String::new();
        string("a\"b\\c\nd\u{1}é", &mut out);
        assert_eq!(out, r#""a\"b\\c\nd\u0001é""#);
    }

    #[test]
    fn json_is_told_from_what_is_not() {
        for good in [
            "1",
            " [] ",
            "{\"a\": [1, -2.5e+3, null]}",
            "\"\\u00e9\"",
            "{}",
        ] {
            assert!(valid(good), "{good}");
        }
        for bad in [
            "", "[1,]", "{a: 1}", "01", "1 2", "\"a\nb\"", "nul", "1.", "[1", "\"\\x\"",
        ] {
            assert!(!valid(bad), "{bad}");
        }
        assert!(!valid(&"[".repeat(100_000)));
    }

    #[test]
    fn a_display_is_one_line() {
        let formats = [
            ("text/plain".to_string(), "a\nb".to_string()),
            ("application/json".to_string(), "{\n\"x\": 1}".to_string()),
            ("application/x+json".to_string(), "broken".to_string()),
        ];
        assert_eq!(
            display(&formats, Some("id"), true),
            r#"{"data":{"text/plain":"a\nb","application/json":{ "x": 1},"application/x+json":"broken"},"metadata":{},"display_id":"id","update":true}"#
        );
    }
}
