//! Writes what a run gave: back into the notebook, and under `--out` with an HTML page.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::Command;
use tokio::time::timeout;

use super::save;

/// A page takes nbconvert about two seconds.
const PAGE: Duration = Duration::from_secs(120);

/// Makes sure that `out` is a folder that can be written to, before any kernel is started.
pub fn prepare(out: &Path) -> anyhow::Result<()> {
    let check = || -> std::io::Result<()> {
        std::fs::create_dir_all(out)?;
        tempfile::tempfile_in(out).map(drop)
    };
    check().with_context(|| {
        format!(
            "--out {} cannot be written to: name another folder",
            out.display()
        )
    })
}

/// Whether a copy under `--out` would land on the notebook itself.
pub fn is_same_file(copy: &Path, notebook: &Path) -> bool {
    match (copy.canonicalize(), notebook.canonicalize()) {
        (Ok(copy), Ok(notebook)) => copy == notebook,
        _ => false,
    }
}

/// Writes the executed notebook to `copy` and, if there is a `jupyter`, its page beside it.
pub async fn publish(copy: &Path, text: &str, jupyter: Option<&Path>) -> anyhow::Result<()> {
    let folder = copy.parent().context("the copy has no folder")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be created", folder.display()))?;
    save::write(copy, text)?;
    match jupyter {
        Some(jupyter) => page(copy, jupyter).await,
        None => Ok(()),
    }
}

/// Has the page beside each of these copies lead to the other pages: nbconvert leaves a link to a
/// notebook as it is.
pub fn link_pages(copies: &[PathBuf]) -> anyhow::Result<()> {
    for copy in copies {
        let page = copy.with_extension("html");
        // Without a `jupyter`, or of a notebook that was not run, there is none.
        let Ok(text) = std::fs::read_to_string(&page) else {
            continue;
        };
        let is_page = |name: &str| page.with_file_name(name).is_file();
        let linked = to_pages(&text, is_page);
        if linked != text {
            save::write(&page, &linked)?;
        }
    }
    Ok(())
}

/// The page's text with a link to a page in the place of each to a notebook that has one.
fn to_pages(text: &str, is_page: impl Fn(&str) -> bool) -> String {
    const LINK: &str = "href=\"";
    let mut parts = text.split(LINK);
    let mut linked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let link = part.split(['"', '#']).next().unwrap_or_default();
        let page = link
            .strip_suffix(".ipynb")
            .map(|name| format!("{name}.html"));
        linked += LINK;
        match page.filter(|page| !link.contains(':') && is_page(page)) {
            Some(page) => linked += &(page + &part[link.len()..]),
            None => linked += part,
        }
    }
    linked
}

async fn page(notebook: &Path, jupyter: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(jupyter);
    command
        .args(["nbconvert", "--to", "html", "--log-level", "ERROR"])
        .arg(std::path::absolute(notebook)?)
        .env("PATH", search_path(jupyter)?)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0) // Ctrl-C is ours to pass on
        .kill_on_drop(true);
    let name = notebook.display();
    let output = match timeout(PAGE, command.output()).await {
        Ok(output) => output.with_context(|| {
            format!(
                "{} cannot be started to make the HTML page of {name}",
                jupyter.display()
            )
        })?,
        Err(_) => bail!("nbconvert took more than {} s for {name}", PAGE.as_secs()),
    };
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().rev().find(|line| !line.trim().is_empty());
        bail!(
            "nbconvert made no HTML page of {name}: {}",
            last.unwrap_or("it gave no reason").trim()
        );
    }
    Ok(())
}

/// `jupyter nbconvert` looks for a program `jupyter-nbconvert`, which stands beside `jupyter`.
fn search_path(jupyter: &Path) -> anyhow::Result<std::ffi::OsString> {
    let own = jupyter.parent().map(PathBuf::from);
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(
        own.into_iter().chain(std::env::split_paths(&rest)),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_pages() {
        let text = "<a href=\"02-fork.ipynb\">2</a> <a class=\"x\" href=\"02-fork.ipynb#cell-id=start\">start</a> \
                    <a href=\"03-process.ipynb\">3</a> <a href=\"https://example.org/02-fork.ipynb\">4</a> <a href=\"#top\">5</a>";
        let linked = to_pages(text, |name| name.ends_with("02-fork.html"));
        assert_eq!(
            linked,
            "<a href=\"02-fork.html\">2</a> <a class=\"x\" href=\"02-fork.html#cell-id=start\">start</a> \
             <a href=\"03-process.ipynb\">3</a> <a href=\"https://example.org/02-fork.ipynb\">4</a> <a href=\"#top\">5</a>"
        );
    }
}
