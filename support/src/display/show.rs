//! What can be shown, and in which formats.

use base64::prelude::{BASE64_STANDARD, Engine};
use timeline::Figure;

/// Something that can be shown: it tells its formats, as pairs of MIME type and content.
///
/// Contents are text; those of binary formats (`image/png`) are in base64. One of the formats
/// should be `text/plain`, for those who cannot see the others.
///
/// ```
/// use support::display::{self, Show};
///
/// struct Traffic(bool);
///
/// impl Show for Traffic {
///     fn formats(&self) -> Vec<(String, String)> {
///         let (word, colour) = if self.0 { ("go", "green") } else { ("stop", "red") };
///         let html = format!("<b style='color: {colour}'>{word}</b>");
///         vec![("text/html".into(), html), ("text/plain".into(), word.into())]
///     }
/// }
///
/// let light = display::show(&Traffic(false));
/// light.update(&Traffic(true));
/// ```
pub trait Show {
    /// The formats, as pairs of MIME type and content.
    fn formats(&self) -> Vec<(String, String)>;
}

impl<T> Show for T
where
    for<'a> &'a T: Into<Figure>,
{
    fn formats(&self) -> Vec<(String, String)> {
        let figure: Figure = self.into();
        figure.formats().into()
    }
}

pub fn of_text(text: &str) -> Vec<(String, String)> {
    vec![("text/plain".into(), text.into())]
}

pub fn of_html(html: &str) -> Vec<(String, String)> {
    pair("text/html", html.into(), without_tags(html))
}

pub fn of_svg(svg: &str) -> Vec<(String, String)> {
    let said: Vec<&str> = ["title", "desc"]
        .iter()
        .filter_map(|name| within(svg, name))
        .collect();
    let said = match said.is_empty() {
        true => "A picture (SVG)".into(),
        false => said.join(": "),
    };
    picture(svg.into(), said)
}

pub fn of_png(png: &[u8]) -> Vec<(String, String)> {
    let said = format!("A picture (PNG, {} bytes)", png.len());
    pair("image/png", BASE64_STANDARD.encode(png), said)
}

pub fn of_json(json: &str) -> Vec<(String, String)> {
    if crate::kernel::is_json(json) {
        pair("application/json", json.into(), json.into())
    } else {
        of_text(json)
    }
}

/// A page that trusts nobody shows the first, other tools take the second.
fn picture(svg: String, text: String) -> Vec<(String, String)> {
    let html = figures::page::image(&svg, &text);
    let mut formats = vec![("text/html".into(), html)];
    formats.extend(pair("image/svg+xml", svg, text));
    formats
}

fn pair(mime: &str, content: String, text: String) -> Vec<(String, String)> {
    vec![(mime.into(), content), ("text/plain".into(), text)]
}

/// What stands between the tags, with single spaces.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for char in html.chars() {
        match char {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            _ if !in_tag => text.push(char),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// The text within the first element of that name.
fn within<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rich_formats_have_a_plain_one() {
        let html = of_html("<p>one &amp;\n <b>two</b></p>");
        assert_eq!(html[1], ("text/plain".into(), "one & two".into()));
        let svg = of_svg("<svg><title>T</title><desc>D</desc></svg>");
        assert_eq!(svg[2].1, "T: D");
        assert!(svg[0].1.contains("alt=\"T: D\""));
        assert_eq!(of_svg("<svg/>")[2].1, "A picture (SVG)");
        assert_eq!(of_png(b"foo")[0], ("image/png".into(), "Zm9v".into()));
        assert_eq!(of_json("[1]")[0].0, "application/json");
        assert_eq!(of_json("[1")[0].0, "text/plain");
    }
}
