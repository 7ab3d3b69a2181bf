//! A folder copied with all that is in it.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::Path;

/// Copies what is in `from` to `to`, which is there, with its permissions and times: cargo goes by those.
/// Blocks are shared where the file system can.
///
/// # Errors
/// When something cannot be read or written, for example for lack of disk.
pub fn tree(from: &Path, to: &Path) -> Result<()> {
    tree_with_links(from, to, &|_, _| false)
}

/// The same, but for the files that `link` puts there in its own way, which it says: a link will do for
/// what nobody writes in place.
///
/// # Errors
/// As [`tree`].
pub fn tree_with_links(from: &Path, to: &Path, link: &dyn Fn(&Path, &Path) -> bool) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| unread(from))?;
    for entry in entries {
        let entry = entry.with_context(|| unread(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let unwritten = || format!("{} cannot be written", target.display());
        let kind = entry.file_type().with_context(|| unread(&source))?;
        if kind.is_dir() {
            fs::create_dir(&target).with_context(unwritten)?;
            tree_with_links(&source, &target, link)?;
        } else if kind.is_file() && link(&source, &target) {
            // It is there.
        } else if kind.is_symlink() {
            let leads_to = fs::read_link(&source).with_context(|| unread(&source))?;
            std::os::unix::fs::symlink(leads_to, &target).with_context(unwritten)?;
        } else {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let modified = modified.with_context(|| unread(&source))?;
            // It tells not whether reading or writing failed; a template that is there can mostly be read.
            fs::copy(&source, &target).with_context(unwritten)?;
            let file = File::options().write(true).open(&target);
            file.and_then(|file| file.set_modified(modified))
                .with_context(unwritten)?;
        }
    }
    Ok(())
}

fn unread(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_copy_has_everything_and_its_times() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::create_dir_all(from.join("a/b")).expect("a writable folder");
        fs::create_dir(&to).expect("a writable folder");
        let file = from.join("a/b/file");
        fs::write(&file, "text").expect("a writable folder");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a file");
        let old = SystemTime::UNIX_EPOCH + Duration::new(1_000_000, 123_456_789);
        let set = File::options().write(true).open(&file);
        set.and_then(|file| file.set_modified(old)).expect("a file");
        std::os::unix::fs::symlink("b/file", from.join("a/link")).expect("a writable folder");
        tree(&from, &to).expect("a copy");
        let metadata = to.join("a/b/file").metadata().expect("a file");
        assert_eq!(metadata.modified().expect("a time"), old);
        assert_eq!(metadata.permissions().mode() & 0o777, 0o755);
        let leads_to = fs::read_link(to.join("a/link")).expect("a link");
        assert_eq!(leads_to, Path::new("b/file"));
        assert_eq!(
            fs::read_to_string(to.join("a/link")).expect("a file"),
            "text"
        );
        let linked = folder.path().join("linked");
        fs::create_dir(&linked).expect("a writable folder");
        let link = |from: &Path, to: &Path| {
            from.ends_with("file") && std::os::unix::fs::symlink(from, to).is_ok()
        };
        tree_with_links(&from, &linked, &link).expect("a copy");
        assert_eq!(
            fs::read_link(linked.join("a/b/file")).expect("a link"),
            file
        );
        // What is there already is not written over.
        let said = tree(&from, &to).expect_err("it is there").to_string();
        assert!(said.ends_with("to/a cannot be written"), "{said}");
    }
}
