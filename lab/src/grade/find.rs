//! Which notebooks are graded, and by which assignment.

use anyhow::{Context, Result, bail};
use std::path::{Component, Path, PathBuf};

/// A notebook that is to be graded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub notebook: PathBuf,
    /// From the course's layout `submitted/STUDENT/ASSIGNMENT/`.
    pub student: Option<String>,
    /// A link where a folder was expected.
    pub is_link: bool,
}

/// What is said of one.
pub const LINK: &str =
    "the submission is a link, and what is behind links is not read: submit the folder itself";

/// The notebooks at `paths`; of a folder all below it, but not JupyterLab's checkpoints. What is
/// behind links is not looked at; that there was one is.
///
/// # Errors
/// When a path does not exist, or a folder has no notebooks.
pub fn notebooks(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        // A link to a notebook is said to be one when it is read.
        let kind = std::fs::symlink_metadata(path)
            .with_context(|| format!("{} does not exist: check the path", path.display()))?;
        if kind.is_dir() {
            let before = found.len();
            below(path, &mut found)?;
            if found.len() == before {
                bail!(
                    "no notebooks (*.ipynb) in {}: name another folder",
                    path.display()
                );
            }
        } else {
            found.push((path.clone(), false));
        }
    }
    Ok(found
        .into_iter()
        .map(|(notebook, is_link)| Found {
            // A student's whole folder may be the link.
            student: match is_link {
                true => student(&notebook.join("_")),
                false => student(&notebook),
            },
            notebook,
            is_link,
        })
        .collect())
}

fn below(folder: &Path, found: &mut Vec<(PathBuf, bool)>) -> Result<()> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name() == ".ipynb_checkpoints" {
            continue;
        }
        let kind = entry.file_type();
        if kind.as_ref().is_ok_and(|kind| kind.is_dir()) {
            below(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "ipynb")
        {
            // A link to a notebook is said to be one when it is read.
            found.push((path, false));
        } else if kind.is_ok_and(|kind| kind.is_symlink()) && path.is_dir() {
            found.push((path, true));
        }
    }
    Ok(())
}

/// Where what students have made begins in a path: behind how many of its parts, and whose it is. It is
/// below the outermost `submitted` of a course (`STUDENT/ASSIGNMENT/`), or `inbound` of nbgrader's
/// exchange (`STUDENT+ASSIGNMENT+TIMESTAMP+RANDOM/`). What a student puts deeper changes nothing.
pub fn students_part(path: &Path) -> Option<(usize, Option<String>)> {
    let parts: Vec<Component> = path.components().collect();
    let names = parts.windows(2).enumerate();
    let mut places = names.filter_map(|(before, pair)| {
        let name = pair[1].as_os_str().to_string_lossy().into_owned();
        let student = match pair[0].as_os_str().to_str() {
            Some("submitted") => name,
            Some("inbound") if name.split('+').count() >= 3 => name.split('+').next()?.to_owned(),
            _ => return None,
        };
        // Who makes the folder chooses the name, and a file beside the folders has none.
        let plain = before + 2 < parts.len()
            && matches!(
                Path::new(&student).components().collect::<Vec<_>>()[..],
                [Component::Normal(_)]
            );
        Some((before + 1, plain.then_some(student)))
    });
    places.next()
}

fn student(notebook: &Path) -> Option<String> {
    students_part(&std::path::absolute(notebook).ok()?)?.1
}

