//! What the kernel's `cargo` does.
//!
//! - It puts back the lock file: at a kernel's start evcxr builds an empty program, and cargo prunes
//!   the lock to that; `:dep` would then choose the newest versions, compile everything again, and
//!   replace a library that the cells' process has loaded.
//! - It compiles a cell without cargo where nothing but the cell has changed ([`direct`](super::direct)).
//!   Where evcxr asks it to check a cell, it does not have every dependency checked from scratch: they
//!   have been built.
//! - It remembers what cargo answered to the questions about this toolchain and about `support` that
//!   are asked at each start ([`answers`]): most of a second of it.
//! - At its start evcxr has rust-analyzer look at an empty program, once, and then at one with
//!   `support`. The standard library's sources, two seconds of reading, are there for the second
//!   only: [`RUST_SRC`] leads to an empty folder until then. And rust-analyzer is told of no package
//!   that cells do not name, and of the others what can be named in them ([`sources`](crate::sources)).
//! - It keeps what the compiler says of a cell, in [`MESSAGES`], for the kernel's front to read.

use super::command::Paths;
use super::kept::{self, Kept, Key};
use super::log::{self, How};
use super::mend::Mended;
use super::{MESSAGES, RUST_SRC, Settings, become_program, folder};
use super::{again, answers, direct, refusal};
use crate::{sources, stock};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Instant;

/// If this variable is set, cells are compiled by cargo alone.
pub const ALWAYS: &str = "NOTEBOOK_ALWAYS_CARGO";

/// By this, `cargo metadata` tells of one platform's packages alone.
const FOR: &str = "--filter-platform";

/// evcxr's builds, told from other calls.
const BUILD: &str = "build";

