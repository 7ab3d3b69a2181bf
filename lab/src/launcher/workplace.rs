//! A kernel's own directory: the copy of the template, and a lock that tells that it is in use.

use super::family;
use crate::stock;
use crate::template::Template;
use anyhow::{Context, Result};
use nix::sys::statvfs::{FsFlags, statvfs};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "rust-kernel-";

/// Makes the directory and fills it from the template. The file returned holds the lock.
///
/// # Errors
/// When there is no disk for it.
pub fn make(template: &Template) -> Result<(PathBuf, File)> {
    let base = base()?;
    remove_forsaken(&base);
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(&base)
        .with_context(|| {
            format!(
                "no directory for the kernel can be made in {}",
                base.display()
            )
        })?;
    let lock = first_lock(folder.path())?;
    template.copy_to(folder.path())?;
    Ok((folder.keep(), lock))
}

/// The lock is held before anybody can see it, and take the directory for a forsaken one.
fn first_lock(folder: &Path) -> Result<File> {
    let unseen = folder.join("lock.new");
    let lock = File::create(&unseen)
        .and_then(|lock| lock.lock_shared().map(|()| lock))
        .and_then(|lock| fs::rename(&unseen, folder.join("lock")).map(|()| lock));
    lock.with_context(|| format!("{} cannot be locked", folder.display()))
}

/// Takes part in the lock of a kernel's directory: launcher and warden each hold it.
///
/// # Errors
/// When the directory has gone.
pub fn hold(folder: &Path) -> Result<File> {
    let file = File::create(folder.join("lock"))
        .with_context(|| format!("{} has gone", folder.display()))?;
    file.lock_shared()?;
    Ok(file)
}

/// Where all kernels' folders are made: in the folder for temporary files, if it serves.
///
/// # Errors
/// When neither that nor the system's own serves.
pub fn base() -> Result<PathBuf> {
    let wanted = std::env::temp_dir();
    let bases = [wanted.clone(), "/tmp".into(), "/var/tmp".into()];
    bases.into_iter().find(|base| serves(base)).with_context(|| {
        format!(
            "what a kernel compiles cannot be run from {} (it is mounted `noexec`, or has a space in its name), nor from /tmp: set TMPDIR to a folder from which programs can be run",
            wanted.display()
        )
    })
}

/// evcxr passes paths between its processes separated by spaces, and loads what it has compiled.
fn serves(base: &Path) -> bool {
    let runs_nothing = statvfs(base).map(|disk| disk.flags().contains(FsFlags::ST_NOEXEC));
    // A folder that is not there is said to be missing when one is made in it.
    !base.to_string_lossy().contains(char::is_whitespace) && !runs_nothing.unwrap_or(false)
}

/// Removes directories of kernels whose launcher and warden were both killed, and ends what those have
/// left: a cell's process that computes does not notice that its kernel has gone.
fn remove_forsaken(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let folder = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let Some(owner) = name.strip_prefix(ANALYZERS) {
            remove_analyzers(&folder, owner);
        } else if name.starts_with(PREFIX)
            && let Some(_lock) = forsaken(&folder)
        {
            let build = folder.join("build");
            family::end_all_with(stock::variables::BUILD, build.as_os_str());
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The lock of a directory that nobody owns, if there is one: held against a launcher that comes late.
fn forsaken(folder: &Path) -> Option<Option<File>> {
    match File::open(folder.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok().then_some(Some(lock)),
        // A directory just made has no lock yet.
        Err(_) => is_old(folder).then_some(None),
    }
}

fn is_old(folder: &Path) -> bool {
    let modified = fs::metadata(folder).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(60))
}

/// Where a kernel's rust-analyzer has a copy of the lock file, for as long as it asks cargo: the number of its
/// process follows, and one of its own.
const ANALYZERS: &str = "rust-analyzer";

/// Removes such a folder if its process has gone and it is a kernel's, or empty.
fn remove_analyzers(folder: &Path, owner: &str) {
    let process = owner.split_once('-').map(|(process, _)| process);
    let process = process.and_then(|process| u32::from_str_radix(process, 16).ok());
    let has_gone = process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists());
    if !has_gone || !is_old(folder) {
        return;
    }
    let lock = folder.join("Cargo.lock");
    let of_kernel = format!("name = \"{}\"", stock::CRATE);
    if fs::read_to_string(&lock).is_ok_and(|lock| lock.lines().any(|line| line == of_kernel)) {
        let _ = fs::remove_file(lock);
    }
    // It goes only if there is nothing else in it.
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn folder(base: &Path, name: &str) -> PathBuf {
        let folder = base.join(format!("{PREFIX}{name}"));
        fs::create_dir(&folder).expect("a writable folder");
        folder
    }

    #[test]
    fn only_what_no_living_process_owns_is_swept_up_and_what_it_left_running_ends() {
        let base = tempfile::tempdir().expect("a temporary folder");
        let base = base.path();
        let owned = folder(base, "owned");
        let _lock = first_lock(&owned).expect("a lock");
        let forsaken = folder(base, "forsaken");
        drop(first_lock(&forsaken).expect("a lock"));
        // Its launcher is about to lock it.
        let young = folder(base, "young");
        let old = folder(base, "old");
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        let opened = File::open(&old).and_then(|old| old.set_modified(long_ago));
        opened.expect("a folder");
        // Of rust-analyzers: the first runs, and the third is an editor's.
        let mut ended = Command::new("true").spawn().expect("true");
        ended.wait().expect("a child");
        let analyzers = [
            (std::process::id(), "ctx"),
            (ended.id(), "ctx"),
            (ended.id(), "other"),
        ];
        let analyzers: Vec<PathBuf> = (0..)
            .zip(analyzers)
            .map(|(number, (process, of))| {
                let folder = base.join(format!("rust-analyzer{process:x}-{number}"));
                fs::create_dir(&folder).expect("a writable folder");
                let lock = format!("[[package]]\nname = \"{of}\"\n");
                fs::write(folder.join("Cargo.lock"), lock).expect("a writable folder");
                let opened = File::open(&folder).and_then(|it| it.set_modified(long_ago));
                opened.expect("a folder");
                folder
            })
            .collect();
        let other = base.join("other");
        fs::create_dir(&other).expect("a writable folder");
        let mut left = Command::new("sleep");
        left.arg("600")
            .env(stock::variables::BUILD, forsaken.join("build"));
        let mut left = left.spawn().expect("sleep");
        let mut kept = Command::new("sleep");
        kept.arg("600")
            .env(stock::variables::BUILD, owned.join("build"));
        let mut kept = kept.spawn().expect("sleep");
        remove_forsaken(base);
        for (folder, is_there) in [
            (owned, true),
            (forsaken, false),
            (young, true),
            (old, false),
            (other, true),
            (analyzers[0].clone(), true),
            (analyzers[1].clone(), false),
            (analyzers[2].clone(), true),
        ] {
            assert_eq!(folder.exists(), is_there, "{}", folder.display());
        }
        assert!(!left.wait().expect("a child").success(), "it was killed");
        assert_eq!(kept.try_wait().expect("a child"), None);
        kept.kill().expect("a child");
        kept.wait().expect("a child");
    }

    #[test]
    fn a_folder_with_a_space_in_its_name_does_not_serve() {
        let base = tempfile::tempdir().expect("a temporary folder");
        assert!(serves(base.path()));
        assert!(!serves(&base.path().join("a b")));
    }
}