/// The source notebook for a submission: the one that `--assignment` names, or the one of the same
/// name in the course around it, or in the project's own course at `course`.
///
/// # Errors
/// When there is none.
pub fn source_of(notebook: &Path, chosen: Option<&Path>, course: &Path) -> Result<PathBuf> {
    if let Some(chosen) = chosen {
        let by_name = course.join("source").join(chosen);
        let file = chosen
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let candidates = [
            chosen.to_owned(),
            chosen.join(format!("{file}.ipynb")),
            by_name.join(format!("{file}.ipynb")),
        ];
        return candidates
            .into_iter()
            .find(|path| path.is_file())
            .with_context(|| {
                format!(
                    "no assignment is called {}: name one of {}, or a source notebook",
                    chosen.display(),
                    course.join("source").display()
                )
            });
    }
    // A link to a folder is called as the notebook in it should be.
    let name = notebook.with_extension("ipynb");
    let name = name.file_name().unwrap_or_default();
    let absolute = std::path::absolute(notebook)?;
    // From the outside inwards, and not into what a student has made: whatever stands there is not asked.
    let mut around: Vec<&Path> = absolute.ancestors().collect();
    around.reverse();
    if let Some((teachers, _)) = students_part(&absolute) {
        around.truncate(teachers);
    }
    let courses = around
        .into_iter()
        .filter(|folder| folder.join("nbgrader_config.py").is_file());
    for course in courses.chain([course]) {
        let mut folders: Vec<_> = std::fs::read_dir(course.join("source"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join(name))
            .filter(|path| path.is_file())
            .collect();
        folders.sort();
        if let Some(source) = folders.into_iter().next() {
            return Ok(source);
        }
    }
    bail!(
        "no assignment has a notebook called {}: rename it, or say --assignment NAME",
        name.to_string_lossy()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_course_decides() {
        let folder = tempfile::tempdir().unwrap();
        let course = folder.path().join("course");
        let inner = course.join("submitted/eve/ps");
        for place in [&course, &inner] {
            std::fs::create_dir_all(place.join("source/ps")).unwrap();
            std::fs::write(place.join("nbgrader_config.py"), "").unwrap();
            std::fs::write(place.join("source/ps/ps.ipynb"), "{}").unwrap();
        }
        let submission = inner.join("ps.ipynb");
        std::fs::write(&submission, "{}").unwrap();
        let source = source_of(&submission, None, folder.path()).unwrap();
        assert_eq!(source, course.join("source/ps/ps.ipynb"));
        assert_eq!(student(&submission).as_deref(), Some("eve"));
        // Nor where there is no course around it but hers.
        for alone in [
            "submitted/eve/ps",
            "inbound/eve+ps+2026-01-02 03:04:05 UTC+x",
        ] {
            let hers = folder.path().join("alone").join(alone);
            std::fs::create_dir_all(hers.join("source/ps")).unwrap();
            std::fs::write(hers.join("nbgrader_config.py"), "").unwrap();
            std::fs::write(hers.join("source/ps/ps.ipynb"), "{}").unwrap();
            let source = source_of(&hers.join("ps.ipynb"), None, &course).unwrap();
            assert_eq!(source, course.join("source/ps/ps.ipynb"));
        }
        let said = source_of(&inner.join("other.ipynb"), None, folder.path());
        assert!(
            said.unwrap_err()
                .to_string()
                .starts_with("no assignment has a notebook called other.ipynb")
        );
    }

    #[test]
    fn who_submitted_is_told_by_the_course_s_folder_or_the_exchange_s() {
        let of = |path: &str| students_part(Path::new(path));
        let eve = |place: usize| Some((place, Some("eve".to_owned())));
        assert_eq!(of("/c/submitted/eve/ps/ps.ipynb"), eve(3));
        assert_eq!(
            of("/x/c/inbound/eve+ps+2026-01-02 03:04:05 UTC+Zm9v/ps.ipynb"),
            eve(4)
        );
        assert_eq!(of("inbound/eve+ps+2026-01-02/ps.ipynb"), eve(1));
        // The outermost counts.
        assert_eq!(of("/c/submitted/eve/inbound/ada+ps+1/ps.ipynb"), eve(3));
        assert_eq!(of("/home/inbound/a/b.ipynb"), None);
        for no_name in ["/x/inbound/..+ps+1/ps.ipynb", "/x/inbound/+ps+1/ps.ipynb"] {
            assert_eq!(of(no_name), Some((3, None)), "{no_name}");
        }
    }

    #[test]
    fn folders_are_searched_but_for_checkpoints_and_behind_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/.ipynb_checkpoints")).unwrap();
        std::fs::write(at("a/one.ipynb"), "{}").unwrap();
        std::fs::write(at("a/.ipynb_checkpoints/one.ipynb"), "{}").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        let found = notebooks(&[folder.path().to_owned()]).unwrap();
        let seen: Vec<_> = found
            .iter()
            .map(|one| (&one.notebook, one.is_link))
            .collect();
        assert_eq!(seen, [(&at("a/one.ipynb"), false), (&at("link"), true)]);
        assert!(notebooks(&[at("nothing")]).is_err());
    }
}
