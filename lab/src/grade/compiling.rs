//! One compilation in the sandbox: what it is shown, and what came of it.

use super::bounded::bounded;
use super::compiler::{self, NotCompiled};
use super::group::Group;
use super::judged::{Bench, COMPILER_MEMORY, COMPILING};
use super::sandbox::{Limits, Walls};
use super::source::Lines;
use anyhow::Result;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A compilation that is to be run.
pub struct Compilation<'a> {
    /// A name for its control group.
    pub name: &'a str,
    /// The folder of its sources.
    pub sources: &'a Path,
    /// What it is shown, and where.
    pub shown: &'a [(PathBuf, PathBuf)],
    /// Where it writes; from [`Bench::out`].
    pub out: &'a Path,
    /// What makes `made` in that folder.
    pub command: Vec<String>,
    pub lines: &'a Lines,
}

/// What became of one.
pub struct Compiled {
    pub program: Result<PathBuf, NotCompiled>,
    /// The most memory that was in use, where it was counted.
    pub memory: Option<u64>,
    /// What was not bounded, in words.
    pub unbounded: Vec<String>,
}

impl Bench<'_> {
    /// Where a compiler writes. With namespaces nothing outside can be written to; else a folder of its own.
    pub fn out(&self, folder: PathBuf) -> Result<PathBuf> {
        if self.walls == Walls::Namespaces {
            return Ok("/tmp".into());
        }
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Runs a compilation. The program comes out through stdout, to `program`.
    ///
    /// # Errors
    /// When it cannot be run at all.
    pub fn compiled(&self, compilation: Compilation, program: &Path) -> Result<Compiled> {
        for file in fs::read_dir(compilation.sources)?.flatten() {
            fs::set_permissions(file.path(), Permissions::from_mode(0o644))?;
        }
        fs::set_permissions(compilation.sources, Permissions::from_mode(0o755))?;
        let limits = Limits::of_a_compiler(self.user);
        let group = self.group(compilation.name, COMPILER_MEMORY / 4 * 5, &limits);
        let mut sandbox = self.sandboxed(&limits, compilation.shown, None, group.as_ref());
        if self.walls == Walls::Landlock {
            sandbox.arg("--own").arg(compilation.out);
        }
        sandbox
            .args([
                "--compiler",
                "--",
                "/bin/sh",
                "-c",
                compiler::SCRIPT,
                "compile",
            ])
            .arg(compilation.out.join("made"))
            .args(compilation.command);
        let limit = COMPILING * self.patience;
        let mut ran = bounded(&mut sandbox, limit, COMPILER_MEMORY, program)?;
        let compiled = match ran.succeeded {
            Some(true) => {
                fs::set_permissions(program, Permissions::from_mode(0o755))?;
                Ok(program.to_owned())
            }
            _ => {
                ran.too_much_memory |= group.as_ref().is_some_and(Group::took_all_memory);
                Err(compiler::why_not(&ran, limit, compilation.lines))
            }
        };
        Ok(Compiled {
            program: compiled,
            memory: group.as_ref().and_then(Group::peak),
            unbounded: group.map(|group| group.missing()).unwrap_or_default(),
        })
    }
}
