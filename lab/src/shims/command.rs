//! Where a kernel's builds take place, and in which environment.

use super::{CARGO_HOME, NAMES, READERS_CARGO_HOME, Settings};
use crate::stock;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names what the first call of a kind found as its environment in this kernel.
const ENVIRONMENT: &str = "environment";

/// The file, beside the build directory, that tells that this kernel builds with its reader's own crates.
const READERS: &str = "readers-crates";
/// The one with the latest manifest whose crates are all there without them.
const SERVED: &str = "served-crates";

pub struct Paths {
    pub folder: PathBuf,
    pub build: PathBuf,
    /// Where cells' cargo keeps crates' sources: the reader's own CARGO_HOME, if it is set, or an
    /// installation's.
    cargo_home: Option<OsString>,
    /// The reader's own, where the other is an installation's.
    readers: Option<OsString>,
    /// Whether this is a template, made for kernels that have not begun.
    is_template: bool,
}

impl Paths {
    pub fn of_kernel(folder: PathBuf) -> Paths {
        let named = |name| std::env::var_os(name).filter(|home| !home.is_empty());
        let readers = named(READERS_CARGO_HOME);
        let has_readers = readers.is_some() && folder.join(READERS).exists();
        Paths {
            build: folder.join("build"),
            cargo_home: match has_readers {
                true => readers.clone(),
                false => named(CARGO_HOME),
            },
            folder,
            readers,
            is_template: false,
        }
    }

    /// Its builds find crates' sources in `cargo_home`.
    pub fn of_template(folder: &Path, cargo_home: &Path) -> Paths {
        Paths {
            build: folder.join("build"),
            folder: folder.to_owned(),
            cargo_home: Some(cargo_home.into()),
            readers: None,
            is_template: true,
        }
    }

    /// Whether crates come from an installation, to which none can be added.
    pub fn has_installed_crates(&self) -> bool {
        self.readers.is_some() && self.cargo_home != self.readers
    }

    /// Where the manifest asks for a crate that an installation does not have: from now on this kernel builds
    /// with its reader's own, which cargo can fetch.
    ///
    /// # Errors
    /// When cargo cannot be started, or a file not be written.
    pub fn find_crates(&mut self, settings: &Settings) -> Result<()> {
        let manifest = std::fs::read_to_string(self.build.join("Cargo.toml")).unwrap_or_default();
        let served = self.folder.join(SERVED);
        if !self.has_installed_crates()
            || names_only_support(&manifest)
            || std::fs::read_to_string(&served).is_ok_and(|served| served == manifest)
        {
            return Ok(());
        }
        // It resolves the manifest, and reads those crates that are for this platform.
        let mut tree = self.cargo(settings);
        tree.args(["tree", "--offline", "--quiet"])
            .current_dir(&self.build)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if tree.status().context("cargo cannot be started")?.success() {
            return Ok(std::fs::write(served, manifest)?);
        }
        std::fs::write(self.folder.join(READERS), "")?;
        self.cargo_home.clone_from(&self.readers);
        Ok(())
    }

    /// The real cargo as its reader has it, for what they do with it themselves.
    pub fn readers_cargo(&self, settings: &Settings) -> Command {
        let mut command = self.cargo(settings);
        if let Some(home) = &self.readers {
            command.env("CARGO_HOME", home);
        }
        command
    }

    /// The real cargo.
    pub fn cargo(&self, settings: &Settings) -> Command {
        let mut command = Command::new(settings.bin.join("cargo"));
        self.give_back_cargo_home(&mut command);
        command
    }

    /// The real cargo, as it builds cells.
    pub fn builder(&self, settings: &Settings) -> Command {
        let mut command = self.cargo(settings);
        command.env(NAMES.0, NAMES.1);
        command
    }

    /// The kernel's own CARGO_HOME is for rust-analyzer alone.
    pub fn give_back_cargo_home(&self, command: &mut Command) {
        match &self.cargo_home {
            Some(home) => command.env("CARGO_HOME", home),
            None => command.env_remove("CARGO_HOME"),
        };
    }

    /// cargo's configuration outside of the kernel's folder: above the one in which all kernels'
    /// folders are made, and the reader's own.
    pub fn outer_configurations(&self) -> Vec<PathBuf> {
        let kernels = match self.is_template {
            true => crate::launcher::kernels_folder().unwrap_or_else(|_| std::env::temp_dir()),
            false => self.folder.parent().map(Path::to_owned).unwrap_or_default(),
        };
        let home = self.cargo_home.as_ref().map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let above = kernels.ancestors().map(|folder| folder.join(".cargo"));
        above
            .chain(home)
            .flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(name)))
            .collect()
    }

    /// Names the environment, but for what changes nothing: nothing if it is the one that this kernel's
    /// first call of the `kind` had, for which a template was made.
    pub fn environment(&self, kind: &str) -> Result<String> {
        if self.is_template {
            return Ok(String::new());
        }
        let mut variables: Vec<_> = std::env::vars_os().collect();
        variables.sort();
        let mut hash = Sha256::new();
        for (name, value) in variables {
            let text = name.to_string_lossy();
            let matters = !text.starts_with(stock::variables::OWN)
                && !["PWD", "OLDPWD", "SHLVL", "_"].contains(&&*text);
            if matters {
                hash.update(name.as_encoded_bytes());
                hash.update([0]);
                hash.update(value.as_encoded_bytes());
                hash.update([0]);
            }
        }
        let now = crate::template::hex(&hash.finalize()[..8]);
        let file = self.folder.join(format!("{ENVIRONMENT}-{kind}"));
        let first = match std::fs::read_to_string(&file) {
            Ok(first) => first,
            Err(_) => {
                std::fs::write(&file, &now)?;
                now.clone()
            }
        };
        Ok(if now == first { String::new() } else { now })
    }
}

/// Whether a manifest for cells has no dependency but `support`.
fn names_only_support(manifest: &str) -> bool {
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap_or_default();
    let mut names = dependencies.lines().filter_map(|line| line.split_once('='));
    names.all(|(name, _)| name.trim() == "support")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_than_support_are_seen_in_a_manifest() {
        let support = stock::dependency("support", Path::new("/a b/support"));
        for (dependencies, is_only) in [
            ("", true),
            (&*support, true),
            (&format!("{support}\nrand = \"0.9\""), false),
            ("rand = { version = \"0.9\" }", false),
        ] {
            let manifest = stock::manifest(stock::FIRST_LEVEL, dependencies);
            assert_eq!(names_only_support(&manifest), is_only, "{dependencies}");
        }
        let probe = "[package]\nname = \"x\"\n\n    [dependencies]\n    rand = \"0.9\"\n";
        assert!(!names_only_support(probe));
    }
}
