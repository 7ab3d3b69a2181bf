//! What all charts have in common.

/// The size of names, and that of numbers.
pub(super) const NAME: f64 = 12.0;
pub(super) const SMALL: f64 = 10.0;

/// What every chart may be told.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub title: Option<String>,
    pub width: u32,
    pub log: bool,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            title: None,
            width: 720,
            log: false,
        }
    }
}
