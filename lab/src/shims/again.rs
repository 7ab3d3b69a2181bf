//! Another `support` within a kernel.
//!
//! All cells share one copy of it and of what it is made of, and cargo builds a crate with all the
//! features that anybody wants of it. So where a reader's crate wants `tokio` with one feature more,
//! another `support` is compiled: the cells' process, which has loaded the first, cannot load what is
//! linked with the second. Nor could two of them serve one process: each would have its own runtime, its
//! own guard of forks and its own recorders.
//!
//! So the reader is told as soon as that begins, while an interrupt still keeps everything; and when all
//! is compiled, the process is ended before it has begun the cell. That leaves [`ENDED`] for the front to
//! find: it has the cell run once more, in a fresh process.

use crate::launcher;
use crate::stock;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The file, beside the kernel's build directory, that tells that the cells' process has been ended here.
pub const ENDED: &str = "cells-ended";

/// The file with the name of the `support` that the cells' process has loaded, or will.
const LOADED: &str = "loaded";

/// What evcxr passes on for us begins like what it passes on for cargo, [`stock::COMPILING`] and the name
/// of a crate. This is followed by the reason.
pub const WHY: &str = "support again: ";
/// There is no more to compile but the cell.
pub const DONE: &str = "nothing more";

/// By this variable, whatever is in it, cargo gives a library in a path a name of its own for each way in
/// which it is compiled. Else another `support` would be written over the one that is loaded, and a cell that
/// then does not compile would have to be followed by the first one once more.
pub const NAMES: (&str, &str) = ("__CARGO_DEFAULT_LIB_METADATA", "cells");

/// What cargo says of a build of a cell.
#[derive(Default)]
pub struct Watch {
    compiled: bool,
    /// The `support` that the cell is linked with, and whether it was compiled just now.
    support: Option<(PathBuf, bool)>,
}

impl Watch {
    /// A line of cargo's messages.
    pub fn hear(&mut self, line: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            return;
        };
        let target = message["target"]["name"].as_str().unwrap_or_default();
        let of_cell = [stock::CRATE, stock::PROBE].contains(&target);
        if message["reason"] != "compiler-artifact" || of_cell {
            return;
        }
        let is_new = message["fresh"] == false;
        self.compiled |= is_new;
        let names = message["filenames"].as_array().into_iter().flatten();
        // Among them is one without the way in which it was compiled, for programs.
        let mut libraries = names.filter_map(|name| library_in(name.as_str()?));
        if let Some(library) = libraries.next() {
            self.support = Some((library, is_new));
        }
    }

    /// All is compiled, or nothing more will be. Returns the `support` that the cell is linked with.
    pub fn end(self, folder: &Path) -> Option<PathBuf> {
        if self.compiled {
            eprintln!("{}{DONE}", stock::COMPILING);
        }
        let (library, is_new) = self.support?;
        let loaded = folder.join(LOADED);
        if is_new && is_named_in(&loaded, &library) {
            // Under the same name it is another: its sources have changed.
            let _ = fs::write(loaded, "");
        }
        Some(library)
    }
}

fn is_named_in(file: &Path, library: &Path) -> bool {
    fs::read(file).is_ok_and(|name| name == library.as_os_str().as_encoded_bytes())
}

/// The library of `support` that is meant, `…/deps/libsupport-0123456789abcdef.so`; nothing of others.
fn library_in(path: &str) -> Option<PathBuf> {
    let name = Path::new(path).file_stem()?.to_str()?;
    let is_meant = name.starts_with("libsupport-");
    is_meant.then(|| Path::new(path).with_extension("so"))
}

/// The `support` that a `command` of rustc links a cell with.
pub fn linked_by(command: &[String]) -> Option<PathBuf> {
    let mut linked = command.iter().filter_map(|it| it.strip_prefix("support="));
    linked.find_map(library_in)
}

/// Before the cells' process gets a cell that is linked with this `support`: it is ended if it has loaded
/// another.
pub fn prepare(folder: &Path, library: &Path) {
    show_to_loader(library);
    let loaded = folder.join(LOADED);
    let is_first = !loaded.exists();
    let name = library.as_os_str().as_encoded_bytes();
    if !is_named_in(&loaded, library) && fs::write(&loaded, name).is_ok() && !is_first {
        let _ = fs::write(folder.join(ENDED), "");
        launcher::end_siblings_with(stock::variables::IS_CELLS);
    }
}

/// A cell's library looks for others beside itself, and evcxr has it where cargo puts what it was asked for:
/// a folder above the libraries that this needs.
fn show_to_loader(library: &Path) {
    if let (Some(deps), Some(name)) = (library.parent(), library.file_name())
        && let (Some(above), Some(here)) = (deps.parent(), deps.file_name())
        && !above.join(name).exists()
    {
        // Where that fails the loader says what it misses.
        let _ = std::os::unix::fs::symlink(Path::new(here).join(name), above.join(name));
    }
}

