//! `cargo lab`: JupyterLab in the notebooks' folder.

use crate::{environment::Environment, home::Home};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

/// A kernel that no page has been connected to for so many seconds is ended: each holds some hundred
/// megabytes. One that a page shows, and one that runs a cell, is left alone.
const UNSEEN: u32 = 3600;

/// What Jupyter itself hides, and evcxr's settings, which no reader opens.
const HIDDEN: [&str; 6] = [
    "__pycache__",
    "*.pyc",
    "*.pyo",
    ".DS_Store",
    "*~",
    crate::stock::SETTINGS,
];

/// JupyterLab's settings for learners: nbgrader's panels, which are of use in a course only, are not
/// loaded, a page of text is shown as one reads it, and nobody is asked about news.
const SETTINGS: [(&str, &str); 2] = [
    (
        "page_config.json",
        r#"{"disabledExtensions": {"@jupyter/nbgrader": true}}"#,
    ),
    (
        "overrides.json",
        r#"{"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}"#,
    ),
];

/// The course as a table, in the notebooks' folder: what JupyterLab shows first.
const FIRST: &str = "README.md";

/// Becomes JupyterLab; returns only if that fails. `arguments` go to JupyterLab as they are.
///
/// # Errors
/// When JupyterLab cannot be started.
pub fn open(home: &Home, environment: &Environment, arguments: &[String]) -> Result<()> {
    let program = environment.program("jupyter-lab");
    if !program.is_file() {
        bail!(
            "JupyterLab is not at {}: run `cargo lab setup`",
            program.display()
        );
    }
    let mut command = environment.command("jupyter-lab");
    command.args(ours(home, arguments)?).args(arguments);
    crate::template::without_callers_cargo(&mut command);
    Err(command.exec()).with_context(|| format!("{} cannot be started", program.display()))
}

/// What JupyterLab is told beside the caller's own `arguments`, which win.
fn ours(home: &Home, arguments: &[String]) -> Result<Vec<OsString>> {
    let is_given = |name: &str| arguments.iter().any(|argument| argument.contains(name));
    let mut ours: Vec<OsString> = Vec::new();
    let named = folder_in(arguments);
    if named.is_none() {
        let mut folder = OsString::from("--ServerApp.root_dir=");
        folder.push(home.notebooks());
        ours.push(folder);
        if !is_given("default_url") {
            ours.push(format!("--LabApp.default_url=/lab/tree/{FIRST}").into());
        }
    }
    // JupyterLab refuses root unless told; in a container there is often nobody else.
    if nix::unistd::geteuid().is_root() && !is_given("--allow-root") {
        ours.push("--allow-root".into());
    }
    if !is_given("cull_idle_timeout") {
        ours.push(format!("--MappingKernelManager.cull_idle_timeout={UNSEEN}").into());
    }
    if !is_given("hide_globs") {
        let hidden = HIDDEN.map(|name| format!("--ContentsManager.hide_globs={name}").into());
        ours.extend(hidden);
    }
    let folder = named.unwrap_or_else(|| home.notebooks());
    if !folder.join("nbgrader_config.py").is_file() && !is_given("app_settings_dir") {
        let settings = home.state().join("jupyterlab");
        std::fs::create_dir_all(&settings)
            .with_context(|| format!("{} cannot be made", settings.display()))?;
        for (name, text) in SETTINGS {
            let file = settings.join(name);
            std::fs::write(&file, text)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        let mut argument = OsString::from("--LabApp.app_settings_dir=");
        argument.push(settings);
        ours.push(argument);
    }
    Ok(ours)
}

/// The folder that the caller names for JupyterLab to open.
fn folder_in(arguments: &[String]) -> Option<PathBuf> {
    let at = arguments
        .iter()
        .position(|it| it.contains("root_dir") || it.contains("notebook-dir"))?;
    let folder = match arguments[at].split_once('=') {
        Some((_, folder)) => Some(folder),
        None => arguments.get(at + 1).map(String::as_str),
    };
    Some(Path::new(folder.unwrap_or_default()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let home = Home {
            root: folder.path().to_owned(),
        };
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let told = ours(&home, &arguments).unwrap();
        let told: Vec<_> = told.iter().map(|it| it.to_string_lossy()).collect();
        told.join(" ")
            .replace(&*folder.path().to_string_lossy(), "HOME")
    }

    #[test]
    fn the_notebooks_folder_is_opened_without_what_a_learner_has_no_use_for() {
        let told = told(&[]);
        for part in [
            "--ServerApp.root_dir=HOME/notebooks",
            "--LabApp.default_url=/lab/tree/README.md",
            "--MappingKernelManager.cull_idle_timeout=3600",
            "--ContentsManager.hide_globs=evcxr.toml",
            "--LabApp.app_settings_dir=HOME/.lab/jupyterlab",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn what_the_caller_says_wins() {
        let told = told(&[
            "--notebook-dir",
            "/",
            "--MappingKernelManager.cull_idle_timeout=5",
        ]);
        assert!(!told.contains("root_dir"), "{told}");
        assert!(!told.contains("default_url"), "{told}");
        assert!(!told.contains("cull_idle_timeout"), "{told}");
    }

    #[test]
    fn a_course_keeps_its_panels() {
        let course = tempfile::tempdir().unwrap();
        std::fs::write(course.path().join("nbgrader_config.py"), "").unwrap();
        let folder = format!("--ServerApp.root_dir={}", course.path().display());
        assert!(!told(&[&folder]).contains("app_settings_dir"));
    }
}
