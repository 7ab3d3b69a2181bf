//! Shows text, pictures and data *at once*, while the cell runs, and replaces them in place.
//!
//! ```
//! use support::display;
//!
//! display::html("<b>first</b>");
//! let shown = display::text("working …");
//! shown.update_text("done");
//! ```
//!
//! For: several pictures in one cell, and pictures that change while threads run. Not for: a
//! cell's result. evcxr itself shows one value a cell, its last expression, when the cell has
//! ended; what is shown here appears when it is shown, between the lines of text printed before
//! and after it, from any thread and from forked children too.
//!
//! Every function writes one line to stdout, under its lock and after what stands in its buffer.
//! It blocks only while the output is full (or another thread holds that lock), reports no errors,
//! and does not panic when nobody reads. Every display bears a plain text beside its richer form,
//! for those who cannot see it.
//!
//! Where it runs decides what one gets:
//!
//! | | [`show`] | [`Handle::update`] |
//! |---|---|---|
//! | this project's kernel | at once, each by itself | replaces it in place |
//! | stock evcxr | as the cell ends, the last of each format | the same: the last remains |
//! | no kernel | the plain text is printed | it is printed again |

mod handle;
mod show;

pub use handle::Handle;
pub use show::Show;

/// Shows a picture, or anything else that knows its formats.
///
/// ```
/// let trace = support::timeline::trace::Trace::new();
/// trace.instant("now");
/// support::display::show(&trace.timeline());
/// ```
pub fn show(what: &dyn Show) -> Handle {
    Handle::new(&what.formats())
}

/// Shows plain text.
///
/// Beside `println!`, it can be replaced in place.
///
/// ```
/// support::display::text("3 of 5").update_text("5 of 5");
/// ```
pub fn text(text: &str) -> Handle {
    Handle::new(&show::of_text(text))
}

/// Shows HTML. Its plain text is what stands between the tags.
///
/// ```
/// support::display::html("<i>slanted</i>");
/// ```
pub fn html(html: &str) -> Handle {
    Handle::new(&show::of_html(html))
}

/// Shows an SVG document. Its plain text is the document's `<title>` and `<desc>`.
///
/// ```
/// support::display::svg(r#"<svg xmlns="http://www.w3.org/2000/svg"><title>Nothing</title></svg>"#);
/// ```
pub fn svg(svg: &str) -> Handle {
    Handle::new(&show::of_svg(svg))
}

/// Shows a picture in PNG format, given as the bytes of its file. The bytes are not looked at.
///
/// ```
/// support::display::png(b"\x89PNG\r\n\x1a\n");
/// ```
pub fn png(png: &[u8]) -> Handle {
    Handle::new(&show::of_png(png))
}

/// Shows JSON, which JupyterLab draws as a tree. Text that is not JSON is shown as text.
///
/// ```
/// support::display::json(r#"{"threads": 2, "done": [true, false]}"#);
/// ```
pub fn json(json: &str) -> Handle {
    Handle::new(&show::of_json(json))
}
