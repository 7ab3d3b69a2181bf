//! A cell's last expression, shown by its `Debug`.
//!
//! evcxr first compiles a cell so that its last expression shows itself, by a method
//! `evcxr_display`; and where the type has none, which is nearly always, once more so that its `Debug`
//! does. With [`ByDebug`] in scope, as it is in each cell, the first of the two compiles.
//!
//! A type's own method wins over a trait's. It would not where the compiler finds it only by going
//! through a `Box`, a guard or a second reference, since those have a `Debug` too; so a value whose
//! `Debug` writes a picture's and nothing else is shown as that picture ([`stands_for`]).

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
