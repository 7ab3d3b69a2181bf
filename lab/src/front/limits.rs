//! How long the front waits for what.

use std::time::Duration;

/// An interrupted cell is to end within two seconds. After this much of it evcxr itself is replaced.
pub const INTERRUPT: Duration = Duration::from_millis(1500);
/// Between two attempts to end an interrupted cell.
pub const AGAIN: Duration = Duration::from_millis(100);
/// What an interrupted cell that asked something may do with an empty answer.
pub const ANSWERED: Duration = Duration::from_millis(400);
/// What a dying process still has to say arrives within this time.
pub const LAST_WORDS: Duration = Duration::from_millis(500);
/// A panic waits this long to be the cell's end, before it is taken for one that was caught.
pub const CAUGHT: Duration = Duration::from_millis(300);
/// Of a cell's reply and the word that evcxr is idle, how long after the one the other is waited for.
pub const OTHER_HALF: Duration = Duration::from_secs(5);
/// An error is told so much later: what was sent before is then aborted with the rest, and not run.
pub const ABORT: Duration = Duration::from_millis(50);
/// A cell that is compiled for longer says so.
pub const SLOW: Duration = Duration::from_secs(4);
/// From then on, how often the front looks whether it is compiled still.
pub const LOOK: Duration = Duration::from_millis(200);
/// What a completion or another small request may take before the next is served.
pub const SMALL: Duration = Duration::from_secs(30);
/// The end of evcxr and all that is below it.
pub const END: Duration = Duration::from_secs(6);

/// What a slow machine may want longer.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long evcxr may take to answer at its start.
    pub start: Duration,
    /// How long its heart may be silent. It beats in a thread of its own, also while a cell computes.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            start: Duration::from_secs(180),
            silence: Duration::from_secs(20),
        }
    }
}

impl Patience {
    /// `NOTEBOOK_START_LIMIT` and `NOTEBOOK_SILENCE_LIMIT`, in seconds, where they are set.
    pub fn of_environment() -> Patience {
        let set = |variable: &str| {
            let seconds = std::env::var(variable).ok()?.parse().ok()?;
            Some(Duration::from_secs(seconds))
        };
        let usual = Patience::default();
        Patience {
            start: set("NOTEBOOK_START_LIMIT").unwrap_or(usual.start),
            silence: set("NOTEBOOK_SILENCE_LIMIT").unwrap_or(usual.silence),
        }
    }
}
