//! A grading's temporary folder, with copies of what the sandbox shows. A process inside can read from `/proc/self/mountinfo` where the
//! folders that it sees lie outside: these lie at a place that says nothing of the course or of the
//! repository.

use anyhow::{Context, Result};
use nix::unistd::Uid;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How all of these folders begin.
const PREFIX: &str = "grading-";
/// A lock is made before it is held.
const JUST_MADE: Duration = Duration::from_secs(10);
/// Locked as long as a folder is in use: what a grading left that was killed can be told by it.
const LOCK: &str = "lock";

/// Goes when it is dropped.
pub struct Copies {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Copies {
    /// # Errors
    /// When there is no temporary folder.
    pub fn new() -> Result<Copies> {
        sweep(&std::env::temp_dir());
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
        let folder = folder.context("there is no temporary folder")?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Copies {
            folder,
            _lock: lock,
        })
    }

    /// For one submission; goes when it is dropped.
    ///
    /// # Errors
    /// When there is no disk.
    pub fn temporary_folder(&self) -> Result<tempfile::TempDir> {
        let mode = fs::metadata(self.folder.path())?.permissions();
        let mut folder = tempfile::Builder::new();
        let folder = folder.permissions(mode).tempdir_in(self.folder.path());
        folder.context("a temporary folder cannot be made")
    }

    /// Lets other users reach what they know the name of, here and in each submission's folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn let_others_through(&self) -> Result<()> {
        Ok(fs::set_permissions(
            self.folder.path(),
            Permissions::from_mode(0o711),
        )?)
    }

    /// What of the toolchain a compiler and a program need.
    ///
    /// # Errors
    /// When it cannot be read, or there is no disk.
    pub fn toolchain(&self, from: &Path, host: &str, name: &str) -> Result<PathBuf> {
        let to = self.folder.path().join(name);
        let parts = format!("lib/rustlib/{host}");
        for part in ["bin/rustc", "lib/*.so*", &parts] {
            let pattern = from.join(part);
            for found in glob::glob(&pattern.to_string_lossy())?.flatten() {
                tree(&found, &to.join(found.strip_prefix(from)?))?;
            }
        }
        Ok(to)
    }

    /// The compiled crates in a folder.
    ///
    /// # Errors
    /// When one cannot be read, or there is no disk.
    pub fn crates(&self, from: &Path, name: &str) -> Result<PathBuf> {
        let to = self.folder.path().join(name);
        fs::create_dir(&to)?;
        fs::set_permissions(&to, Permissions::from_mode(0o755))?;
        let entries =
            fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let kind = path.extension().and_then(|extension| extension.to_str());
            if matches!(kind, Some("so" | "rlib" | "rmeta")) {
                copy(&path, &to.join(entry.file_name()))?;
            }
        }
        Ok(to)
    }

    /// # Errors
    /// When it cannot be read, or there is no disk.
    pub fn file(&self, from: &Path, name: &str) -> Result<PathBuf> {
        let to = self.folder.path().join(name);
        copy(from, &to)?;
        Ok(to)
    }
}

/// Removes what gradings left that were killed: folders that nobody holds the lock of.
fn sweep(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let lock = entry.path().join(LOCK);
        let old = |time: SystemTime| time.elapsed().is_ok_and(|age| age > JUST_MADE);
        // Anybody can put something into a temporary folder: only what this user made is looked into.
        let own = |it: &fs::Metadata| it.is_dir() && it.uid() == Uid::effective().as_raw();
        let unused = |it: &fs::Metadata| it.is_file() && it.modified().is_ok_and(old);
        let begins = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if begins
            && entry.metadata().is_ok_and(|it| own(&it))
            && fs::symlink_metadata(&lock).is_ok_and(|it| unused(&it))
            && File::open(&lock).is_ok_and(|lock| lock.try_lock().is_ok())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A file, or a folder with all that is below it.
fn tree(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("it is below a folder")?)?;
        return copy(from, to);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        tree(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The same file by another name, where the two lie on one disk; it keeps its time of change, by
/// which the youngest is found.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let copied = || -> std::io::Result<()> {
        fs::copy(from, to)?;
        let time = fs::metadata(from)?.modified()?;
        File::options().append(true).open(to)?.set_modified(time)
    };
    copied().with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_shown_at_a_place_of_their_own() {
        let from = tempfile::tempdir().unwrap();
        for name in ["liba.so", "liba.d", "b.rlib"] {
            fs::write(from.path().join(name), name).unwrap();
        }
        let copies = Copies::new().unwrap();
        let to = copies.crates(from.path(), "crates").unwrap();
        assert_eq!(fs::read(to.join("liba.so")).unwrap(), b"liba.so");
        assert!(to.join("b.rlib").is_file() && !to.join("liba.d").exists());
        let time = |folder: &Path| fs::metadata(folder.join("liba.so")).unwrap().modified();
        assert_eq!(time(&to).unwrap(), time(from.path()).unwrap());
        drop(copies);
        assert!(!to.exists());
    }

    #[test]
    fn what_nobody_uses_any_more_is_swept() {
        let place = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let folder = place.path().join(name);
            fs::create_dir_all(folder.join("deep/er")).unwrap();
            let lock = File::create(folder.join(LOCK)).unwrap();
            lock.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            (folder, lock)
        };
        let (left, _) = made("grading-left");
        let (used, lock) = made("grading-used");
        lock.lock().unwrap();
        let (others, _) = made("anything");
        let (fresh, lock) = made("grading-fresh");
        lock.set_modified(SystemTime::now()).unwrap();
        sweep(place.path());
        assert!(!left.exists());
        assert!(used.exists() && others.exists() && fresh.exists());
    }
}
