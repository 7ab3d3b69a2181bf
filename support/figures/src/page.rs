//! A picture in a page: an image with its sentence, which comes alive where scripts are allowed.
//!
//! ```
//! let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
//! let html = figures::page::image(svg, "A line");
//! assert!(html.contains("alt=\"A line\""));
//! ```
//!
//! For: whoever makes HTML of a cell's result. A [`Figure`](crate::Figure) does it by itself.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// What an SVG document has at its beginning, so that it has a dark ground where the page has: ground, ink
/// and lines change, bars keep their colours. Its root is of the class `figure`.
///
/// An image follows its page's `color-scheme`, or what the reader has told the browser to prefer.
pub const DARK: &str = concat!(
    "<style>@media(prefers-color-scheme:dark){.figure{",
    "[fill='#FFFFFF' i]{fill:#1c1f24}[stroke='#FFFFFF' i]{stroke:#1c1f24}",
    "[fill='#22262B' i]{fill:#e8eaed}[stroke='#22262B' i]{stroke:#e8eaed}",
    "[fill='#6B727B' i]{fill:#a8b0ba}[stroke='#6B727B' i]{stroke:#a8b0ba}",
    "[fill='#DDE1E6' i]{fill:#3b424b}[stroke='#DDE1E6' i]{stroke:#3b424b}",
    "[fill='#F4F5F7' i]{fill:#282d33}[fill='#4A5058' i]{fill:#a8b0ba}",
    "[fill='#C6CCD3' i]{fill:#5c6670}",
    "[fill='#B81D13' i]{fill:#ff7b6e}[stroke='#B81D13' i]{stroke:#ff7b6e}",
    "[fill='#E1E5EA' i]{fill:#9aa3ad}[fill='#FFF3C4' i]{fill:#4d4210}}}</style>"
);

/// A picture for a page, from an SVG document with a width in pixels: an image that is as large as it was
/// drawn; where the page is narrower, it is scrolled. `sentence` is for who does not see it.
///
/// A page shows this also where it does not trust who made it: a fresh notebook, for one, in which an SVG
/// document by itself is not shown.
///
/// ```
/// let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
/// let html = figures::page::image(svg, "A line that \"rises\"");
/// assert!(html.contains(r#"alt="A line that &quot;rises&quot;""#));
/// assert!(html.contains("max-width:720px"));
/// ```
pub fn image(svg: &str, sentence: &str) -> String {
    image_with(svg, sentence, &[])
}

/// A part of a picture that says something when it is pointed at, also where scripts are not allowed.
/// Lengths are in pixels of the picture.
///
/// ```
/// use figures::page::{Tip, image_with};
///
/// let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
/// let tip = Tip { left: 10.0, top: 20.0, width: 60.0, height: 18.0, text: "work: 3 ms".to_string() };
/// assert!(image_with(svg, "A bar", &[tip]).contains("title=\"work: 3 ms\""));
/// ```
#[derive(Clone, Debug)]
pub struct Tip {
    /// From the picture's left edge.
    pub left: f64,
    /// From its upper edge.
    pub top: f64,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
    /// What it says.
    pub text: String,
}

/// An [`image`] with parts that say something when they are pointed at.
///
/// ```
/// let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
/// let plain = figures::page::image_with(svg, "A line", &[]);
/// assert_eq!(plain, figures::page::image(svg, "A line"));
/// ```
pub fn image_with(svg: &str, sentence: &str, tips: &[Tip]) -> String {
    let width = svg.split_once(" width=\"").and_then(|(_, rest)| {
        let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    });
    let width = width.unwrap_or(720);
    let sentence = escaped(sentence);
    // The image has its sentence: it need not say it once more within.
    let svg = without(svg, "title");
    let svg = without(&svg, "desc");
    let tips: String = tips
        .iter()
        .map(|tip| {
            format!(
                "<span title=\"{}\" style=\"position:absolute;left:{:.0}px;top:{:.0}px;width:{:.0}px;\
                 height:{:.0}px\"></span>",
                escaped(&tip.text),
                tip.left,
                tip.top,
                tip.width.max(3.0),
                tip.height
            )
        })
        .collect();
    format!(
        "<div style=\"overflow-x:auto\" tabindex=\"0\"><div style=\"position:relative;width:{width}px\">\
         <img alt=\"{sentence}\" style=\"width:100%;min-width:{width}px;max-width:{width}px\" \
         src=\"data:image/svg+xml;base64,{}\">{tips}</div></div>",
        BASE64_STANDARD.encode(svg.as_bytes())
    )
}

