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
    /// The installation that this program is in, or the repository that it was compiled in.
    ///
    /// # Errors
    /// When that folder has gone, for example after the repository was moved.
    pub fn of_this_program() -> Result<Home> {
        let program = std::env::current_exe().ok();
        let installation = program.as_deref().and_then(Path::parent);
        if let Some(Ok(installation)) = installation.map(Home::at) {
            return Ok(installation);
        }
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

    /// The files in a folder of the repository that have this extension, in the order of their names.
    ///
    /// # Errors
    /// When the folder is missing.
    pub fn files(&self, folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
        let folder = self.root.join(folder);
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|it| it == extension));
        files.sort();
        Ok(files)
    }

    /// # Errors
    /// When what the set-up makes cannot be written here, as another user's repository cannot.
    pub fn require_writable(&self) -> Result<()> {
        let place = Some(self.state()).filter(|state| state.exists());
        let place = place.unwrap_or_else(|| self.root.clone());
        nix::unistd::access(&place, nix::unistd::AccessFlags::W_OK).with_context(|| {
            format!(
                "{} cannot be written to, perhaps as it is another user's: have them run `cargo lab setup` there, or clone the repository into a folder of your own",
                place.display()
            )
        })
    }

    /// What the set-up made: kept out of `target`, so that `cargo clean` does not undo it.
    pub fn state(&self) -> PathBuf {
        self.root.join(".lab")
    }

    /// What this user makes with the set-up, such as verdicts: beside it, or, where the set-up is another
    /// user's, in a folder of their own.
    pub fn own_state(&self) -> PathBuf {
        if self.require_writable().is_ok() {
            return self.state();
        }
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
        cache
            .unwrap_or_else(std::env::temp_dir)
            .join("rust-notebooks")
    }
}
