//! Text that a browser shows as it is.

/// The text with the five characters that mean something in HTML replaced: `&`, `<`, `>`, `"` and
/// `'`. For text between tags, and for a quoted attribute's value.
///
/// Whatever comes from outside goes through it before it becomes part of a page: else the one who
/// wrote it writes the page. Python's `html.escape`.
///
/// ```
/// use web::escape;
///
/// assert_eq!(escape("<script>"), "&lt;script&gt;");
/// assert_eq!(escape("世界"), "世界");
/// ```
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#x27;"),
            other => safe.push(other),
        }
    }
    safe
}
