//! What is compiled once for all: the judge's library against the kernel's prebuilt `support`, and
//! one judge for each assignment. All of it is the teacher's own code, so it is compiled and run
//! outside the sandbox.

use super::assignment::Assignment;
use super::explored;
use super::sandbox::{self, Copies, Walls};
use crate::home::Home;
use crate::installed::Installed;
use crate::template::Template;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The prebuilt parts that grading links against.
pub struct Workshop {
    pub sysroot: PathBuf,
    pub host: String,
    /// Compiled crates for programs, and those that rustc loads.
    pub crates: PathBuf,
    pub host_crates: PathBuf,
    /// The judge's library and the assignments' judges.
    pub folder: PathBuf,
    /// This program, which makes the sandbox.
    pub program: PathBuf,
    /// Names all of this: whatever changes it changes verdicts.
    pub fingerprint: String,
    library: PathBuf,
    /// The crates that a program is linked with which tries every schedule.
    pub explored: PathBuf,
    copies: Copies,
    _template: Template,
}

impl Workshop {
    /// Compiles what is missing or has changed. Blocks while another grading does.
    ///
    /// # Errors
    /// When `support` or the judge's library does not compile, or there is no disk.
    pub fn open(home: &Home, installed: &Installed, walls: Walls) -> Result<Workshop> {
        let template = Template::current(home, installed)?;
        let target = template.folder().join("build/target");
        let sources = home.root.join("judge/src");
        let mut hash = Sha256::new();
        hash.update(template.folder().as_os_str().as_encoded_bytes());
        for file in deciding(&home.root)? {
            let text = fs::read(&file);
            hash.update(text.with_context(|| format!("{} cannot be read", file.display()))?);
        }
        let fingerprint = hex(hash);
        let folder = home.own_state().join("grading").join(&fingerprint);
        let mut workshop = Workshop {
            sysroot: installed.toolchain.sysroot.clone(),
            host: installed.toolchain.host().to_owned(),
            crates: target.join(installed.toolchain.host()).join("debug/deps"),
            host_crates: target.join("debug/deps"),
            program: std::env::current_exe()?,
            library: folder.join("libjudge.rlib"),
            explored: folder.join("explored"),
            folder,
            fingerprint,
            copies: Copies::new()?,
            _template: template,
        };
        let lock = workshop.lock(home)?;
        if !workshop.library.is_file() {
            // What was compiled against something else is of no more use.
            remove_others(&home.own_state().join("grading"), &workshop.fingerprint);
            fs::create_dir_all(workshop.folder.join("judges"))?;
            let step = crate::progress::Step::start("the judge's library");
            let unfinished = workshop.folder.join("unfinished.rlib");
            let mut rustc = workshop.rustc();
            rustc
                .args([
                    "--crate-name",
                    "judge",
                    "--crate-type",
                    "rlib",
                    "-Copt-level=2",
                ])
                .arg("-o")
                .arg(&unfinished)
                .arg(sources.join("lib.rs"));
            compile(&mut rustc, "the judge's library (judge/src)")?;
            explored::build(&workshop, &home.root)?;
            fs::rename(unfinished, &workshop.library)?;
            step.done();
        }
        drop(lock);
        workshop.copy(walls)?;
        Ok(workshop)
    }

    /// What the sandbox shows is shown from a place that does not tell where it came from.
    fn copy(&mut self, walls: Walls) -> Result<()> {
        let copies = &self.copies;
        self.crates = copies.crates(&self.crates, "crates")?;
        self.host_crates = copies.crates(&self.host_crates, "host-crates")?;
        self.library = copies.file(&self.library, "libjudge.rlib")?;
        self.explored = copies.crates(&self.explored, "explored")?;
        self.program = copies.file(&self.program, "lab")?;
        if sandbox::is_reached_by_others(walls) {
            // Root's home, where it lies as a rule, is root's alone.
            self.sysroot = copies.toolchain(&self.sysroot, &self.host, "toolchain")?;
            copies.let_others_through()?;
        }
        Ok(())
    }

    /// For one submission; goes when it is dropped.
    ///
    /// # Errors
    /// When there is no disk.
    pub fn temporary_folder(&self) -> Result<tempfile::TempDir> {
        self.copies.temporary_folder()
    }

    pub fn library(&self) -> &Path {
        &self.library
    }

