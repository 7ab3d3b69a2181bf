//! A name for something shown, by which it is replaced.

use super::show::{self, Show};
use crate::kernel::shown;

/// Something that is shown; what it shows can be replaced in place.
///
/// Dropping it changes nothing. A clone, a copy in another thread or in a forked child, is the
/// same display. Each update costs one line of output: for more than about ten a second, think of
/// [`progress`](crate::progress), which leaves out what nobody could see.
///
/// ```
/// let shown = support::display::text("waiting");
/// std::thread::spawn({
///     let shown = shown.clone();
///     move || shown.update_text("done")
/// })
/// .join()
/// .unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Handle {
    id: String,
}

impl Handle {
    pub(crate) fn new(formats: &[(String, String)]) -> Handle {
        let id = shown::new_id();
        shown::show(formats, &id, false);
        Handle { id }
    }

    pub(crate) fn replace(&self, formats: &[(String, String)]) {
        shown::show(formats, &self.id, true);
    }

    /// Replaces what is shown. See the [module](crate::display) on blocking and errors.
    ///
    /// ```
    /// let trace = support::timeline::trace::Trace::new();
    /// let shown = support::display::show(&trace.timeline());
    /// trace.instant("now");
    /// shown.update(&trace.timeline());
    /// ```
    pub fn update(&self, what: &dyn Show) {
        self.replace(&what.formats());
    }

    /// Replaces what is shown by plain text.
    ///
    /// ```
    /// support::display::text("1").update_text("2");
    /// ```
    pub fn update_text(&self, text: &str) {
        self.replace(&show::of_text(text));
    }

    /// Replaces what is shown by HTML.
    ///
    /// ```
    /// support::display::text("1").update_html("<b>2</b>");
    /// ```
    pub fn update_html(&self, html: &str) {
        self.replace(&show::of_html(html));
    }

    /// Replaces what is shown by an SVG document.
    ///
    /// ```
    /// support::display::text("1").update_svg("<svg xmlns='http://www.w3.org/2000/svg'/>");
    /// ```
    pub fn update_svg(&self, svg: &str) {
        self.replace(&show::of_svg(svg));
    }

    /// Replaces what is shown by a picture, given as the bytes of a PNG file.
    ///
    /// ```
    /// support::display::text("1").update_png(b"\x89PNG\r\n\x1a\n");
    /// ```
    pub fn update_png(&self, png: &[u8]) {
        self.replace(&show::of_png(png));
    }

    /// Replaces what is shown by JSON.
    ///
    /// ```
    /// support::display::text("1").update_json("[2]");
    /// ```
    pub fn update_json(&self, json: &str) {
        self.replace(&show::of_json(json));
    }

    /// Shows nothing more: a handle that is a cell's last expression has been shown already.
    /// (evcxr calls this on a cell's last expression.)
    ///
    /// ```
    /// support::display::text("once").evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {}
}
