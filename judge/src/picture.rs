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

/// What came from a student's process, fit for a sentence or a picture: so many characters at most, none
/// that controls a terminal or the direction of a text, none that XML does not have.
pub(crate) fn cleaned(text: &str, most: usize) -> String {
    let harmless = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            && !matches!(*c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let spaced = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let mut kept: String = spaced.clone().filter(harmless).take(most).collect();
    if spaced.filter(harmless).nth(most).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_controls_comes_through() {
        assert_eq!(
            cleaned("a\n\u{1b}[31mb\u{202e}c\u{200b}\0d\u{ffff}", 50),
            "a [31mbcd"
        );
        assert_eq!(cleaned(&"ä".repeat(50), 3), "äää…");
        assert_eq!(cleaned("äää", 3), "äää");
    }
}
