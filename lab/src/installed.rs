//! What the set-up found and made, written down for the kernel's launcher.

use crate::{home::Home, toolchain::Toolchain};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Installed {
    pub toolchain: Toolchain,
    pub evcxr: PathBuf,
    pub rust_src: PathBuf,
    /// This program as kernels are started by it; kernels' `cargo` and `rustup` lead to it too.
    pub launcher: PathBuf,
    /// The environment's interpreter: notebooks run Python programs beside their own. Empty if that is
    /// whichever the kernel's user has.
    pub python: PathBuf,
    /// Where the set-up's cargo keeps the sources of crates: from those of another place everything would
    /// be compiled anew.
    #[serde(default)]
    pub cargo_home: PathBuf,
    /// The template's name, in an installation: nobody changes its sources, and its users only read it.
    #[serde(default)]
    pub template: Option<String>,
}

impl Installed {
    /// # Errors
    /// When the set-up has not been run.
    pub fn read(home: &Home) -> Result<Installed> {
        let file = home.state().join("installed.json");
        let text = std::fs::read_to_string(&file).ok();
        text.and_then(|text| serde_json::from_str(&text).ok())
            .with_context(|| {
                format!(
                    "the set-up is not complete in {}: run `cargo lab setup` there",
                    home.root.display()
                )
            })
    }

    /// The place for crates' sources that a kernel's cargo uses: its own user's may be another's than the
    /// set-up's. Nothing where that is the usual one, or cannot be written to. That of an installation is
    /// used as it is, and where it does not do, its user's: the second of the two.
    pub fn cargo_homes(&self) -> (Option<OsString>, Option<OsString>) {
        let own = std::env::var_os("CARGO_HOME");
        if self.template.is_some() {
            let own = own.or_else(|| Some(std::env::home_dir()?.join(".cargo").into()));
            return (Some(self.cargo_home.clone().into()), own);
        }
        let first = own.or_else(|| {
            let usual = std::env::home_dir().map(|home| home.join(".cargo"));
            let is_of_use = usual.as_ref() != Some(&self.cargo_home)
                && nix::unistd::access(&self.cargo_home, nix::unistd::AccessFlags::W_OK).is_ok();
            is_of_use.then(|| self.cargo_home.clone().into())
        });
        (first, None)
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, home: &Home) -> Result<()> {
        let file = home.state().join("installed.json");
        if Installed::read(home).is_ok_and(|written| written == *self) {
            return Ok(());
        }
        std::fs::write(&file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", file.display()))
    }
}