    fn lock(&self, home: &Home) -> Result<File> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("{} cannot be made", self.folder.display()))?;
        let lock = File::create(home.own_state().join("grading.lock"))
            .context("grading cannot be locked")?;
        lock.lock()?;
        Ok(lock)
    }

    /// rustc as it compiles what links `support`.
    fn rustc(&self) -> Command {
        let mut rustc = Command::new(self.sysroot.join("bin/rustc"));
        rustc.args(self.flags(&self.crates, &self.host_crates));
        crate::template::without_callers_cargo(&mut rustc);
        rustc
    }

    /// rustc as it compiles what links no `support`, only crates that `support` is made of.
    pub fn bare_rustc(&self) -> Command {
        let mut rustc = Command::new(self.sysroot.join("bin/rustc"));
        rustc.args(["--edition=2024", "-Cdebuginfo=0"]);
        for folder in [&self.crates, &self.host_crates] {
            rustc.arg(format!("-Ldependency={}", folder.display()));
        }
        crate::template::without_callers_cargo(&mut rustc);
        rustc
    }

    /// What rustc is told in and outside the sandbox alike, but for where the crates lie.
    pub fn flags(&self, crates: &Path, host_crates: &Path) -> Vec<String> {
        let mut flags: Vec<String> = ["--edition", "2024", "-Cprefer-dynamic", "-Cdebuginfo=0"]
            .map(str::to_owned)
            .into();
        flags.push(format!(
            "--extern=support={}",
            crates.join(self.newest("libsupport-", ".so")).display()
        ));
        for folder in [crates, host_crates] {
            flags.push(format!("-Ldependency={}", folder.display()));
        }
        flags
    }

    /// The compiled crate of this name.
    pub fn rlib(&self, name: &str) -> PathBuf {
        self.crates
            .join(self.newest(&format!("lib{name}-"), ".rlib"))
    }

    /// A library's name, which tells in which way it was compiled; of several the youngest is it.
    fn newest(&self, begins: &str, ends: &str) -> OsString {
        let entries = fs::read_dir(&self.crates).into_iter().flatten().flatten();
        let libraries = entries.filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(begins) && name.ends_with(ends)
        });
        let youngest = libraries.max_by_key(|entry| {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            modified.ok()
        });
        youngest.map(|entry| entry.file_name()).unwrap_or_default()
    }

    /// Where programs find `support` and the standard library.
    pub fn libraries(&self) -> [PathBuf; 2] {
        let standard = self
            .sysroot
            .join("lib/rustlib")
            .join(&self.host)
            .join("lib");
        [self.crates.clone(), standard]
    }

    /// The assignment's judge, compiled if it has not been yet. Returns it and its fingerprint.
    ///
    /// # Errors
    /// When the hidden tests do not compile.
    pub fn judge_of(&self, home: &Home, assignment: &Assignment) -> Result<(PathBuf, String)> {
        let text = judge_text(assignment);
        let mut hash = Sha256::new();
        hash.update(&text);
        let fingerprint = hex(hash);
        let folder = self.folder.join("judges").join(&fingerprint);
        let judge = folder.join("judge");
        let _lock = self.lock(home)?;
        if !judge.is_file() {
            fs::create_dir_all(&folder)?;
            let source = folder.join("main.rs");
            fs::write(&source, text)?;
            let step = crate::progress::Step::start(&format!("the judge of {}", assignment.name));
            let unfinished = folder.join("unfinished");
            let mut rustc = self.rustc();
            rustc
                .args(["--crate-name", "judge_of_one", "--cap-lints", "allow"])
                .arg("--extern")
                .arg(format!("judge={}", self.library().display()))
                .arg("-o")
                .arg(&unfinished)
                .arg(&source);
            compile(
                &mut rustc,
                &format!("{}: the hidden tests", assignment.path.display()),
            )?;
            fs::rename(unfinished, &judge)?;
            step.done();
        }
        Ok((judge, fingerprint))
    }
}

/// The hidden tests as a program: each a function of its own, all below what they share.
fn judge_text(assignment: &Assignment) -> String {
    let mut text =
        String::from("mod shared {\n#[allow(unused_imports)] use ::judge::prelude::*;\n");
    text += &assignment.shared;
    let mut list = String::new();
    for (number, test) in assignment.tests.iter().enumerate() {
        text += &format!(
            "\npub mod test_{number} {{ // the cell \"{}\"\n#[allow(unused_imports)] use super::*;\npub fn test(judge: &mut Judge) -> Verdict {{ ::judge::Outcome::verdict({{\n{}}}) }}\n}}\n",
            test.id, test.body
        );
        list += &format!("    (\"{}\", shared::test_{number}::test),\n", test.id);
    }
    format!("{text}}}\nfn main() -> ::std::process::ExitCode {{ ::judge::run(&[\n{list}]) }}\n")
}

pub fn compile(rustc: &mut Command, what: &str) -> Result<()> {
    let answer = rustc.output().context("rustc cannot be started")?;
    if !answer.status.success() {
        bail!(
            "{what} cannot be compiled:\n{}",
            String::from_utf8_lossy(&answer.stderr).trim()
        );
    }
    Ok(())
}

/// The sources of all that takes part in a verdict: this program's grading, the judge's library and what
/// stands beside it, and the explorer.
fn deciding(root: &Path) -> Result<Vec<PathBuf>> {
    let folders = ["lab/src/grade", "judge", "support/interleavings/src"];
    let mut files = Vec::new();
    for folder in folders {
        let pattern = root.join(folder).join("**/*.rs");
        files.extend(glob::glob(&pattern.to_string_lossy())?.flatten());
    }
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} has no sources", root.display());
    Ok(files)
}

fn remove_others(folder: &Path, kept: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name() != kept {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

pub fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
