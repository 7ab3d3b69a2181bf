//! How an execution ends before all its threads have.

/// What sort of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// A thread panicked: an assertion, most often.
    Panic,
    /// Nobody can go on, and not everybody has come to the end.
    Deadlock,
    /// Two threads use the same plain data, one of them to write, and nothing orders the two.
    DataRace,
    /// The program did something else under the same schedule, or a text is no schedule of it.
    Unrepeatable,
}

/// What a failure is, before it is told.
pub(super) struct Fault {
    pub kind: FailureKind,
    /// Who failed, if it is one thread.
    pub thread: Option<usize>,
    pub message: String,
    pub place: String,
}

pub(super) enum Verdict {
    Failed(Fault),
    /// It was given up at the limit of steps.
    Cut,
    /// It matters when a lock is free again: everything begins anew, with unlocking as a step.
    Anew,
}

impl Fault {
    /// One that is no single thread's.
    pub fn of_all(kind: FailureKind, message: String) -> Fault {
        let (thread, place) = (None, String::new());
        Fault {
            kind,
            thread,
            message,
            place,
        }
    }

    pub fn unfit(why: String) -> Fault {
        Fault::of_all(FailureKind::Unrepeatable, why)
    }
}
