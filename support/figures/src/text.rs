//! Texts in a picture: how wide they are, and what of them can be written.

/// About how wide `text` is at `size` pixels, on the wide side. Nobody knows the reader's font.
///
/// ```
/// assert!(figures::text_width("iiii", 12.0) < figures::text_width("mmmm", 12.0));
/// ```
pub fn text_width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
            'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' | '/' => 0.43,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
            'A'..='Z' => 0.72,
            '\0'..='\u{2FF}' => 0.63,
            '\u{300}'..='\u{10FF}' => 0.75,
            _ => 1.05,
        })
        .sum();
    em * size
}

/// `text`, cut with an ellipsis so that it fits into `width` at `size` pixels.
///
/// ```
/// assert_eq!(figures::fitted("a long name", 10.0, 45.0), "a long…");
/// assert_eq!(figures::fitted("short", 10.0, 45.0), "short");
/// ```
pub fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut cut = text.to_string();
    while cut.pop().is_some() {
        if text_width(&cut, size) + size <= width {
            break;
        }
    }
    cut.push('…');
    cut
}

/// `text` without control characters, which a label may hold and XML has no way to write.
///
/// ```
/// assert_eq!(figures::printable("bell\u{7}"), "bell\u{FFFD}");
/// ```
pub fn printable(text: &str) -> String {
    let is_written = |c: char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars()
        .map(|c| if is_written(c) { c } else { '\u{FFFD}' })
        .collect()
}
