//! What each kind of picture can do because it may be a figure.

/// Gives a [`Picture`](crate::Picture) with a method `text` what a picture can do because it may be a figure: `above`, `beside`,
/// `svg`, `html`, a method that shows it as a cell's result, and a `Debug` that stands for it there. The
/// second argument is an expression that makes one, for the methods' examples.
///
/// ```
/// use figures::{Area, Canvas, Picture, picture_methods};
///
/// #[derive(Clone)]
/// pub struct Blank;
///
/// picture_methods!(Blank, "Blank");
///
/// impl Blank {
///     pub fn text(&self) -> String {
///         self.sentence()
///     }
/// }
///
/// impl Picture for Blank {
///     type Shared = ();
///
///     fn words(&self) -> String {
///         "Nothing at all.".to_string()
///     }
///
///     fn height(&self, _: &(), _: Area) -> f64 {
///         20.0
///     }
///
///     fn draw(&self, _: &(), _: &Canvas, _: Area) {}
/// }
///
/// let both = Blank.above(figures::Bars::new());
/// assert_eq!(both.text(), "Nothing at all. Nothing was measured.");
/// assert_eq!(format!("{Blank:?}"), "Blank(\"Nothing at all.\")");
/// ```
#[macro_export]
macro_rules! picture_methods {
    ($picture:ident, $make:literal) => {
        impl $picture {
            /// This above `other`: see `Figure::above`.
            ///
            /// ```
            #[doc = concat!("let both = ", $make, ".above(", $make, ");")]
            /// assert!(both.svg().starts_with("<svg"));
            /// ```
            pub fn above(&self, other: impl Into<$crate::Figure>) -> $crate::Figure {
                $crate::Figure::from(self).above(other)
            }

            /// This to the left of `other`: see `Figure::beside`.
            ///
            /// ```
            #[doc = concat!("let both = ", $make, ".beside(", $make, ");")]
            /// assert!(both.svg().starts_with("<svg"));
            /// ```
            pub fn beside(&self, other: impl Into<$crate::Figure>) -> $crate::Figure {
                $crate::Figure::from(self).beside(other)
            }

            /// The picture as SVG: see `Figure::svg`.
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".svg().starts_with(\"<svg\"));")]
            /// ```
            pub fn svg(&self) -> String {
                $crate::Figure::from(self).svg()
            }

            /// The picture for a page: see `Figure::html`.
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".html().contains(\"<img alt=\"));")]
            /// ```
            pub fn html(&self) -> String {
                $crate::Figure::from(self).html()
            }

            /// Shows the picture as a cell's result: see `Figure::evcxr_display`.
            ///
            /// ```
            #[doc = concat!($make, ".evcxr_display();")]
            /// ```
            pub fn evcxr_display(&self) {
                $crate::Figure::from(self).evcxr_display();
            }
        }

        impl From<&$picture> for $crate::Figure {
            fn from(picture: &$picture) -> $crate::Figure {
                $crate::Figure::of(picture.clone())
            }
        }

        impl From<$picture> for $crate::Figure {
            fn from(picture: $picture) -> $crate::Figure {
                $crate::Figure::of(picture)
            }
        }

        $crate::cell::debug_as_picture!($picture, $picture::text);
    };
}
pub(crate) use picture_methods;