/// In rustc's place, before it begins: tells evcxr, once for each build, if this is the beginning of another
/// `support`. `recorded` ends with the number of the process that builds, to whose stderr evcxr listens.
pub fn begins(recorded: &Path, command: &[OsString]) {
    let text: Vec<&str> = command.iter().filter_map(|word| word.to_str()).collect();
    let package = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"].map(|name| std::env::var(name).ok());
    let [Some(name), Some(version)] = package else {
        return;
    };
    let Some(folder) = recorded.parent() else {
        return;
    };
    let lock = fs::read_to_string(folder.join("Cargo.lock")).unwrap_or_default();
    let builder = recorded.extension().and_then(|pid| pid.to_str());
    if let Some(why) = reason(&lock, &name, &version, &text)
        && let Some(builder) = builder
        && fs::File::create_new(told(recorded)).is_ok()
    {
        let line = format!("{}{WHY}{why}\n", stock::COMPILING);
        // Where that is refused the reader is not told beforehand.
        let _ = fs::File::options()
            .append(true)
            .open(format!("/proc/{builder}/fd/2"))
            .and_then(|mut stderr| std::io::Write::write_all(&mut stderr, line.as_bytes()));
    }
}

/// Tells that [`begins`] has told.
pub fn told(recorded: &Path) -> PathBuf {
    recorded.with_extension("told")
}

/// Why there will be another `support`, if the package is one that it is made of (it stands in the
/// template's lock file) and has been compiled for cells before.
///
/// What a build script or a macro uses of it is another matter: that is compiled without `--target`.
fn reason(lock: &str, name: &str, version: &str, command: &[&str]) -> Option<String> {
    let behind = |option: &str| {
        let at = command.iter().position(|word| *word == option)?;
        command.get(at + 1).copied()
    };
    let (krate, place) = (behind("--crate-name")?, behind("--out-dir")?);
    let wanted = format!("name = \"{name}\"\nversion = \"{version}\"\n");
    if behind("--target").is_none() || !lock.contains(&wanted) {
        return None;
    }
    let own = command
        .iter()
        .find_map(|it| it.strip_prefix("extra-filename="));
    let stem = format!("lib{krate}-");
    let names = fs::read_dir(place).ok()?.flatten();
    let libraries: Vec<_> = names
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "rlib"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .filter(|file| file.starts_with(&stem))
        .collect();
    let own = own.map(|own| format!("lib{krate}{own}"));
    match own.is_some_and(|own| libraries.contains(&own)) {
        true => Some(format!("the sources of `{name}` have changed")),
        false => (!libraries.is_empty()).then(|| {
            format!(
                "it is made of `{name}` too, and this cell's crates want that with other features"
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LOCK: &str = "[[package]]\nname = \"nix\"\nversion = \"0.31.0\"\nsource = \"x\"\n";

    #[test]
    fn another_support_begins_with_a_crate_of_it_that_is_compiled_in_another_way() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().to_str().expect("a name").to_owned();
        fs::write(folder.path().join("libnix-1.rlib"), "").expect("a writable folder");
        let why = |name: &str, version: &str, more: &[&str]| {
            let own = ["rustc", "--crate-name", name, "--out-dir", &place];
            reason(LOCK, name, version, &[&own, more].concat())
        };
        let target = ["--target", "some-host", "-C"];
        let other = [&target[..], &["extra-filename=-2"]].concat();
        let same = [&target[..], &["extra-filename=-1"]].concat();
        assert!(why("nix", "0.31.0", &other).is_some_and(|why| why.contains("other features")));
        assert!(why("nix", "0.31.0", &same).is_some_and(|why| why.contains("changed")));
        // Another version is another crate; one that support is not made of is nobody's; and what is
        // compiled for a build script is not what cells use.
        assert_eq!(why("nix", "0.30.0", &other), None);
        assert_eq!(why("image", "0.31.0", &other), None);
        assert_eq!(why("nix", "0.31.0", &["-C", "extra-filename=-2"]), None);
        fs::remove_file(folder.path().join("libnix-1.rlib")).expect("a file");
        assert_eq!(why("nix", "0.31.0", &other), None);
    }

    #[test]
    fn the_process_is_ended_where_another_support_is_to_be_loaded() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let ended = |library: &str| {
            let command = ["--extern".to_owned(), format!("support={library}")];
            if let Some(library) = linked_by(&command) {
                prepare(folder, &library);
            }
            fs::remove_file(folder.join(ENDED)).is_ok()
        };
        assert!(
            !ended("/nowhere/a/libsupport-1.so"),
            "the first that is loaded"
        );
        assert!(!ended("/nowhere/a/libsupport-1.so"));
        assert!(ended("/nowhere/a/libsupport-2.so"));
        assert!(!ended("/nowhere/a/libsupport-2.so"), "once");
        let said = |fresh: bool| {
            let mut watch = Watch::default();
            let message = json!({
                "reason": "compiler-artifact", "fresh": fresh, "target": {"name": "support"},
                "filenames": ["/nowhere/a/libsupport.so", "/nowhere/a/libsupport-2.rlib"],
            });
            watch.hear(message.to_string().as_bytes());
            let library = watch.end(folder);
            assert_eq!(library, Some("/nowhere/a/libsupport-2.so".into()));
        };
        said(true);
        assert!(!ended("/nowhere/a/libsupport-2.so"));
        said(false);
        assert!(
            ended("/nowhere/a/libsupport-2.so"),
            "compiled from other sources"
        );
    }
}
