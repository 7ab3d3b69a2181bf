//! `cargo lab install`: the kernel where many users have it and none can change it.
//!
//! An installation is made whole, in a folder of its own with a number for a name, and then taken into use
//! by one renaming: that of the link `current`, through which Jupyter finds the kernelspec. So one that
//! fails, or is interrupted, leaves the one before as it was. The folder has the repository's order, as far
//! as a kernel needs it ([`contents`]); nothing in it leads back to the repository.

mod contents;
mod crates;
mod place;

use crate::evcxr::{self, Tools, Wanted};
use crate::home::Home;
use crate::toolchain::Toolchain;
use crate::{kernelspec, progress, run, setup};
use anyhow::{Context, Result, bail};
use place::{Place, Where};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The arguments of `cargo lab install`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    place: Where,

    /// The kernelspec's name: `rust` is the one in the notebooks, and stock evcxr's as well
    #[arg(long, default_value = "rust-notebooks")]
    name: String,

    /// Take a copy of the Rust toolchain along, even if other users can read the one that is there
    #[arg(long)]
    with_toolchain: bool,
}

/// What an installation takes on disk while it is made, in megabytes.
const ROOM: u64 = 1_200;

/// Installs the kernel, and tells how it is used. `clone` is what it is made from.
///
/// # Errors
/// In one sentence: a place that is no place for it, no permission, no disk, a kernel that does not work
/// when it is tried. What was installed before is then as it was.
pub fn install(options: &Options, clone: &Home) -> Result<()> {
    setup::require_c_compiler()?;
    let place = Place::of(&options.place, &options.name, clone)?;
    let _set_up = setup::begin(clone)?;
    let _installing = place.begin()?;
    setup::require_space(&place.folder, ROOM, "the installation")?;
    place.remove_unused();
    let toolchain = Toolchain::find(clone)?;
    let evcxr = evcxr::set_up(
        clone,
        &toolchain,
        &Tools::of_this_process(),
        Wanted::Any,
        &progress::say,
    )?;
    let unfinished = Unfinished::make(place.next()?)?;
    let parts = contents::Parts {
        evcxr,
        toolchain,
        takes_toolchain: options.with_toolchain,
    };
    let installed = parts.fill(&unfinished.0, &place, clone)?;
    prove(&unfinished.0, &place.name)?;
    place::let_all_read(&unfinished.0)?;
    place.take_into_use(&unfinished.0)?;
    let folder = unfinished.keep();
    place.remove_unused();
    progress::say(&place.told(contents::bytes(&folder), &installed));
    Ok(())
}

/// The folder of an installation that is not in use yet: it is removed unless it is kept.
struct Unfinished(PathBuf);

impl Unfinished {
    fn make(folder: PathBuf) -> Result<Unfinished> {
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Unfinished(folder))
    }

    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What is left is removed by the next installation.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// The cells by which an installation is tried. They are also those for which cargo is asked at the start of
/// every kernel: what it answers is kept in the installation, and so is what rust-analyzer is given to read.
const CELLS: [&str; 4] = [
    ":dep support = { path = \"../support\" }\nuse support::prelude::*;",
    "let trace = Trace::new();\nlet thread = trace.spawn(\"thread\", |trace| trace.busy(Duration::from_millis(5)));\ntrace.join(thread).unwrap();",
    "trace.timeline()",
    ":opt 2\nassert!(trace.of(\"thread\").count() > 0);",
];

/// Runs a notebook on the kernel of this name in `folder`.
fn prove(folder: &Path, name: &str) -> Result<()> {
    let work = tempfile::tempdir().context("a folder for temporary files cannot be made")?;
    let notebook = work.path().join("installation.ipynb");
    let cells = CELLS.map(|source| {
        json!({
            "cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [],
            "source": source,
        })
    });
    let book = json!({
        "cells": cells, "metadata": kernelspec::metadata(name), "nbformat": 4, "nbformat_minor": 4,
    });
    fs::write(&notebook, book.to_string())
        .with_context(|| format!("{} cannot be written", notebook.display()))?;
    let options = run::Options {
        paths: vec![notebook],
        ..run::Options::default()
    };
    let environment = run::Environment {
        kernel_dirs: vec![folder.join(place::JUPYTER)],
        ..run::Environment::default()
    };
    if run::run(&options, &environment)?.failed() {
        bail!(
            "the kernel was installed and does not run a first notebook, as said above: it was removed again"
        );
    }
    Ok(())
}
