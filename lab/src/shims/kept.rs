//! The rustc command that cargo issues for a cell: kept, and used again while it is the same.
//!
//! It is the same while everything that cargo makes it from is: the manifest, the lock file, cargo's
//! configuration, its arguments, the environment, and the sources of local dependencies. What one
//! kernel's command depends on is its [`Key`]; sources are looked at by [`Kept::is_current`].

use super::again;
use super::command::Paths;
use crate::stock;
use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Names the file to which the command goes that cargo issues: cargo then calls this program, as its
/// `RUSTC_WRAPPER`, in rustc's place.
pub const RECORD: &str = "NOTEBOOK_RECORD";

/// What a cell's rustc is told besides, in one build: an argument a line.
pub const MORE: &str = "NOTEBOOK_MORE";

/// Variables of one build by cargo alone: who records it, and how its parts take turns.
const OF_THIS_BUILD: [&str; 6] = [
    RECORD,
    MORE,
    "RUSTC_WRAPPER",
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
    "MFLAGS",
];

/// Stands for the kernel's folder in what is kept: a template's commands serve every kernel.
const FOLDER: &str = "\u{1}folder\u{1}";

/// What a cell's command is made from, hashed.
pub struct Key(String);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Key {
    /// Of the build directory as it is. `arguments` are cargo's; what is called in another
    /// environment than that is of another `kind`.
    pub fn of(paths: &Paths, kind: &str, arguments: &[String]) -> Result<Key> {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        for argument in arguments {
            add(argument.as_bytes());
        }
        add(others_in_lock(&paths.build.join("Cargo.lock")).as_bytes());
        for file in [
            paths.build.join("Cargo.toml"),
            paths.build.join(".cargo/config.toml"),
            paths.folder.join(".cargo/config.toml"),
        ] {
            add(&std::fs::read(&file).unwrap_or_default());
        }
        for configuration in paths.outer_configurations() {
            // Mostly there is none, however deep the folder lies.
            if let Ok(text) = std::fs::read(&configuration) {
                add(&text);
            }
        }
        add(paths.environment(kind)?.as_bytes());
        Ok(Key(crate::template::hex(&hash.finalize()[..8])))
    }
}

/// Whether the lock file has grown by crates that the reader has asked for.
pub fn has_crates_of_its_own(paths: &Paths) -> bool {
    let [here, first] = [&paths.build, &paths.folder].map(|folder| folder.join("Cargo.lock"));
    others_in_lock(&here) != others_in_lock(&first)
}

/// The lock file without the program itself, which evcxr's check of a dependency calls by another name.
/// What it depends on stands in the manifest.
fn others_in_lock(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let of_program = [stock::CRATE, stock::PROBE].map(|name| format!("name = \"{name}\"\n"));
    let others = text
        .split("\n\n")
        .filter(|package| !of_program.iter().any(|name| package.contains(name)));
    others.collect::<Vec<_>>().join("\n\n")
}

/// A command as rustc was called with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// rustc and its arguments.
    pub command: Vec<String>,
    /// What cargo added to its own environment.
    pub environment: BTreeMap<String, String>,
    /// cargo's message about what was made.
    pub artifact: Value,
    /// The sources of local dependencies.
    sources: Vec<Source>,
}

/// A file as it was when something was made from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    path: PathBuf,
    modified: i64,
    nanoseconds: i64,
    length: u64,
}

impl Source {
    pub fn read(path: &Path) -> Option<Source> {
        let metadata = path.metadata().ok()?;
        Some(Source {
            path: path.to_owned(),
            modified: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
            length: metadata.len(),
        })
    }

    pub fn is_unchanged(&self) -> bool {
        Source::read(&self.path).as_ref() == Some(self)
    }
}

impl Kept {
    pub fn load(paths: &Paths, key: &Key) -> Option<Kept> {
        read(paths, &file(paths, key))
    }

    /// Whether no source of a local dependency has changed since.
    pub fn is_current(&self) -> bool {
        self.sources.iter().all(Source::is_unchanged)
    }

