//! One way in which a program can end.

/// One way in which a program can end.
///
/// ```
/// let outcomes = interleavings::outcomes(|| 5);
/// let only = &outcomes.rows()[0];
/// assert_eq!((only.value(), only.schedules(), only.schedule()), ("5", 1, Some("")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub(super) value: String,
    pub(super) schedules: u128,
    pub(super) schedule: Option<String>,
}

impl Outcome {
    /// What the program returned, as its `Debug` writes it; or why it failed. See [`Outcome`].
    ///
    /// ```
    /// let outcomes = interleavings::outcomes(|| -> u32 { panic!("no") });
    /// assert_eq!(outcomes.rows()[0].value(), "panic: no");
    /// ```
    pub fn value(&self) -> &str {
        &self.value
    }

    /// How many schedules end so; 0 for what never came. In a reduced search as many as those stand for
    /// that were tried. See [`Outcome`].
    ///
    /// ```
    /// assert_eq!(interleavings::outcomes(|| 5).rows()[0].schedules(), 1);
    /// ```
    pub fn schedules(&self) -> u128 {
        self.schedules
    }

    /// One of them, as a text that [`replay`](super::replay) takes; none for what never came.
    ///
    /// ```
    /// assert_eq!(interleavings::outcomes(|| 5).rows()[0].schedule(), Some(""));
    /// ```
    pub fn schedule(&self) -> Option<&str> {
        self.schedule.as_deref()
    }
}
