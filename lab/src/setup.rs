//! `cargo lab setup`: everything that a notebook needs, once.

use crate::environment::Environment;
use crate::evcxr::{self, Tools, Wanted};
use crate::home::Home;
use crate::installed::Installed;
use crate::template::Template;
use crate::toolchain::{self, Toolchain};
use crate::{kernelspec, progress};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest that one set-up waits for another.
const PATIENCE: Duration = Duration::from_secs(90 * 60);

/// What may be chosen.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct Options {
    /// Compile the Rust kernel, evcxr_jupyter, here: take no binary that is there or that a tool brings
    #[arg(long)]
    from_source: bool,
}

/// The Python environment alone: what needs no kernel needs no more. Blocks while a set-up of the
/// same repository runs.
///
/// # Errors
/// In one sentence, with what to do.
pub fn python(home: &Home) -> Result<Environment> {
    let _lock = begin(home)?;
    let unfinished = Environment::begin(home)?;
    unfinished.finish(home)?;
    Ok(unfinished.environment)
}

/// Sets up what is missing and changes nothing else. Says what it does only where it does
/// something. Blocks while another set-up of the same repository runs.
///
/// # Errors
/// In one sentence, with what to do. It can be run again after any error or interruption.
pub fn set_up(home: &Home, options: Options) -> Result<Environment> {
    // What the reader has to install is said at once, also while another set-up runs.
    require_c_compiler()?;
    let _lock = begin(home)?;
    let toolchain = Toolchain::find(home)?;
    let rust_src = toolchain.trim_sources(home)?;
    let unfinished = Environment::begin(home)?;
    let environment = unfinished.environment.clone();
    // The template is made with the kernel's launcher.
    kernelspec::set_up(home, &environment)?;
    let mut installed = Installed {
        toolchain: toolchain.clone(),
        // Found below; the template is the same for each.
        evcxr: PathBuf::new(),
        rust_src,
        launcher: kernelspec::launcher(&environment),
        python: environment.program("python"),
        cargo_home: toolchain::cargo_home().unwrap_or_default(),
        template: None,
    };
    let wanted = if options.from_source {
        Wanted::FromSource
    } else {
        Wanted::Any
    };
    // The network, a compilation that often uses one core only, and `support`: each leaves the
    // others room.
    let (mut evcxr, template) = (PathBuf::new(), installed.clone());
    progress::together([
        Box::new(|| unfinished.finish(home)),
        Box::new(|| {
            let tools = Tools::of_this_process();
            evcxr = evcxr::set_up(home, &toolchain, &tools, wanted, &progress::say)?;
            Ok(())
        }),
        Box::new(|| Template::current(home, &template).map(drop)),
    ])?;
    installed.evcxr = evcxr;
    installed.write(home)?;
    Ok(environment)
}

/// Makes a set-up in this repository this process's alone, for as long as it holds what is returned.
/// Blocks while another runs.
///
/// # Errors
/// When nothing can be written there, or the other takes too long.
pub fn begin(home: &Home) -> Result<File> {
    home.require_writable()?;
    std::fs::create_dir_all(home.state())
        .with_context(|| format!("{} cannot be made", home.state().display()))?;
    lock(home)
}

/// # Errors
/// When there is none, with what to do.
pub fn require_c_compiler() -> Result<()> {
    if find_program("cc").is_none() {
        bail!(
            "No C compiler was found, and Rust needs one to link: install it (Debian and Ubuntu: apt-get install build-essential)"
        );
    }
    Ok(())
}

fn lock(home: &Home) -> Result<File> {
    let lock =
        File::create(home.state().join("setup.lock")).context("the set-up cannot be locked")?;
    let started = Instant::now();
    while lock.try_lock().is_err() {
        if started.elapsed() < Duration::from_millis(100) {
            eprintln!("Waiting for another set-up of this repository to end …");
        }
        if started.elapsed() > PATIENCE {
            bail!(
                "another set-up of this repository has been running for {} minutes: end it, and try again",
                PATIENCE.as_secs() / 60
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(lock)
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
