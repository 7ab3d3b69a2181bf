//! What a student is shown of the run of theirs that failed: drawn here, on the trusted side, from data
//! that are bounded and cleaned.

use std::io;
use std::path::Path;
use support::interleavings::Sketch;
use support::timeline::Timeline;

/// Above this a picture is left out: it has to fit on a page with others.
const LARGEST: usize = 60_000;

/// A picture, and what it shows in a sentence for those who do not see it.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub svg: String,
    pub words: String,
}

impl Picture {
    pub fn of_schedule(sketch: &Sketch) -> Picture {
        Picture::of(
            &sketch
                .timeline()
                .title("Your code under the schedule that fails"),
        )
    }

    pub fn of(timeline: &Timeline) -> Picture {
        Picture {
            svg: timeline.svg(),
            words: timeline.text(),
        }
    }

    /// As `NAME.svg` and `NAME.txt`; nothing where it is too large.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        if self.svg.len() > LARGEST {
            return Ok(());
        }
        std::fs::write(folder.join(format!("{name}.txt")), &self.words)?;
        std::fs::write(folder.join(format!("{name}.svg")), &self.svg)
    }
}
