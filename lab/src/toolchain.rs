//! The Rust toolchain that kernels compile with, and the sources that evcxr infers types from.

use crate::template::copy;
use crate::{home::Home, outline, progress};
use anyhow::{Context, Result, bail};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the repository is built with; rust-toolchain.toml names it in full.
pub const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Where this user's cargo keeps the sources of crates, and the programs that it installs.
pub fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").filter(|named| !named.is_empty());
    let usual = || Some(std::env::home_dir()?.join(".cargo"));
    named.map(PathBuf::from).or_else(usual)
}

/// The toolchain itself, not rustup's shims, which cost a tenth of a second at each call.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Toolchain {
    pub sysroot: PathBuf,
    /// `rustc -vV`, whole: names the version, the commit and the host.
    pub version: String,
}

impl Toolchain {
    /// The toolchain that the repository's `rust-toolchain.toml` asks for.
    ///
    /// # Errors
    /// When rustc cannot be run.
    pub fn find(home: &Home) -> Result<Toolchain> {
        let ask = |arguments: &[&str]| -> Result<String> {
            let answer = Command::new("rustc")
                .args(arguments)
                .current_dir(&home.root)
                .output();
            let answer = answer.context("rustc was not found: install Rust 1.95.0 with rustup")?;
            if !answer.status.success() {
                bail!(
                    "rustc cannot be run: {}",
                    String::from_utf8_lossy(&answer.stderr).trim()
                );
            }
            Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
        };
        Ok(Toolchain {
            sysroot: ask(&["--print", "sysroot"])?.into(),
            version: ask(&["-vV"])?,
        })
    }

    pub fn bin(&self) -> PathBuf {
        self.sysroot.join("bin")
    }

    /// The platform that it compiles for, such as `x86_64-unknown-linux-gnu`.
    pub fn host(&self) -> &str {
        self.version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or("unknown")
    }

    /// Whether every user of this machine can run it, and not only the one whose home it is in.
    pub fn is_for_all(&self) -> bool {
        let lets = |path: &Path, bits: u32| {
            path.metadata()
                .is_ok_and(|metadata| metadata.permissions().mode() & bits == bits)
        };
        let parts = ["bin/rustc", "bin/cargo", "lib"].map(|part| self.sysroot.join(part));
        let sysroot = self.sysroot.canonicalize().unwrap_or_default();
        parts.iter().all(|part| lets(part, 0o005)) && sysroot.ancestors().all(|it| lets(it, 0o001))
    }

    /// Copies what compiles cells: not the documentation, nor the tools for people.
    ///
    /// # Errors
    /// When a part is missing, or there is no room for it.
    pub fn copy_to(&self, folder: &Path) -> Result<()> {
        let rustlib = format!("lib/rustlib/{}", self.host());
        let libraries = glob::glob(&format!("{}/lib/*.so*", self.sysroot.display()))?;
        let mut files: Vec<_> = ["rustc", "cargo"].map(|name| self.bin().join(name)).into();
        files.extend(libraries.flatten());
        for file in files {
            let copied = folder.join(file.strip_prefix(&self.sysroot)?);
            std::fs::create_dir_all(copied.parent().unwrap_or(folder))
                .and_then(|()| std::fs::copy(&file, &copied))
                .with_context(|| {
                    format!(
                        "{} cannot be copied to {}",
                        file.display(),
                        copied.display()
                    )
                })?;
        }
        for part in [&*rustlib, "libexec"] {
            let (from, to) = (self.sysroot.join(part), folder.join(part));
            // rust-analyzer's helper, in `libexec`, is not everywhere.
            if part == rustlib || from.is_dir() {
                std::fs::create_dir_all(&to)?;
                copy::tree(&from, &to)?;
            }
        }
        Ok(())
    }

    /// The folder with std as a library that is loaded. `support` looks for it on the way that leads there
    /// from where it was compiled; a copy of `support` finds it on that way only if it leads over the root.
    pub fn libraries(&self) -> PathBuf {
        self.sysroot
            .join("lib/rustlib")
            .join(self.host())
            .join("lib")
    }

    fn library(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library")
    }

    /// Copies the part of the standard library's sources that evcxr needs in order to infer the
    /// types of variables. Reading all of them is most of what makes a kernel slow to start.
    ///
    /// # Errors
    /// When the sources are missing and rustup cannot add them.
    pub fn trim_sources(&self, home: &Home) -> Result<PathBuf> {
        let trimmed = home.state().join("rust-src");
        let stamp = trimmed.join("version");
        let version = format!("{}\n{}\n", self.version, outline::FORMAT);
        if std::fs::read_to_string(&stamp).is_ok_and(|present| present == version) {
            return Ok(trimmed);
        }
        if !self.library().join("core/src/lib.rs").is_file() {
            self.add_sources(home)?;
        }
        if trimmed.exists() {
            std::fs::remove_dir_all(&trimmed)?;
        }
        for name in [
            "alloc",
            "core",
            "panic_abort",
            "panic_unwind",
            "proc_macro",
            "std",
            "test",
            "unwind",
        ] {
            outline::copy(&self.library().join(name), &trimmed.join(name)).with_context(|| {
                format!(
                    "Rust's library sources ({name}) cannot be copied to {}",
                    trimmed.display()
                )
            })?;
        }
        std::fs::write(&stamp, version)?;
        Ok(trimmed)
    }

    fn add_sources(&self, home: &Home) -> Result<()> {
        let log = home.state().join("log/rust-src.txt");
        let mut command = Command::new("rustup");
        progress::run("Rust's library sources", command.args(["component", "add", "rust-src"]).current_dir(&home.root), &log)
            .context("Rust's library sources (rust-src) are missing: add them with `rustup component add rust-src`")
    }
}
