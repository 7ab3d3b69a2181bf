//! `cargo lab setup`: everything that a notebook needs, once.

use crate::environment::Environment;
use crate::home::Home;
use crate::installed::Installed;
use crate::template::Template;
use crate::toolchain::Toolchain;
use crate::{evcxr, kernelspec};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Sets up what is missing and changes nothing else. Says what it does only where it does
/// something. Blocks while another set-up of the same repository runs.
///
/// # Errors
/// In one sentence, with what to do. It can be run again after any error or interruption.
pub fn set_up(home: &Home) -> Result<Environment> {
    // What the reader has to install is said at once, also while another set-up runs.
    if find_program("cc").is_none() {
        bail!(
            "No C compiler was found, and Rust needs one to link: install it (Debian and Ubuntu: apt-get install build-essential)"
        );
    }
    std::fs::create_dir_all(home.state())
        .with_context(|| format!("{} cannot be made", home.state().display()))?;
    let lock =
        File::create(home.state().join("setup.lock")).context("the set-up cannot be locked")?;
    if lock.try_lock().is_err() {
        eprintln!("Waiting for another set-up of this repository to end …");
        lock.lock()?;
    }
    let toolchain = Toolchain::find(home)?;
    let rust_src = toolchain.trim_sources(home)?;
    let environment = Environment::set_up(home)?;
    let evcxr = evcxr::set_up(home)?;
    let installed = Installed {
        toolchain,
        evcxr,
        rust_src,
        launcher: kernelspec::launcher(&environment),
        python: environment.program("python"),
    };
    installed.write(home)?;
    kernelspec::set_up(home, &environment)?;
    Template::current(home, &installed)?;
    Ok(environment)
}

/// # Errors
/// When the file system of `folder` has fewer than `megabytes` free.
pub fn require_space(folder: &Path, megabytes: u64, what_for: &str) -> Result<()> {
    // A file system that does not tell is given the benefit of the doubt.
    let Ok(disk) = nix::sys::statvfs::statvfs(folder) else {
        return Ok(());
    };
    let free = disk.blocks_available() * disk.fragment_size() / 1_000_000;
    if free < megabytes {
        bail!(
            "{what_for} needs {megabytes} MB of disk and {} has {free} MB left: make room and try again",
            folder.display()
        );
    }
    Ok(())
}

/// A program on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_disk_is_said_in_one_sentence() {
        let here = Path::new(".");
        assert!(require_space(here, 0, "nothing").is_ok());
        let said = require_space(here, u64::MAX, "a large thing")
            .unwrap_err()
            .to_string();
        assert!(
            said.starts_with("a large thing needs ") && said.ends_with("make room and try again"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1);
    }

    #[test]
    fn programs_are_found_on_the_search_path() {
        assert!(find_program("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find_program("no-such-program-anywhere"), None);
    }
}
