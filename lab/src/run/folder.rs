//! The temporary folder of one kernel.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const PREFIX: &str = "lab-run-";

/// Connection file, log and temporary files of a kernel, removed with everything in it.
pub struct Folder {
    directory: TempDir,
    /// Locked for as long as we live, which tells this folder from one that a killed run has left.
    _lock: File,
}

impl Folder {
    pub fn new() -> io::Result<Folder> {
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let lock = File::create(directory.path().join("lock"))?;
        lock.lock()?;
        // stock evcxr builds its crates below TMPDIR and, when killed, leaves them there
        std::fs::create_dir(directory.path().join("tmp"))?;
        let folder = Folder {
            directory,
            _lock: lock,
        };
        std::fs::write(folder.of_others(), "")?;
        Ok(folder)
    }

    /// Stands for the files that other programs have in the folder for temporary files, where the
    /// notebook is not run by us.
    fn of_others(&self) -> PathBuf {
        self.temporary().join("of-another-program")
    }

    /// Whether what others have among the temporary files is still there.
    pub fn others_are_left(&self) -> bool {
        self.of_others().exists()
    }

    /// Where the kernel's own temporary files go.
    pub fn temporary(&self) -> PathBuf {
        self.directory.path().join("tmp")
    }

    pub fn log(&self) -> PathBuf {
        self.directory.path().join("kernel.log")
    }

    /// Writes the connection file. Only the owner may read it: whoever has the key in it can run
    /// code in the kernel.
    pub fn write_connection(&self, text: &[u8]) -> io::Result<PathBuf> {
        let path = self.directory.path().join("connection.json");
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(text)?;
        Ok(path)
    }
}

/// Removes the folders that runs have left which were killed too hard to do so themselves.
pub fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Without a lock file it is not ours, or so young that its owner has not come to it.
        let unlocked =
            File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if unlocked {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_folders_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = parent.path().join(name);
            std::fs::create_dir(&path).unwrap();
            (File::create(path.join("lock")).unwrap(), path)
        };
        let (held, alive) = make("lab-run-alive");
        held.lock().unwrap();
        let (_, dead) = make("lab-run-dead");
        let (_, other) = make("other");
        sweep_in(parent.path());
        assert!(alive.exists() && other.exists() && !dead.exists());
    }
}
