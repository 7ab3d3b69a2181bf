//! What is known of the programs that were compiled before, kept beside the build directory.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FILE: &str = "mended.json";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Statics that exist already, by what they are.
    pub statics: BTreeMap<String, Shared>,
    /// The number of the next static.
    pub next: u64,
    /// Of what was defined more than once: which text holds.
    pub winners: BTreeMap<String, String>,
    /// What the type of each variable was made of when it was last stored, by the items' names.
    pub variables: BTreeMap<String, BTreeMap<String, u64>>,
}

/// A static of an earlier cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    pub symbol: String,
    pub library: PathBuf,
}

impl State {
    /// A kernel's first cell finds nothing.
    pub fn read(folder: &Path) -> State {
        std::fs::read(folder.join(FILE))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let unfinished = folder.join("mended.new");
        std::fs::write(&unfinished, serde_json::to_vec(self)?)?;
        std::fs::rename(unfinished, folder.join(FILE))?;
        Ok(())
    }
}
