//! What all kinds of charts have.

/// The methods that all kinds of charts share. `$make` is an expression for a doctest.
macro_rules! shared_methods {
    ($chart:ident, $make:literal) => {
        impl $chart {
            /// The same but for one thing.
            fn with(&self, change: impl FnOnce(&mut $chart)) -> $chart {
                let mut same = self.clone();
                change(&mut same);
                same
            }

            /// Writes a title over the picture.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".title(\"A title\");")]
            /// assert!(picture.text().starts_with("A title: "));
            /// ```
            pub fn title(&self, title: &str) -> $chart {
                self.with(|same| same.head.title = Some(title.to_string()))
            }

            /// The picture's width in pixels, 720 unless told otherwise, at least 300.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".width(500);")]
            /// assert!(picture.svg().contains("width=\"500\""));
            /// ```
            pub fn width(&self, px: u32) -> $chart {
                self.with(|same| same.head.width = px.clamp(300, 10_000))
            }

            /// What the picture shows, in a sentence with numbers.
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".text().ends_with('.'));")]
            /// ```
            pub fn text(&self) -> String {
                crate::Picture::sentence(self)
            }
        }

        crate::methods::picture_methods!($chart, $make);

        impl std::fmt::Display for $chart {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                writeln!(f, "{}", crate::Picture::sentence(self))
            }
        }
    };
}
pub(super) use shared_methods;

/// What an `impl` of `Picture` has of a chart's head.
macro_rules! told_by_head {
    () => {
        type Shared = ();

        fn own_title(&self) -> Option<&str> {
            self.head.title.as_deref()
        }

        fn own_width(&self) -> u32 {
            self.head.width
        }
    };
}
pub(super) use told_by_head;
