//! A cell's last expression, shown by its `Debug`.
//!
//! evcxr first compiles a cell so that its last expression shows itself, by a method
//! `evcxr_display`; and where the type has none, which is nearly always, once more so that its `Debug`
//! does. With [`ByDebug`] in scope, as it is in each cell, the first of the two compiles.
//!
//! A type's own method wins over a trait's. It would not where the compiler finds it only by going
//! through a `Box`, a guard or a second reference, since those have a `Debug` too; so a value whose
//! `Debug` writes a picture's and nothing else is shown as that picture ([`stands_for`]).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::{self, Debug, Write};
use std::io::Write as _;

/// Shows one value as the cell's result, given as pairs of MIME type and content.
///
/// Blocks only while the output is full. evcxr shows one value a cell: of two, the last.
///
/// ```
/// figures::cell::rich(&[("text/plain", "a circle"), ("text/html", "&#9711;")]);
/// ```
pub fn rich(formats: &[(&str, &str)]) {
    let mut text = String::new();
    for (mime, content) in formats {
        let _ = fmt::Write::write_fmt(
            &mut text,
            format_args!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n"),
        );
    }
    // One write under one lock: lines of other threads stay outside of the block.
    // A kernel that has gone away is no reason to panic.
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

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
/// let html = figures::cell::image(svg, "A line that \"rises\"");
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
/// use figures::cell::{Tip, image_with};
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
/// let plain = figures::cell::image_with(svg, "A line", &[]);
/// assert_eq!(plain, figures::cell::image(svg, "A line"));
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
/// let html = figures::cell::alive("greeting", &serde_json::json!({ "said": "hi" }), (svg, "A line", &[]), script);
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
/// assert!(figures::cell::stepped(scenes, svg, "A step").contains("data-steps="));
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
/// assert_eq!(figures::cell::escaped("a \"<b>\" & c"), "a &quot;&lt;b&gt;&quot; &amp; c");
/// ```
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Gives every `Debug` type the method that evcxr asks a cell's last expression for.
pub trait ByDebug {
    #[doc(hidden)]
    fn evcxr_display(&self);
}

impl<T: Debug + ?Sized> ByDebug for T {
    fn evcxr_display(&self) {
        show(&self);
    }
}

/// Gives them the same method again, so that neither of the two can be meant. It is in scope in the
/// cells of a session in which the reader has chosen a format of their own (`:fmt`, `:types`): evcxr
/// follows it only where a result cannot show itself.
pub trait ByFormat {
    #[doc(hidden)]
    fn evcxr_display(&self);
}

impl<T: Debug + ?Sized> ByFormat for T {
    fn evcxr_display(&self) {
        show(&self);
    }
}

thread_local! {
    /// While a value is shown: what it stands for so far.
    static SHOWING: RefCell<Option<Showing>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Showing {
    text: String,
    /// A text that stands for a picture, and how to show that.
    picture: Option<(String, Box<dyn FnOnce()>)>,
}

struct Writer;

impl Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        SHOWING.with_borrow_mut(|showing| {
            showing.get_or_insert_default().text.push_str(text);
        });
        Ok(())
    }
}

#[inline(never)]
fn show(value: &dyn Debug) {
    SHOWING.set(Some(Showing::default()));
    let written = write!(Writer, "{value:?}");
    let Some(showing) = SHOWING.take() else {
        return;
    };
    if written.is_err() {
        // As `format!` has it, in which stock evcxr formats.
        panic!(
            "a formatting trait implementation returned an error when the underlying stream did not"
        );
    }
    match showing.picture {
        Some((text, picture)) if text == showing.text => picture(),
        _ => rich(&[("text/plain", &showing.text)]),
    }
}

/// For the `Debug` of what has a picture: `text`, which it goes on to write, stands for it. If that is
/// all that is written of a cell's result, `value` shows itself.
pub fn stands_for<T: Clone + 'static>(text: &str, value: &T, show: fn(&T)) {
    SHOWING.with_borrow_mut(|showing| {
        if let Some(showing) = showing.as_mut().filter(|showing| showing.text.is_empty()) {
            let value = value.clone();
            showing.picture = Some((text.to_owned(), Box::new(move || show(&value))));
        }
    });
}

/// The `Debug` of a type with a method `evcxr_display`: its name, and what `$words` makes of a value.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_picture {
    ($type:ident, $words:expr) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let words: String = $words(self);
                let text = format!("{}({words:?})", stringify!($type));
                $crate::cell::stands_for(&text, self, $type::evcxr_display);
                f.write_str(&text)
            }
        }
    };
}
pub use debug_as_picture;

#[cfg(test)]
mod tests {
    use super::{ByDebug, Debug};
    use std::sync::{Arc, Mutex};

    #[derive(Clone)]
    struct Picture(Arc<Mutex<u32>>);

    impl Picture {
        fn evcxr_display(&self) {
            *self.0.lock().unwrap() += 1;
        }
    }

    debug_as_picture!(Picture, |_: &Picture| "round".to_owned());

    /// How often the picture is shown where `result` is a cell's last expression, by the words that
    /// evcxr puts around it.
    macro_rules! shown {
        ($picture:ident => $result:expr) => {{
            let $picture = Picture(Arc::default());
            let count = $picture.0.clone();
            ($result).evcxr_display();
            *count.lock().unwrap()
        }};
    }

    #[test]
    fn a_slim_script_is_the_same_script() {
        let script =
            "// what it does\n  const a = b + +c ? \"x = 1\" : `y ${ z } '`;\n\n  return a in b;";
        let wanted = "const a=b+ +c?\"x = 1\":`y ${ z } '`;return a in b;";
        assert_eq!(super::slim(script), wanted);
        assert_eq!(
            super::slim(r#"f("a \" b", 'c d') ;"#),
            "f(\"a \\\" b\",'c d');"
        );
    }

    #[test]
    fn a_picture_is_shown_through_whatever_leads_to_it() {
        assert_eq!(shown!(picture => picture), 1);
        assert_eq!(shown!(picture => &picture), 1);
        assert_eq!(shown!(picture => &&picture), 1);
        assert_eq!(shown!(picture => Box::new(picture)), 1);
        assert_eq!(shown!(picture => Arc::new(picture)), 1);
        assert_eq!(shown!(picture => [&picture][0]), 1);
    }

    #[test]
    fn a_picture_within_something_is_told_in_words() {
        assert_eq!(shown!(picture => Some(picture)), 0);
        assert_eq!(shown!(picture => [picture.clone(), picture]), 0);
        assert_eq!(shown!(picture => (picture, 1)), 0);
        assert_eq!(shown!(picture => format!("{picture:?}")), 0);
        // Outside of a cell's result it is a `Debug` like others.
        let words = format!("{:?}", Picture(Arc::default()));
        assert_eq!(words, "Picture(\"round\")");
    }

    #[test]
    fn every_kind_of_type_has_the_method() {
        fn generic<T: Debug>(value: T) {
            (value).evcxr_display();
        }
        generic(1);
        (1 + 1).evcxr_display();
        ().evcxr_display();
        (*"text").evcxr_display();
        (vec![1, 2][..1]).evcxr_display();
        let changeable = &mut 5;
        (changeable).evcxr_display();
        *changeable += 1;
        let unsized_value: &dyn Debug = &1;
        (*unsized_value).evcxr_display();
    }
}
