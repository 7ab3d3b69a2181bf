//! Which notebooks to run, and where their copies go under `--out`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A notebook that was named or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    pub path: PathBuf,
    /// Its place under `--out`.
    pub relative: PathBuf,
}

/// The notebooks at `paths`, each once; without paths, all those in the folder `home`. A path that
/// does not exist is kept, so that it can be reported while the others run.
pub fn select(paths: &[PathBuf], home: &Path) -> anyhow::Result<Vec<Selected>> {
    let by_default = [home.to_owned()];
    let paths = if paths.is_empty() { &by_default } else { paths };
    let mut selected = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let relative = beneath(path, home).or_else(|| path.file_name().map(PathBuf::from));
            let relative = relative.with_context(|| format!("{} names no file", path.display()))?;
            selected.push(Selected {
                path: path.clone(),
                relative,
            });
            continue;
        }
        let found = find(path)?;
        if found.is_empty() {
            bail!(
                "no notebooks (*.ipynb) in {}: name another folder",
                path.display()
            );
        }
        for notebook in found {
            // Assignments are the grader's: their solutions and hidden tests are no lesson's cells.
            if notebook.starts_with(home.join("assignments")) && path.as_path() == home {
                continue;
            }
            let relative = notebook.strip_prefix(path).unwrap_or(&notebook).to_owned();
            selected.push(Selected {
                path: notebook,
                relative,
            });
        }
    }
    let mut seen = BTreeSet::new();
    selected.retain(|one| seen.insert(one.path.canonicalize().unwrap_or(one.path.clone())));
    keep_apart(&mut selected);
    Ok(selected)
}

/// Every notebook in `folder` and below, in order of name. Hidden folders are left out: JupyterLab
/// keeps its checkpoints in one.
fn find(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let escaped = glob::Pattern::escape(&folder.to_string_lossy());
    let mut found = Vec::new();
    for path in glob::glob(&format!("{escaped}/**/*.ipynb"))? {
        let path = path.with_context(|| format!("{} cannot be searched", folder.display()))?;
        let below = path.strip_prefix(folder).unwrap_or(&path);
        let hidden = below
            .iter()
            .any(|part| part.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn beneath(path: &Path, home: &Path) -> Option<PathBuf> {
    let (path, home) = (path.canonicalize().ok()?, home.canonicalize().ok()?);
    path.strip_prefix(home).ok().map(Path::to_owned)
}

/// Two notebooks of one name from different places must not overwrite each other: then all keep
/// their path below the deepest folder that they share.
fn keep_apart(selected: &mut [Selected]) {
    let distinct: BTreeSet<&Path> = selected.iter().map(|one| one.relative.as_path()).collect();
    if distinct.len() == selected.len() {
        return;
    }
    let absolute = |one: &Selected| std::path::absolute(&one.path).unwrap_or(one.path.clone());
    let full: Vec<PathBuf> = selected.iter().map(absolute).collect();
    let shared = full[0].ancestors().find(|folder| {
        full.iter()
            .all(|path| path != folder && path.starts_with(folder))
    });
    for (one, path) in selected.iter_mut().zip(&full) {
        let relative = shared.and_then(|folder| path.strip_prefix(folder).ok());
        one.relative = relative.unwrap_or(path).to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes empty files below a new folder.
    fn files(names: &[&str]) -> tempfile::TempDir {
        let root = tempfile::Builder::new().prefix("[x]").tempdir().unwrap();
        for name in names {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        root
    }

    fn relatives(selected: &[Selected]) -> Vec<&str> {
        selected
            .iter()
            .map(|one| one.relative.to_str().unwrap())
            .collect()
    }

    #[test]
    fn finds_notebooks_below_a_folder_but_no_checkpoints() {
        let root = files(&[
            "b.ipynb",
            "a/c.ipynb",
            ".ipynb_checkpoints/b.ipynb",
            "x.txt",
        ]);
        let selected = select(&[], root.path()).unwrap();
        assert_eq!(relatives(&selected), ["a/c.ipynb", "b.ipynb"]);
    }

    #[test]
    fn a_notebook_named_twice_runs_once() {
        let root = files(&["a/c.ipynb"]);
        let file = root.path().join("a/c.ipynb");
        let paths = [
            file.clone(),
            root.path().to_owned(),
            root.path().join("a/../a/c.ipynb"),
        ];
        assert_eq!(
            relatives(&select(&paths, root.path()).unwrap()),
            ["a/c.ipynb"]
        );
    }

    #[test]
    fn notebooks_of_one_name_are_kept_apart() {
        let root = files(&["a/x.ipynb", "b/c/x.ipynb"]);
        let paths = [
            root.path().join("a/x.ipynb"),
            root.path().join("b/c/x.ipynb"),
        ];
        let selected = select(&paths, Path::new("elsewhere")).unwrap();
        assert_eq!(relatives(&selected), ["a/x.ipynb", "b/c/x.ipynb"]);
    }

    #[test]
    fn an_empty_folder_is_one_sentence_and_a_missing_file_is_kept() {
        let root = files(&[]);
        let error = select(&[], root.path()).unwrap_err().to_string();
        assert!(error.starts_with("no notebooks"), "{error}");
        let missing = root.path().join("no.ipynb");
        assert_eq!(select(&[missing], root.path()).unwrap().len(), 1);
    }
}