/// A document without the first element of that name, if that has no attributes.
fn without<'a>(svg: &'a str, name: &str) -> Cow<'a, str> {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let cut = svg.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{after}"))
    });
    cut.map_or(Cow::Borrowed(svg), Cow::Owned)
}

/// A picture that comes alive where a page trusts its scripts, and is an [`image`] elsewhere.
///
/// The picture is an SVG document, its sentence, and its tips, which only the image has. `kind` is a
/// word of lower-case letters, and `script` a text of JavaScript that calls
/// `figures(kind, (box, data, svg) => …)`: with the element in the page, `data`, and the picture's
/// element, which has taken the image's place. What the script makes besides goes into `box`.
///
/// ```
/// let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
/// let script = "figures('greeting', (box, data) => box.append(data.said));";
/// let html = figures::page::alive("greeting", &serde_json::json!({ "said": "hi" }), (svg, "A line", &[]), script);
/// assert!(html.starts_with("<div data-greeting='{\"said\":\"hi\"}'><div style="));
/// ```
pub fn alive(
    kind: &str,
    data: &serde_json::Value,
    (svg, sentence, tips): (&str, &str, &[Tip]),
    script: &str,
) -> String {
    // JSON is full of the double quotes that `escaped` would write as six letters each.
    let data = data.to_string();
    let data = data.replace('&', "&amp;").replace('<', "&lt;");
    let data = data.replace('\'', "&#39;");
    let image = image_with(svg, sentence, tips);
    let script = [include_str!("page.js"), script].map(slim).concat();
    format!("<div data-{kind}='{data}'>{image}</div><script>(() => {{{script}}})();</script>")
}

/// A picture through which a reader steps, by a slider, buttons and the arrow keys, where a page trusts
/// its scripts; each step is said aloud. Elsewhere it is an [`image`].
///
/// `scenes` is an array, the first one of before the first step: of each, `said` is its sentence;
/// `values`, if there are any, are pairs of name and value, `threads` triples of name, what it does and
/// the line where it stands, and `moved` is the number of the one that made the step. Parts of the
/// picture with an attribute `data-step` are faint before that step; those with `data-now`, which it
/// hides, are seen at that step alone.
///
/// ```
/// let scenes = serde_json::json!([{ "said": "nothing yet", "values": [["x", "0"]] }]);
/// let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="720" height="90"/>"#;
/// assert!(figures::page::stepped(scenes, svg, "A step").contains("data-steps="));
/// ```
pub fn stepped(scenes: serde_json::Value, svg: &str, sentence: &str) -> String {
    let data = serde_json::json!({ "scenes": scenes });
    let picture = (svg, sentence, &[][..]);
    alive("steps", &data, picture, include_str!("stepper.js"))
}

/// A script without the comments, the indentation and the spaces that only its readers have use for. Texts
/// keep theirs; a regular expression is written without spaces and quotes, and a statement ends with a
/// semicolon.
fn slim(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines().map(str::trim_start) {
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        // Each statement ends with a semicolon or a bracket: lines need not end.
        if parts(out.chars().last(), line.chars().next()) {
            out.push(' ');
        }
        let (mut quote, mut escaped) = (None, false);
        let mut chars = line.chars().peekable();
        while let Some(char) = chars.next() {
            let is_end = quote == Some(char) && !escaped;
            escaped = char == '\\' && !escaped;
            match quote {
                Some(_) if is_end => quote = None,
                Some(_) => {}
                None if matches!(char, '"' | '\'' | '`') => quote = Some(char),
                None if char == ' ' && !parts(out.chars().last(), chars.peek().copied()) => {
                    continue;
                }
                None => {}
            }
            out.push(char);
        }
    }
    out
}

/// Whether two characters of a script mean something else without a space between them.
fn parts(left: Option<char>, right: Option<char>) -> bool {
    let is_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
    match (left, right) {
        (Some(left), Some(right)) => {
            is_name(left) && is_name(right) || left == right && matches!(left, '+' | '-')
        }
        _ => false,
    }
}

/// A text that means itself in a page, as an element's content or an attribute's value.
///
/// ```
/// assert_eq!(figures::page::escaped("a \"<b>\" & c"), "a &quot;&lt;b&gt;&quot; &amp; c");
/// ```
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::slim;

    #[test]
    fn a_slim_script_is_the_same_script() {
        let script =
            "// what it does\n  const a = b + +c ? \"x = 1\" : `y ${ z } '`;\n\n  return a in b;";
        let wanted = "const a=b+ +c?\"x = 1\":`y ${ z } '`;return a in b;";
        assert_eq!(slim(script), wanted);
        assert_eq!(slim(r#"f("a \" b", 'c d') ;"#), "f(\"a \\\" b\",'c d');");
    }
}
