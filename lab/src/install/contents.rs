//! What is in an installation: a repository's order, with what a kernel needs and nothing else.
//!
//! ```text
//! launcher, evcxr_jupyter        programs
//! support/, Cargo.toml, …        what cells are linked with, from which rust-analyzer reads
//! judge/                         what assignments are graded with
//! cargo/                         the sources of the crates below it
//! toolchain/                     Rust's, if its own place is not for everybody
//! notebooks/                     the lessons, for their readers to copy
//! share/jupyter/kernels/NAME/    the kernelspec
//! .lab/                          the template, and what a set-up writes
//! ```

use super::crates::Crates;
use super::place::{JUPYTER, Place};
use crate::home::Home;
use crate::installed::Installed;
use crate::template::{self, Template, copy};
use crate::toolchain::{self, Toolchain};
use crate::{kernelspec, progress, run};
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a set-up finds and an installation takes along.
pub struct Parts {
    pub evcxr: PathBuf,
    pub toolchain: Toolchain,
    /// Even if it need not.
    pub takes_toolchain: bool,
}

/// Of the notebooks' folder. Not the assignments: their hidden tests and solutions are in there; nor what is
/// for teachers.
const LESSONS: [&str; 3] = ["README.md", "programs", "python"];

impl Parts {
    /// Fills an empty folder from the repository.
    ///
    /// # Errors
    /// When something cannot be read, written or compiled.
    pub fn fill(self, folder: &Path, place: &Place, clone: &Home) -> Result<Installed> {
        let step = progress::Step::start("copies");
        let sources = self.toolchain.trim_sources(clone)?;
        for name in ["support", "judge", "Cargo.lock"] {
            take(&clone.root.join(name), &folder.join(name))?;
        }
        let lock = fs::read_to_string(clone.root.join("Cargo.lock"))?;
        let manifest = fs::read_to_string(clone.root.join("Cargo.toml"))?;
        fs::write(
            folder.join("Cargo.toml"),
            template::manifest_of_family(&manifest, &lock),
        )?;
        let home = Home::at(folder)?;
        fs::create_dir(home.state())?;
        let rust_src = home.state().join("rust-src");
        take(&sources, &rust_src)?;
        take_lessons(clone, &home, &place.name)?;
        let evcxr = home.root.join("evcxr_jupyter");
        take(&self.evcxr, &evcxr)?;
        let launcher = home.root.join("launcher");
        kernelspec::copy_program(&launcher)?;
        let kernels = home.root.join(JUPYTER).join("kernels");
        kernelspec::write(&kernels, &place.name, &launcher, &home)?;
        kernelspec::write_settings(&home)?;
        let crates = Crates::copy(
            &lock,
            &toolchain::cargo_home().unwrap_or_default(),
            &home.root.join("cargo"),
        )?;
        let mut toolchain = self.toolchain;
        if self.takes_toolchain || !place.is_private && !toolchain.is_for_all() {
            step.detail("Rust toolchain");
            let own = home.root.join("toolchain");
            toolchain.copy_to(&own)?;
            toolchain.sysroot = own;
        }
        step.done();
        let mut installed = Installed {
            toolchain,
            evcxr,
            rust_src,
            launcher,
            python: place.python.clone().unwrap_or_default(),
            cargo_home: crates.home.clone(),
            template: None,
        };
        let template = Template::current(&home, &installed)?;
        let name = template.folder().file_name().unwrap_or_default();
        installed.template = Some(name.to_string_lossy().into_owned());
        installed.write(&home)?;
        crates.leave_what_is_used()?;
        let _ = fs::remove_dir_all(home.state().join("log"));
        Ok(installed)
    }
}

/// A file or a folder, copied.
fn take(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir(to).with_context(|| format!("{} cannot be made", to.display()))?;
        return copy::tree(from, to);
    }
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))
}

/// The lessons, which name the kernel of this installation: to open and save one then changes nothing in it.
fn take_lessons(clone: &Home, home: &Home, kernel: &str) -> Result<()> {
    let folder = home.notebooks();
    fs::create_dir(&folder)?;
    for name in LESSONS {
        take(&clone.notebooks().join(name), &folder.join(name))?;
    }
    for lesson in clone.files("notebooks", "ipynb")? {
        let text = fs::read_to_string(&lesson)
            .with_context(|| format!("{} cannot be read", lesson.display()))?;
        let mut book: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no notebook", lesson.display()))?;
        let of_this = kernelspec::metadata(kernel);
        book["metadata"]["kernelspec"] = of_this["kernelspec"].clone();
        let name = lesson.file_name().unwrap_or_default();
        fs::write(folder.join(name), run::notebook_text(&book)?)?;
    }
    Ok(())
}

/// What a folder takes on disk.
pub fn bytes(folder: &Path) -> u64 {
    let Ok(metadata) = folder.symlink_metadata() else {
        return 0;
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below: u64 = match metadata.is_dir() {
        true => entries.map(|entry| bytes(&entry.path())).sum(),
        false => 0,
    };
    metadata.blocks() * 512 + below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_name_the_kernel_of_their_installation_and_change_in_nothing_else() {
        let clone = Home::of_this_program().expect("a repository");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let support = folder.path().join("support");
        fs::create_dir(&support).expect("a writable folder");
        fs::write(support.join("Cargo.toml"), "").expect("a writable folder");
        let home = Home::at(folder.path()).expect("what looks like a repository");
        take_lessons(&clone, &home, "rust-notebooks").expect("lessons");
        let lessons = home.files("notebooks", "ipynb").expect("a folder");
        assert!(lessons.len() > 15, "{lessons:?}");
        let read = |path: &Path| -> Value {
            let text = fs::read_to_string(path).expect("a file");
            serde_json::from_str(&text).expect("JSON")
        };
        for lesson in lessons {
            let of_clone = clone.notebooks().join(lesson.file_name().expect("a name"));
            let mut expected = read(&of_clone);
            expected["metadata"] = kernelspec::metadata("rust-notebooks");
            assert_eq!(read(&lesson), expected, "{}", lesson.display());
        }
    }
}
