//! Verdicts that need not be reached again: nothing that they depend on has changed.

use super::sandbox::Walls;
use super::submission::Submission;
use super::verdict::Verdict;
use super::workshop;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Verdicts on solutions of one assignment, by all that they depend on.
pub struct Cache {
    folder: PathBuf,
    /// Names the assignment, `support`, the judge and the compiler.
    basis: String,
    walls: Walls,
}

impl Cache {
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: PathBuf, basis: String, walls: Walls) -> Result<Cache> {
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Cache {
            folder,
            basis,
            walls,
        })
    }

    pub fn find(&self, submission: &Submission) -> Option<Verdict> {
        let text = fs::read_to_string(self.place(submission)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A verdict that cannot be kept is reached again the next time.
    pub fn keep(&self, submission: &Submission, verdict: &Verdict) {
        let place = self.place(submission);
        if let Ok(text) = serde_json::to_string(verdict)
            && let Err(error) = write(&place, &text)
        {
            eprintln!("{} cannot be written: {error}", place.display());
        }
    }

    fn place(&self, submission: &Submission) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(&self.basis);
        hash.update(format!("{:?}", self.walls));
        for part in &submission.solutions {
            // The lengths keep "ab", "c" apart from "a", "bc".
            for text in [&part.id, &part.text] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
        }
        for note in &submission.notes {
            hash.update(note);
        }
        self.folder.join(format!("{}.json", workshop::hex(hash)))
    }
}

/// Whole or not at all: another grading may read it.
fn write(place: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = place.with_extension(format!("{}", std::process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, place)
}
