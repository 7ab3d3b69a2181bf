//! `cargo lab site`: the notebooks, as they were last run, as pages for a browser.
//!
//! Sphinx makes them, with MyST-NB and the Sphinx Book Theme: they read notebooks without running
//! them, keep what a cell put out as HTML, search without a server, and translate by gettext. MyST's
//! own builder fetches its theme from the network at each build, and puts HTML outputs into frames,
//! in which a picture has no size of its own.

use crate::environment::{Environment, pins_for_pages};
use crate::{home::Home, progress};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arguments of `cargo lab site`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Where the pages go; pages of an earlier time are replaced
    #[arg(long, value_name = "DIR", default_value = "target/site")]
    pub out: PathBuf,

    /// The public repository to which pages lead for their source: without it the clone's own, if that
    /// is on the web
    #[arg(long, value_name = "URL")]
    pub repository: Option<String>,
}

/// By this file a folder is known to hold pages that Sphinx made.
const MARK: &str = "objects.inv";

/// Makes the pages. Returns where the first one is.
///
/// # Errors
/// In one sentence: a folder that holds something else, no network for what is missing, no disk, a
/// page whose links or outputs are wrong.
pub fn build(options: &Options, home: &Home, environment: &Environment) -> Result<PathBuf> {
    let out = std::path::absolute(&options.out)?;
    let has = |name: &str| out.join(name).exists();
    if has("") && !has(MARK) && std::fs::read_dir(&out)?.next().is_some() {
        bail!(
            "{} holds something else than pages: name another folder",
            out.display()
        );
    }
    let log = home.state().join("log/site.txt");
    progress::run(
        "Sphinx and its theme",
        environment
            .command("python")
            .args(["-m", "pip", "install", "--disable-pip-version-check"])
            .args(pins_for_pages(home)?),
        &log,
    )?;
    let parent = out.parent().context("the pages need a folder")?;
    std::fs::create_dir_all(parent)
        .with_context(|| format!("{} cannot be made", parent.display()))?;
    // Beside the pages' place, so that they get there at once or not at all.
    let work = tempfile::Builder::new()
        .prefix(".site-")
        .tempdir_in(parent)?;
    let (sources, pages) = (work.path().join("sources"), work.path().join("pages"));
    copy_sources(home, &sources)?;
    let mut sphinx = environment.command("python");
    sphinx
        .args(["-m", "sphinx", "--builder", "html", "--jobs", "auto"])
        .args(["--fail-on-warning", "--quiet", "--conf-dir"])
        .arg(home.root.join("site"))
        .arg("--doctree-dir")
        .arg(work.path().join("doctrees"))
        .args([&sources, &pages]);
    if let Some(repository) = options.repository.clone().or_else(|| origin(home)) {
        sphinx.env("LAB_SITE_REPOSITORY", repository);
    }
    progress::run("pages", &mut sphinx, &log)?;
    if has("") {
        std::fs::remove_dir_all(&out)
            .with_context(|| format!("{} cannot be replaced", out.display()))?;
    }
    std::fs::rename(&pages, &out).with_context(|| format!("{} cannot be made", out.display()))?;
    Ok(out.join("index.html"))
}

/// What pages are made from, in the repository's own order: links between the notebooks hold.
fn copy_sources(home: &Home, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for file in ["README.md", "site/index.md"] {
        let name = Path::new(file).file_name().unwrap_or_default();
        std::fs::copy(home.root.join(file), to.join(name))
            .with_context(|| format!("{file} cannot be copied"))?;
    }
    for folder in ["notebooks", "pictures"] {
        std::fs::create_dir(to.join(folder))?;
        crate::template::copy::tree(&home.root.join(folder), &to.join(folder))?;
    }
    Ok(())
}

/// The web address of the repository that this is a clone of.
fn origin(home: &Home) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(&home.root)
        .args(["remote", "get-url", "origin"]);
    let answer = git.output().ok().filter(|answer| answer.status.success())?;
    on_the_web(String::from_utf8_lossy(&answer.stdout).trim())
}

/// `git@host:owner/name.git` and `https://host/owner/name.git` as a browser asks for them.
fn on_the_web(address: &str) -> Option<String> {
    let address = address.strip_suffix(".git").unwrap_or(address);
    if let Some(rest) = address.strip_prefix("git@") {
        return Some(format!("https://{}", rest.replacen(':', "/", 1)));
    }
    // Who has cloned with a name or a token in the address does not want it published.
    let rest = address.strip_prefix("https://")?;
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    Some(format!("https://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_web_is_linked_and_without_secrets() {
        let expected = Some("https://code.example/me/course".to_owned());
        for address in [
            "https://code.example/me/course.git",
            "https://code.example/me/course",
            "https://me:token@code.example/me/course.git",
            "git@code.example:me/course.git",
        ] {
            assert_eq!(on_the_web(address), expected, "{address}");
        }
        assert_eq!(on_the_web("/srv/course"), None);
        assert_eq!(on_the_web("file:///srv/course"), None);
    }
}
