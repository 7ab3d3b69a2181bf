//! `cargo lab new-assignment`: a source notebook that works, to be changed.

use crate::home::Home;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The arguments of `cargo lab new-assignment`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Letters, digits and hyphens, such as pipes-and-filters
    pub name: String,

    /// The course; without it, the project's own (notebooks/assignments)
    #[arg(long, value_name = "DIR")]
    pub course: Option<PathBuf>,
}

/// What every new assignment begins as.
const PATTERN: &str = include_str!("new/pattern.ipynb");

/// Writes `source/NAME/NAME.ipynb` and returns its path.
///
/// # Errors
/// When the name is no name, the assignment is there already, or nothing can be written.
pub fn new_assignment(options: &Options, home: &Home) -> Result<PathBuf> {
    let name = &options.name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        bail!(
            "\"{name}\" is no name for an assignment: begin with a small letter and use small letters, digits and hyphens"
        );
    }
    let course = match &options.course {
        Some(course) => course.clone(),
        None => home.notebooks().join("assignments"),
    };
    write(&course, name)
}

fn write(course: &Path, name: &str) -> Result<PathBuf> {
    let folder = course.join("source").join(name);
    let path = folder.join(format!("{name}.ipynb"));
    if path.exists() {
        bail!(
            "{} is there already: choose another name, or change it as it is",
            path.display()
        );
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    std::fs::write(&path, PATTERN.replace("NAME", name))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::assignment::Assignment;

    #[test]
    fn what_is_written_is_an_assignment_and_is_not_overwritten() {
        let course = tempfile::tempdir().unwrap();
        let path = write(course.path(), "pipes").unwrap();
        let assignment = Assignment::read(&path).unwrap();
        assert_eq!(assignment.name, "pipes");
        assert!(assignment.most() > 0.0);
        let text = std::fs::read_to_string(&path).unwrap();
        let book: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            book["metadata"],
            crate::kernelspec::metadata(crate::kernelspec::NAME)
        );
        let said = write(course.path(), "pipes").unwrap_err().to_string();
        assert!(said.contains("is there already"), "{said}");
    }

    #[test]
    fn names_stay_in_their_folder() {
        let home = Home::at(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap();
        for name in ["../up", "a b", "", "Big", "-x"] {
            let options = Options {
                name: name.to_owned(),
                course: None,
            };
            assert!(new_assignment(&options, &home).is_err(), "{name}");
        }
    }
}
