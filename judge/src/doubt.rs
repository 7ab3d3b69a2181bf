//! What leaves it open whose fault a failure is.

use std::sync::{Arc, Mutex, PoisonError};

/// Why a failure may not be the solution's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// The program was killed: by itself, or by a system that has no more memory.
    Killed,
    /// The program could have run, and others had the processors.
    Busy,
    /// The program was never started.
    Machine,
}

/// The worst of what one test met. It stands beside the test's verdict, because a test may put a
/// failure into words of its own, and may go on after one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubts(Arc<Mutex<Option<Doubt>>>);

impl Doubts {
    pub fn add(&self, doubt: Doubt) {
        let mut worst = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *worst = (*worst).max(Some(doubt));
    }

    pub fn worst(&self) -> Option<Doubt> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_kept() {
        let doubts = Doubts::default();
        assert_eq!(doubts.worst(), None);
        doubts.add(Doubt::Machine);
        doubts.clone().add(Doubt::Busy);
        assert_eq!(doubts.worst(), Some(Doubt::Machine));
    }
}
