//! What cargo answered, remembered: for all kernels, or, where the reader has added crates, for this one.

use super::Settings;
use super::command::Paths;
use super::kept::{self, Key, Source};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Output;

/// The folder, beside the build directory, with those that are for this kernel alone.
const OWN: &str = "answers";

#[derive(Serialize, Deserialize)]
struct Answer {
    text: String,
    complaint: String,
    /// The manifests of local packages, which it tells of.
    manifests: Vec<Source>,
}

/// What cargo says about the toolchain.
///
/// # Errors
/// When cargo cannot be started, or fails.
pub fn about_toolchain(paths: &Paths, settings: &Settings, words: &[&str]) -> Result<Vec<u8>> {
    let name = words.join(" ");
    let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    let file = settings.answers.join(name);
    remembered(paths, settings, words, &file, |_| Some(Vec::new()))
}

/// What cargo says about the packages of the build directory's program.
///
/// # Errors
/// When cargo cannot be started, or fails.
pub fn metadata(paths: &Paths, settings: &Settings, words: &[&str]) -> Result<Vec<u8>> {
    let here = paths.build.to_string_lossy();
    let arguments: Vec<String> = words.iter().map(|word| word.replace(&*here, "")).collect();
    // evcxr asks in the build directory, and rust-analyzer names the manifest.
    let kind = match words.contains(&"--manifest-path") {
        true => "metadata-of-manifest",
        false => "metadata",
    };
    let key = Key::of(paths, kind, &arguments)?;
    let answers = match kept::has_crates_of_its_own(paths) {
        true => paths.folder.join(OWN),
        false => settings.answers.clone(),
    };
    let file = answers.join(format!("metadata-{key}"));
    remembered(paths, settings, words, &file, |text| {
        local_manifests(&serde_json::from_str(text).ok()?, &paths.build)
    })
}

fn remembered(
    paths: &Paths,
    settings: &Settings,
    words: &[&str],
    file: &Path,
    manifests: impl FnOnce(&str) -> Option<Vec<Source>>,
) -> Result<Vec<u8>> {
    let name = file.file_name().unwrap_or_default();
    // Of an installation's, which were made when it was, there are no others: this kernel has its own.
    let own = &paths.folder.join(OWN).join(name);
    let known = [file, own].into_iter().find_map(|file| {
        let answer = kept::read::<Answer>(paths, file)?;
        let is_right = answer.manifests.iter().all(Source::is_unchanged);
        is_right.then_some(answer)
    });
    if let Some(answer) = known {
        eprint!("{}", answer.complaint);
        return Ok(answer.text.into());
    }
    let answer = paths.cargo(settings).args(words).output();
    let answer = answer.context("cargo cannot be started")?;
    std::io::stderr().write_all(&answer.stderr)?;
    if !answer.status.success() {
        super::cargo::print(&answer.stdout)?;
        std::process::exit(answer.status.code().unwrap_or(101));
    }
    remember(paths, [file, own], &answer, manifests);
    Ok(answer.stdout)
}

/// In the first of these places that can be written to. Without what is remembered, cargo is asked again.
fn remember(
    paths: &Paths,
    places: [&Path; 2],
    answer: &Output,
    manifests: impl FnOnce(&str) -> Option<Vec<Source>>,
) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    if let (Some(text), Some(complaint)) = (text(&answer.stdout), text(&answer.stderr))
        && let Some(manifests) = manifests(&text)
    {
        let answer = Answer {
            text,
            complaint,
            manifests,
        };
        let mut places = places.into_iter();
        let _ = places.any(|file| kept::write(paths, file, &answer).is_ok());
    }
}

/// Of all local packages but the build directory's own.
fn local_manifests(metadata: &Value, build: &Path) -> Option<Vec<Source>> {
    let mut manifests = Vec::new();
    for package in metadata["packages"].as_array()? {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        if package["source"].is_null() && !manifest.starts_with(build) {
            manifests.push(Source::read(manifest)?);
        }
    }
    Some(manifests)
}
