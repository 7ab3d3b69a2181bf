//! A kernel's own directory: the copy of the template, and a lock that tells that it is in use.

use crate::template::Template;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "rust-kernel-";

/// Makes the directory and fills it from the template. The file returned holds the lock.
///
/// # Errors
/// When there is no disk for it.
pub fn make(template: &Template) -> Result<(PathBuf, File)> {
    remove_forsaken();
    let base = base();
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(&base)
        .with_context(|| {
            format!(
                "no directory for the kernel can be made in {}",
                base.display()
            )
        })?;
    let lock = hold(folder.path())?;
    template.copy_to(folder.path())?;
    Ok((folder.keep(), lock))
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

/// Where all kernels' folders are made. evcxr passes paths between its processes separated by spaces,
/// so there must be none in them.
pub fn base() -> PathBuf {
    let base = std::env::temp_dir();
    if base.to_string_lossy().contains(char::is_whitespace) {
        "/tmp".into()
    } else {
        base
    }
}

/// Removes directories of kernels whose launcher and warden were both killed.
fn remove_forsaken() {
    let Ok(entries) = fs::read_dir(base()) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_forsaken(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_forsaken(folder: &Path) -> bool {
    // A directory just made may not be locked yet.
    let old = fs::metadata(folder)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| {
            time.elapsed()
                .is_ok_and(|age| age > Duration::from_secs(60))
        });
    old && File::open(folder.join("lock")).map_or(true, |lock| lock.try_lock().is_ok())
}
