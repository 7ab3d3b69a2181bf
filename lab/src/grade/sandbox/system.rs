//! Which of the system's own files are shown inside: no more than what runs there needs.

use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What `cc` and `ld` are, and what they link. Not `/usr/local`, `/usr/src` and `/usr/share`, where
/// people put things of their own.
const OF_A_COMPILER: [&str; 8] = [
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/bin",
    "/lib",
    "/lib64",
];

/// `cc` is a link through the one, and the other tells the linker where libraries are.
const SETTINGS: [&str; 2] = ["/etc/alternatives", "/etc/ld.so.cache"];

/// Links at the root, such as `/lib` to `usr/lib`, and where they lead.
pub fn links() -> Vec<(PathBuf, PathBuf)> {
    let names = ["/bin", "/lib", "/lib32", "/lib64"].map(PathBuf::from);
    let links = names.into_iter().filter_map(|name| {
        let target = std::fs::read_link(&name).ok()?;
        Some((name, target))
    });
    links.collect()
}

/// Folders and files that are shown at their own places; not all of them are there everywhere.
///
/// # Errors
/// When `/proc` is missing.
pub fn shown(compiler: bool) -> Result<Vec<PathBuf>> {
    let mut places: BTreeSet<PathBuf> = SETTINGS.map(PathBuf::from).into();
    if compiler {
        let links = links();
        let is_link = |place: &Path| links.iter().any(|(link, _)| link == place);
        let folders = OF_A_COMPILER.map(PathBuf::from).into_iter();
        places.extend(folders.filter(|folder| !is_link(folder)));
    } else {
        places.extend(libraries()?);
        places.extend(linkers());
    }
    Ok(places.into_iter().collect())
}

/// Where the C library lies: a program needs the same as this one, which stands before it inside.
fn libraries() -> Result<BTreeSet<PathBuf>> {
    let maps = std::fs::read_to_string("/proc/self/maps").context("/proc is missing")?;
    let files = maps.lines().filter_map(|line| line.split_once('/'));
    let libraries = files.filter(|(_, file)| file.contains(".so"));
    Ok(libraries
        .filter_map(|(_, file)| Some(Path::new("/").join(file).parent()?.to_owned()))
        .collect())
}

/// The dynamic linkers, at the places that stand in programs.
fn linkers() -> Vec<PathBuf> {
    let found = glob::glob("/lib*/ld-*.so*").into_iter().flatten().flatten();
    // The links at the root are made inside as well: a file is shown where they lead.
    let real = found.filter_map(|linker| {
        let folder = linker.parent()?.canonicalize().ok()?;
        Some(folder.join(linker.file_name()?))
    });
    real.collect()
}

/// Refuses `path` where a submission could see it: below a folder that the sandbox shows.
///
/// # Errors
/// In one sentence, with what to do.
pub fn refuse_if_shown(path: &Path, what: &str) -> Result<()> {
    let Ok(real) = path.canonicalize() else {
        // What is not there is not seen.
        return Ok(());
    };
    let shown = shown(true)?.into_iter().chain(shown(false)?);
    let real_folders = shown.filter_map(|folder| folder.canonicalize().ok());
    if let Some(folder) = real_folders
        .into_iter()
        .find(|folder| real.starts_with(folder))
    {
        bail!(
            "{what} is at {}, below {}, which every submission can read: move it to another folder",
            path.display(),
            folder.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_submission_could_read_is_refused() {
        let said = refuse_if_shown(Path::new("/usr/bin/env"), "the course").unwrap_err();
        let said = said.to_string();
        assert!(
            said.starts_with("the course is at /usr/bin/env, below /usr/bin, which every"),
            "{said}"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        refuse_if_shown(elsewhere.path(), "the course").unwrap();
        refuse_if_shown(Path::new("/usr/local"), "CARGO_HOME").unwrap();
        let behind_a_link = elsewhere.path().join("link");
        std::os::unix::fs::symlink("/usr/bin", &behind_a_link).unwrap();
        refuse_if_shown(&behind_a_link, "the course").unwrap_err();
    }

    #[test]
    fn a_program_sees_libraries_and_no_programs() {
        let shown = shown(false).unwrap();
        assert!(
            shown.iter().all(|place| !place.ends_with("bin")),
            "{shown:?}"
        );
        let finds = |name: &str| {
            let folders = shown.iter().filter(|place| place.is_dir());
            let pattern = |folder: &Path| format!("{}/{name}", folder.display());
            folders
                .into_iter()
                .any(|folder| Path::new(&pattern(folder)).exists())
        };
        assert!(finds("libc.so.6") || !cfg!(target_env = "gnu"), "{shown:?}");
    }
}
