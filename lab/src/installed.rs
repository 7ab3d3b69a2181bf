//! What the set-up found and made, written down for the kernel's launcher.

use crate::home::Home;
use crate::toolchain::{self, Toolchain};
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
        let (of_user, of_setup) = (toolchain::cargo_home(), self.cargo_home.clone());
        if self.template.is_some() {
            return (Some(of_setup.into()), of_user.map(OsString::from));
        }
        let named = std::env::var_os("CARGO_HOME").filter(|named| !named.is_empty());
        let first = named.or_else(|| {
            let is_of_use = of_user.as_ref() != Some(&of_setup)
                && nix::unistd::access(&of_setup, nix::unistd::AccessFlags::W_OK).is_ok();
            is_of_use.then(|| of_setup.into())
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
