//! Where a kernel's builds take place, and in which environment.

use super::{CARGO_HOME, NAMES, Settings};
use crate::stock;
use anyhow::Result;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names what the first call of a kind found as its environment in this kernel.
const ENVIRONMENT: &str = "environment";

pub struct Paths {
    pub folder: PathBuf,
    pub build: PathBuf,
    /// The reader's own CARGO_HOME, if it is set.
    cargo_home: Option<OsString>,
    /// Whether this is a template, made for kernels that have not begun.
    is_template: bool,
}

impl Paths {
    pub fn of_kernel(folder: PathBuf) -> Paths {
        Paths {
            build: folder.join("build"),
            folder,
            cargo_home: std::env::var_os(CARGO_HOME).filter(|home| !home.is_empty()),
            is_template: false,
        }
    }

    pub fn of_template(folder: &Path) -> Paths {
        Paths {
            build: folder.join("build"),
            folder: folder.to_owned(),
            cargo_home: std::env::var_os("CARGO_HOME"),
            is_template: true,
        }
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