/// In the kernel's own `cargo`: does what it was asked to.
///
/// # Errors
/// When the kernel's folder is damaged or cargo cannot be started.
pub fn run(arguments: Vec<OsString>) -> Result<ExitCode> {
    let mut paths = Paths::of_kernel(folder()?);
    let settings = Settings::read(&paths.folder)?;
    let is_kernels = same_folder(Path::new("."), &paths.build);
    let words: Option<Vec<&str>> = arguments.iter().map(|word| word.to_str()).collect();
    let (Some(words), true) = (words, is_kernels) else {
        // A cell that uses cargo for something of its own.
        return become_program(paths.readers_cargo(&settings).args(&arguments))
            .map(|()| ExitCode::SUCCESS);
    };
    restore_lock(&paths)?;
    match words.as_slice() {
        ["locate-project", "--workspace", "--manifest-path", manifest] => {
            if names_support(&paths.build.join("Cargo.toml")) {
                show_library_sources(&paths, &settings)?;
            }
            println!("{}", serde_json::json!({ "root": manifest }));
        }
        ["--version"]
        | ["-Z", "unstable-options", "config", "get", ..]
        | ["rustc", "-Z", "unstable-options", "--print", ..] => {
            print(&answers::about_toolchain(&paths, &settings, &words)?)?;
        }
        ["metadata", ..] => {
            paths.find_crates(&settings)?;
            let mut words = words;
            if paths.has_installed_crates() && !words.contains(&FOR) {
                // Those for other platforms are not there, and nobody asks for them.
                words.extend([FOR, &settings.host]);
            }
            let text = answers::metadata(&paths, &settings, &words)?;
            let is_rust_analyzers = words.contains(&"--manifest-path");
            match serde_json::from_slice(&text) {
                Ok(metadata) if is_rust_analyzers => {
                    let seen = sources::for_cells(metadata);
                    let seen = sources::outlined(seen, &settings.outlines());
                    print(&serde_json::to_vec(&seen)?)?;
                }
                _ => print(&text)?,
            }
        }
        ["--offline", "build" | "check", ..] | ["build" | "check", ..] => {
            let began = Instant::now();
            paths.find_crates(&settings)?;
            let is_check = words.contains(&"check");
            let compiled = compile(&paths, &settings, &words, is_check);
            let refusal = match &compiled {
                Ok((_, code)) if *code == ExitCode::SUCCESS => None,
                Ok(_) => refusal::of_full_disk(&paths.folder),
                Err(error) => {
                    Some(refusal::of_full_disk(&paths.folder).unwrap_or(format!("{error:#}")))
                }
            };
            if let Some(sentence) = refusal {
                print(format!("{}\n", refusal::message(&sentence)).as_bytes())?;
            }
            let (how, code) = compiled?;
            log::note(how, is_check, began, code);
            return Ok(code);
        }
        _ => become_program(paths.cargo(&settings).args(&arguments))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn compile(
    paths: &Paths,
    settings: &Settings,
    words: &[&str],
    is_check: bool,
) -> Result<(How, ExitCode)> {
    let arguments: Vec<String> = words
        .iter()
        .map(|word| if *word == "check" { "build" } else { word }.to_owned())
        .collect();
    let doubted = [ALWAYS, "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let mut mended = Mended::of(paths, !doubted)?;
    if !doubted
        && let Some(kept) = Kept::load(paths, &Key::of(paths, BUILD, &arguments)?)
        && kept.is_current()
    {
        let (how, code) = direct::compile(paths, &kept, is_check, &mut mended)?;
        if code == ExitCode::SUCCESS
            && !is_check
            && let Some(support) = again::linked_by(&kept.command)
        {
            again::prepare(&paths.folder, &support);
        }
        return Ok((how, code));
    }
    mended.mend()?;
    let mut cargo = paths.builder(settings);
    cargo.stderr(Stdio::inherit());
    match std::env::var_os(ALWAYS) {
        // As stock evcxr has it, check and all.
        Some(_) => cargo.args(words),
        None => cargo.args(&arguments),
    };
    let mut watch = again::Watch::default();
    let answer = match doubted {
        true => listen(&mut cargo, &mut watch)?,
        false => build(
            paths,
            settings,
            cargo,
            &arguments,
            &mended.arguments(),
            |cargo| listen(cargo, &mut watch),
        )?,
    };
    if answer.status.success() && !is_check {
        mended.is_made(&library(paths, words));
    }
    std::fs::write(paths.folder.join(MESSAGES), &answer.stdout)?;
    if let Some(support) = watch.end(&paths.folder)
        && answer.status.success()
        && !is_check
    {
        again::prepare(&paths.folder, &support);
    }
    print(&answer.stdout)?;
    Ok((How::Cargo, ends_like(&answer)))
}

/// Where evcxr's cargo puts what a cell becomes.
fn library(paths: &Paths, words: &[&str]) -> PathBuf {
    let of_host = words.iter().skip_while(|word| **word != "--target").nth(1);
    let target = paths.build.join(stock::TARGET);
    let host = of_host.map_or(target.clone(), |host| target.join(host));
    host.join("debug").join(stock::LIBRARY)
}

/// Has `cargo` build, and keeps the command that it issues for the cell. rustc gets `more` arguments.
fn build(
    paths: &Paths,
    settings: &Settings,
    mut cargo: Command,
    arguments: &[String],
    more: &[String],
    run: impl FnOnce(&mut Command) -> Result<Output>,
) -> Result<Output> {
    let recorded = paths
        .folder
        .join(format!("recorded.{}", std::process::id()));
    cargo
        .env("RUSTC_WRAPPER", &settings.launcher)
        .env(kept::RECORD, &recorded)
        .env(kept::MORE, more.join("\n"));
    let answer = run(&mut cargo)?;
    if answer.status.success() {
        // Where something is in doubt, the next cell is cargo's again.
        let _ = keep(paths, &cargo, arguments, &recorded, &answer.stdout);
    }
    let _ = std::fs::remove_file(again::told(&recorded));
    let _ = std::fs::remove_file(recorded);
    Ok(answer)
}

/// Runs cargo in a kernel; its stderr goes where it goes by itself, for evcxr to pass on.
fn listen(cargo: &mut Command, watch: &mut again::Watch) -> Result<Output> {
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut cargo = cargo.spawn().context("cargo cannot be started")?;
    let mut stdout = Vec::new();
    let mut messages = BufReader::new(cargo.stdout.take().context("cargo has no stdout")?);
    loop {
        let before = stdout.len();
        if messages.read_until(b'\n', &mut stdout)? == 0 {
            break;
        }
        watch.hear(&stdout[before..]);
    }
    Ok(Output {
        status: cargo.wait()?,
        stdout,
        stderr: Vec::new(),
    })
}

fn keep(
    paths: &Paths,
    cargo: &Command,
    arguments: &[String],
    recorded: &Path,
    messages: &[u8],
) -> Result<()> {
    let mut kept: Kept = serde_json::from_slice(&std::fs::read(recorded)?)?;
    let before = environment_of(cargo);
    kept.environment
        .retain(|name, value| before.get(name.as_str()) != Some(&OsString::from(&*value)));
    if let Some(kept) = kept.complete(paths, std::str::from_utf8(messages)?) {
        // cargo may have changed the lock file; the next build begins by putting it back.
        restore_lock(paths)?;
        direct::keep_source(paths, &kept);
        kept.save(paths, &Key::of(paths, BUILD, arguments)?)?;
    }
    Ok(())
}

/// Makes the commands for cells of `levels` with `dependencies` known to all kernels that are made
/// from the template at `paths`. `cargo` is a command in the environment that evcxr gives it.
///
/// # Errors
/// When such a cell cannot be compiled.
pub fn learn(
    paths: &Paths,
    settings: &Settings,
    host: &str,
    cells: &[(&str, &str)],
    environment: impl Fn(&mut Command),
) -> Result<()> {
    let arguments = stock::cargo_arguments("build", host);
    for (number, (level, dependencies)) in cells.iter().enumerate() {
        std::fs::write(
            paths.build.join("Cargo.toml"),
            stock::manifest(level, dependencies),
        )?;
        // Another text each time: cargo calls rustc only for what has changed.
        let source = format!("pub const NUMBER: usize = {number};\n");
        std::fs::write(paths.build.join(stock::SOURCE), source)?;
        restore_lock(paths)?;
        let mut cargo = paths.builder(settings);
        cargo.args(&arguments).current_dir(&paths.build);
        environment(&mut cargo);
        let answer = build(paths, settings, cargo, &arguments, &[], |cargo| {
            cargo.output().context("cargo cannot be started")
        })?;
        anyhow::ensure!(
            answer.status.success(),
            "a first cell does not compile: {}",
            String::from_utf8_lossy(&answer.stderr).trim()
        );
    }
    restore_lock(paths)
}

/// Its variables, as this process passes them on.
fn environment_of(command: &Command) -> BTreeMap<String, OsString> {
    let mut all: BTreeMap<_, _> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    for (name, value) in command.get_envs() {
        let name = name.to_string_lossy().into_owned();
        match value {
            Some(value) => all.insert(name, value.to_owned()),
            None => all.remove(&name),
        };
    }
    all
}

fn restore_lock(paths: &Paths) -> Result<()> {
    let lock = paths.build.join("Cargo.lock");
    let whole = std::fs::read_to_string(&lock)
        .is_ok_and(|text| text.lines().any(|line| line == "name = \"support\""));
    if !whole {
        std::fs::copy(paths.folder.join("Cargo.lock"), &lock)
            .with_context(|| format!("{} cannot be put back", lock.display()))?;
    }
    Ok(())
}

fn names_support(manifest: &Path) -> bool {
    std::fs::read_to_string(manifest).is_ok_and(|text| {
        text.lines().any(|line| {
            line.strip_prefix("support")
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    })
}

fn show_library_sources(paths: &Paths, settings: &Settings) -> Result<()> {
    let link = paths.folder.join(RUST_SRC);
    let new = paths.folder.join("rust-src.new");
    let _ = std::fs::remove_file(&new);
    std::os::unix::fs::symlink(&settings.rust_src, &new)?;
    std::fs::rename(new, link).context("the library's sources cannot be shown")
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

pub(super) fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

fn ends_like(answer: &Output) -> ExitCode {
    let code = answer.status.code().unwrap_or(101);
    ExitCode::from(u8::try_from(code).unwrap_or(101))
}
