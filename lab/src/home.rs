//! Where things are: the repository, and what the set-up made in it.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The repository from which `lab` was built, and the folder `.lab` in which the set-up keeps
/// what it made.
#[derive(Clone, Debug)]
pub struct Home {
    pub root: PathBuf,
}

impl Home {
    /// The repository that this program was compiled in.
    ///
    /// # Errors
    /// When that folder has gone, for example after the repository was moved.
    pub fn of_this_program() -> Result<Home> {
        Home::at(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")))
    }

    /// # Errors
    /// When there is no repository of notebooks at `root`.
    pub fn at(root: &Path) -> Result<Home> {
        let found = root
            .canonicalize()
            .ok()
            .filter(|root| root.join("support/Cargo.toml").is_file());
        let root = found.with_context(|| {
            format!("the notebooks' repository is no longer at {}: run `cargo lab setup` where it is now", root.display())
        })?;
        Ok(Home { root })
    }

    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// What the set-up made: kept out of `target`, so that `cargo clean` does not undo it.
    pub fn state(&self) -> PathBuf {
        self.root.join(".lab")
    }
}