    /// What cargo's rustc was recorded as, completed by what cargo said of the build; nothing where
    /// that leaves a doubt.
    pub fn complete(mut self, paths: &Paths, messages: &str) -> Option<Kept> {
        for message in messages.lines() {
            let message: Value = serde_json::from_str(message).ok()?;
            let is_local = message["package_id"]
                .as_str()
                .is_some_and(|id| id.starts_with("path+"));
            let kinds = message["target"]["kind"].as_array();
            let runs_while_building = message["reason"] == "build-script-executed"
                || kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "proc-macro"));
            if is_local && runs_while_building {
                // Only cargo knows what its work depends on.
                return None;
            }
            if message["reason"] == "compiler-artifact" && message["target"]["name"] == stock::CRATE
            {
                self.artifact = message;
            }
        }
        let library = PathBuf::from(self.artifact["filenames"][0].as_str()?);
        let dependencies = std::fs::read_to_string(library.with_extension("d")).ok()?;
        let own = paths.build.join(stock::SOURCE);
        self.sources = dependency_files(&dependencies)
            .filter(|path| *path != own)
            .map(|path| Source::read(&path))
            .collect::<Option<_>>()?;
        Some(self)
    }

    pub fn save(&self, paths: &Paths, key: &Key) -> Result<()> {
        write(paths, &file(paths, key), self)
    }
}

/// Reads what [`write`] wrote, for this kernel.
pub fn read<T: DeserializeOwned>(paths: &Paths, file: &Path) -> Option<T> {
    let text = std::fs::read_to_string(file).ok()?;
    let (here, anywhere) = spelt(paths).ok()?;
    serde_json::from_str(&text.replace(&anywhere, &here)).ok()
}

/// Writes a value so that it serves in every kernel: whole, or not at all.
pub fn write<T: Serialize>(paths: &Paths, file: &Path, value: &T) -> Result<()> {
    let (here, anywhere) = spelt(paths)?;
    let text = serde_json::to_string(value)?.replace(&here, &anywhere);
    std::fs::create_dir_all(file.parent().unwrap_or(&paths.folder))?;
    let unfinished = file.with_extension(std::process::id().to_string());
    std::fs::write(&unfinished, text)?;
    std::fs::rename(unfinished, file)?;
    Ok(())
}

/// The kernel's folder, and what stands for it, within a JSON string.
fn spelt(paths: &Paths) -> Result<(String, String)> {
    let inner = |text: String| text[1..text.len() - 1].to_owned();
    Ok((
        inner(serde_json::to_string(&paths.folder)?),
        inner(serde_json::to_string(FOLDER)?),
    ))
}

fn file(paths: &Paths, key: &Key) -> PathBuf {
    paths.folder.join("commands").join(&key.0)
}

/// The files in one of cargo's `.d` files, which spells a space with a backslash.
fn dependency_files(text: &str) -> impl Iterator<Item = PathBuf> {
    let files = text.split_once(": ").map_or("", |(_, files)| files);
    let files = files
        .lines()
        .next()
        .unwrap_or_default()
        .replace("\\ ", "\0");
    let files: Vec<PathBuf> = files
        .split(' ')
        .filter(|file| !file.is_empty())
        .map(|file| file.replace('\0', " ").into())
        .collect();
    files.into_iter()
}

/// In rustc's place: keeps the command if it is a cell's, and becomes rustc.
///
/// # Errors
/// When rustc cannot be started.
pub fn record(file: &Path, command: &[OsString]) -> Result<ExitCode> {
    let text: Option<Vec<&str>> = command.iter().map(|word| word.to_str()).collect();
    let (rustc, arguments) = command.split_first().context("no rustc is named")?;
    again::begins(file, arguments);
    let mut more = String::new();
    if let Some(text) = text.filter(|text| is_cells(text)) {
        more = std::env::var(MORE).unwrap_or_default();
        let kept = Kept {
            command: text.into_iter().map(str::to_owned).collect(),
            environment: std::env::vars_os()
                .filter(|(name, _)| !OF_THIS_BUILD.iter().any(|own| name == own))
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            ..Kept::default()
        };
        // Without it, the next cell is compiled by cargo as well.
        let _ = std::fs::write(file, serde_json::to_vec(&kept)?);
    }
    let error = Command::new(rustc)
        .args(arguments)
        .args(more.lines())
        .env_remove(RECORD)
        .env_remove(MORE)
        .exec();
    anyhow::bail!("{} cannot be started: {error}", rustc.display())
}

fn is_cells(command: &[&str]) -> bool {
    command
        .windows(2)
        .any(|pair| pair == ["--crate-name", stock::CRATE])
}
