//! The Rust toolchain that kernels compile with, and the sources that evcxr infers types from.

use crate::{home::Home, outline, progress};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The version that the repository is built with; rust-toolchain.toml names it in full.
pub const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

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
