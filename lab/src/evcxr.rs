//! The stock kernel that ours is built on: evcxr_jupyter, at one version.
//!
//! It is taken where it is found, or where the user's own tools bring it ([`offers`]), and compiled
//! where there is none. Whatever is taken is accepted by running it ([`trial`]).

mod offers;
mod trial;

pub use offers::Tools;

use crate::{home::Home, toolchain::Toolchain};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use crate::stock::VERSION;

/// Which evcxr_jupyter the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any that works.
    Any,
    /// One that was compiled here.
    FromSource,
}

/// Where lines for the screen go.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// Finds evcxr_jupyter at [`VERSION`], as an earlier set-up accepted it, as it lies on this machine,
/// or as the user's tools bring it; else compiles it. Says what was taken and from where.
///
/// # Errors
/// When it cannot be compiled: no network, no disk, no C compiler.
pub fn set_up(
    home: &Home,
    toolchain: &Toolchain,
    tools: &Tools,
    wanted: Wanted,
    say: Say,
) -> Result<PathBuf> {
    if let Some(accepted) = Accepted::read(home)
        && (wanted == Wanted::Any || accepted.origin == Origin::Compiled)
    {
        return Ok(accepted.program);
    }
    if wanted == Wanted::Any {
        for offer in tools.offers(home) {
            let Some(program) = offer.fetch(home, say) else {
                continue;
            };
            match trial::run(&program, toolchain, tools) {
                Ok(()) => {
                    say(&format!("evcxr_jupyter {VERSION}: {}", offer.taken(home)));
                    let origin = Origin::Taken(offer.taken(home));
                    return Accepted::new(&program, origin)?.write(home);
                }
                Err(why) => say(&format!(
                    "{} is not taken as the Rust kernel: {why:#}.",
                    program.display()
                )),
            }
        }
    }
    let program = offers::compile(home, tools, wanted)?;
    trial::run(&program, toolchain, tools).with_context(|| {
        format!(
            "{} was compiled and does not work: a log is in {}",
            program.display(),
            home.state().join("log/evcxr.txt").display()
        )
    })?;
    Accepted::new(&program, Origin::Compiled)?.write(home)
}

/// What was accepted, so that it need not be tried again.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Accepted {
    version: String,
    program: PathBuf,
    size: u64,
    modified: SystemTime,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Origin {
    Compiled,
    /// From where, as the screen told it.
    Taken(String),
}

impl Accepted {
    fn new(program: &Path, origin: Origin) -> Result<Accepted> {
        let metadata = program
            .metadata()
            .with_context(|| format!("{} cannot be read", program.display()))?;
        Ok(Accepted {
            version: VERSION.to_owned(),
            program: program.to_owned(),
            size: metadata.len(),
            modified: metadata.modified()?,
            origin,
        })
    }

    fn file(home: &Home) -> PathBuf {
        home.state().join("evcxr.json")
    }

    /// What was accepted earlier, if it is still the same file.
    fn read(home: &Home) -> Option<Accepted> {
        let text = std::fs::read_to_string(Accepted::file(home)).ok()?;
        let written: Accepted = serde_json::from_str(&text).ok()?;
        let now = Accepted::new(&written.program, written.origin.clone()).ok()?;
        (now == written).then_some(written)
    }

    fn write(self, home: &Home) -> Result<PathBuf> {
        let file = Accepted::file(home);
        std::fs::write(&file, serde_json::to_string_pretty(&self)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(self.program)
    }
}

/// # Errors
/// When the program has gone since the set-up.
pub fn require(program: &Path) -> Result<()> {
    program.metadata().map(drop).map_err(|error| {
        let at = program.display();
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            anyhow::anyhow!("the Rust kernel's program, {at}, is another user's, and not for you to run: clone the repository into a folder of your own and run `cargo lab` there")
        } else {
            anyhow::anyhow!("the Rust kernel's program is no longer at {at} ({error}): run `cargo lab setup`")
        }
    })
}
