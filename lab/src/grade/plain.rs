//! Files that come from students: regular files only, opened without following a link, so that
//! nobody submits what is somebody else's, and no pipe or device is waited for.

use super::find;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// Opens a submitted file for reading. Of what students have made no part of the path may be a link;
/// elsewhere the teacher chose the folder, and the file itself may be none.
///
/// # Errors
/// In one sentence: it is no regular file, or cannot be read.
pub fn open_file(path: &Path) -> Result<File, String> {
    let cannot = |error: Errno| match error {
        Errno::ELOOP | Errno::ENOTDIR => {
            "the notebook is a link or behind one, not a file: submit the file itself".to_owned()
        }
        error => format!("the notebook cannot be read: {}", error.desc()),
    };
    let (trusted, parts) = split(path);
    let way = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut folder: OwnedFd = open(&trusted, way, Mode::empty()).map_err(cannot)?;
    let Some((name, way_there)) = parts.split_last() else {
        return Err("the notebook is a folder, not a file".to_owned());
    };
    for part in way_there {
        folder = openat(&folder, *part, way | OFlag::O_NOFOLLOW, Mode::empty()).map_err(cannot)?;
    }
    // A pipe that nobody writes to would block the opening, too.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::from(openat(&folder, *name, flags, Mode::empty()).map_err(cannot)?);
    match file.metadata() {
        Ok(found) if found.is_file() => Ok(file),
        _ => Err("the notebook is a pipe, a folder or a device, not a file".to_owned()),
    }
}

/// The folder that is the teacher's, and the names below it.
fn split(path: &Path) -> (PathBuf, Vec<&Path>) {
    let parts: Vec<Component> = path.components().collect();
    let students = find::students_part(path);
    let trusted = students.map_or(parts.len().saturating_sub(1), |(teachers, _)| teachers);
    let folder: PathBuf = parts[..trusted].iter().collect();
    let folder = match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder,
    };
    let names = parts[trusted..]
        .iter()
        .map(|part| Path::new(part.as_os_str()));
    (folder, names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_files_that_no_link_leads_to_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("submitted/ada/sum")).unwrap();
        fs::create_dir_all(at("submitted/eve")).unwrap();
        let came = at("inbound/ada+sum+2026-01-02 03:04:05 UTC+x");
        fs::create_dir_all(&came).unwrap();
        fs::write(came.join("sum.ipynb"), "hers, too").unwrap();
        symlink(&came, at("inbound/eve+sum+2026-01-02 03:04:05 UTC+y")).unwrap();
        fs::write(at("submitted/ada/sum/sum.ipynb"), "hers").unwrap();
        symlink(at("submitted/ada/sum"), at("submitted/eve/sum")).unwrap();
        symlink("sum.ipynb", at("submitted/ada/sum/link.ipynb")).unwrap();
        let pipe = at("submitted/eve/pipe.ipynb");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        // The teacher's own way there may be a link.
        symlink(at("submitted"), at("link")).unwrap();
        let read = |name: &str| -> Result<String, String> {
            let mut text = String::new();
            open_file(&at(name))?.read_to_string(&mut text).unwrap();
            Ok(text)
        };
        assert_eq!(read("submitted/ada/sum/sum.ipynb").unwrap(), "hers");
        assert_eq!(read("link/ada/sum/sum.ipynb").unwrap(), "hers");
        let came = "inbound/ada+sum+2026-01-02 03:04:05 UTC+x/sum.ipynb";
        assert_eq!(read(came).unwrap(), "hers, too");
        for link in [
            "inbound/eve+sum+2026-01-02 03:04:05 UTC+y/sum.ipynb",
            "submitted/eve/sum/sum.ipynb",
            "submitted/ada/sum/link.ipynb",
        ] {
            let said = read(link).unwrap_err();
            assert!(said.starts_with("the notebook is a link"), "{said}");
        }
        for other in ["submitted/eve/pipe.ipynb", "submitted/ada/sum"] {
            let said = read(other).unwrap_err();
            assert!(said.starts_with("the notebook is a pipe"), "{said}");
        }
        assert!(
            read("submitted/none.ipynb")
                .unwrap_err()
                .contains("No such file")
        );
    }
}
