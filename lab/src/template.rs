//! The prebuilt build directory that each kernel starts from.
//!
//! A stock kernel begins in an empty directory and compiles every dependency anew, forty seconds
//! at its first `:dep`. Here `support` and its dependencies are compiled once, by the command that
//! evcxr would use, and a kernel copies the result.

pub mod copy;
mod reached;

use crate::home::Home;
use crate::installed::Installed;
use crate::{progress, shims, stock};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Dependencies are compiled well, whatever level the cells have: `:opt 2` in a notebook that times
/// its own loops then compiles nothing anew. Each is compiled in one piece: what comes of that is quicker
/// than pieces that are optimised once more where they are put together (`lto`, unless it is off), and
/// takes two thirds of the time. The macros' crates run for a moment each. A configuration file above the build
/// directory is the one place whose profile wins over the one that evcxr writes. A cell is compiled in one
/// piece, too, and the compiler writes down nothing for the next: for a text of that length both take
/// longer than they save.
const CARGO_CONFIG: &str = "\
[profile.dev]
codegen-units = 1
lto = \"off\"

[profile.dev.package]
ctx = { incremental = false }
proc-macro2 = { opt-level = 0 }
quote = { opt-level = 0 }
serde_derive = { opt-level = 0 }
syn = { opt-level = 0 }
tokio-macros = { opt-level = 0 }
\"*\" = { opt-level = 2 }
";

/// The level of a kernel's cells until a `:opt` says otherwise: compiled quickly rather than well.
pub const CELLS_LEVEL: &str = "0";

/// Holds off the template's next rebuild while it is copied.
pub struct Template {
    folder: PathBuf,
    lock: File,
    /// Whether it is an installation's, which stays as it is for as long as the lock is held.
    stays: bool,
}

impl Template {
    /// The template for the sources as they are now; compiles it if they changed since.
    ///
    /// Blocks while another process compiles it.
    ///
    /// # Errors
    /// When `support` does not compile, or there is no disk.
    pub fn current(home: &Home, installed: &Installed) -> Result<Template> {
        Template::waited_for(home, installed, || {})
    }

    /// The same; calls `waits` first if it has to be compiled, by whomever.
    ///
    /// # Errors
    /// As [`Template::current`].
    pub fn waited_for(
        home: &Home,
        installed: &Installed,
        waits: impl FnOnce(),
    ) -> Result<Template> {
        let templates = home.state().join(TEMPLATES);
        if let Some(name) = &installed.template {
            return Template::installed(home, templates.join(name));
        }
        let names = Names::of(home, installed)?;
        let folder = templates.join(&names.template);
        if !folder.is_dir() {
            home.require_writable()?;
            fs::create_dir_all(&templates)
                .with_context(|| format!("{} cannot be made", templates.display()))?;
            waits();
        }
        // Who may only read what another user has set up can lock it as well.
        let lock = home.state().join(LOCK);
        let lock = File::create(&lock).or_else(|_| File::open(&lock));
        let lock = lock.context("the template cannot be locked")?;
        lock.lock_shared()?;
        if !folder.is_dir() {
            lock.unlock()?;
            lock.lock()?;
            // Another process may have made it while this one waited.
            if !folder.is_dir() {
                let unfinished = folder.with_extension("unfinished");
                keep_what_holds(&templates, &names, &unfinished)?;
                build(home, installed, &unfinished, &folder)?;
            }
            lock.unlock()?;
            lock.lock_shared()?;
        }
        Ok(Template {
            folder,
            lock,
            stays: false,
        })
    }

    /// That of an installation, which is read and no more. The lock tells who renews it that it is in use;
    /// a file system without locks tells nothing.
    fn installed(home: &Home, folder: PathBuf) -> Result<Template> {
        let lock = File::open(home.state().join(LOCK)).and_then(|lock| {
            let _ = lock.lock_shared();
            folder.metadata().map(|_| lock)
        });
        let lock = lock.with_context(|| {
            format!(
                "the installation in {} is damaged: have it renewed by `cargo lab install`",
                home.root.display()
            )
        })?;
        Ok(Template {
            folder,
            lock,
            stays: true,
        })
    }

    /// What a kernel that was made from it has to hold while it runs: its folder leads to this one.
    pub fn kept(self) -> Option<File> {
        self.stays.then_some(self.lock)
    }

    /// Where it is: not to be changed.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies it to `target`, which must be an empty folder. The libraries of crates, nine tenths of it, are
    /// links, where the file system has them: who writes one puts another file in its place. Those to a
    /// template that stays, which may be on any disk, are symbolic; another may go before its kernels do.
    ///
    /// # Errors
    /// When the copy fails, for example for lack of disk.
    pub fn copy_to(&self, target: &Path) -> Result<()> {
        let link = |from: &Path, to: &Path| match from.extension().and_then(OsStr::to_str) {
            Some("rlib" | "rmeta") if self.stays => symlink(from, to).is_ok(),
            Some("rlib" | "rmeta") => fs::hard_link(from, to).is_ok(),
            _ => false,
        };
        copy::tree_with_links(&self.folder, target, &link).with_context(|| {
            format!(
                "the kernel's build directory cannot be copied to {}",
                target.display()
            )
        })?;
        count_as_fresh(target)
    }
}

/// Makes cargo take the family's artifacts for newer than its sources.
///
/// They are: the template is named by what the sources say. Cargo goes by times, and those of a
/// checkout are newer after each change of branch and back; each kernel would compile `support` again.
fn count_as_fresh(folder: &Path) -> Result<()> {
    let now = SystemTime::now();
    for fingerprint in fingerprints_of_family(&folder.join("build").join(stock::TARGET))? {
        for record in fs::read_dir(&fingerprint)?.flatten() {
            if record.file_name().as_encoded_bytes().starts_with(b"dep-") {
                File::options()
                    .write(true)
                    .open(record.path())
                    .and_then(|file| file.set_modified(now))
                    .with_context(|| format!("{} cannot be written", record.path().display()))?;
            }
        }
    }
    Ok(())
}

/// What cargo knows of `support` and its family: a folder for each, below a build directory.
fn fingerprints_of_family(target: &Path) -> Result<Vec<PathBuf>> {
    let pattern = format!("{}/*/debug/.fingerprint/*", target.display());
    let mut found: Vec<PathBuf> = glob::glob(&pattern)?.flatten().collect();
    found.retain(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let (package, _) = name.rsplit_once('-').unwrap_or_default();
        FAMILY.contains(&package) || package == stock::CRATE
    });
    Ok(found)
}

/// Names, by all that they depend on.
struct Names {
    template: String,
    /// Of what is compiled before `support` and its family.
    libraries: String,
}

/// The file, in a template, with the name of its libraries.
const LIBRARIES: &str = "libraries";

impl Names {
    fn of(home: &Home, installed: &Installed) -> Result<Names> {
        let mut hash = Sha256::new();
        for part in [
            &installed.toolchain.version,
            stock::VERSION,
            CARGO_CONFIG,
            stock::CARGO_CONFIG,
            &stock::manifest(CELLS_LEVEL, ""),
            shims::FORMAT,
            shims::NAMES.0,
            &stock::rust_flags(),
            &installed.launcher.to_string_lossy(),
        ] {
            hash.update(part);
        }
        let read = |name: &str| {
            let file = home.root.join(name);
            fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
        };
        let lock = read("Cargo.lock")?;
        let packages = reached::packages(&lock, "support");
        hash.update(reached::manifest(&read("Cargo.toml")?, &packages));
        for package in packages {
            hash.update(package);
        }
        let mut files = Vec::new();
        sources_below(&home.root.join("support"), &mut files)?;
        files.sort();
        let (sources, others): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| file.extension().is_some_and(|it| it == "rs" || it == "js"));
        add(&mut hash, &others)?;
        let libraries = hex(&hash.clone().finalize()[..8]);
        add(&mut hash, &sources)?;
        let template = hex(&hash.finalize()[..8]);
        Ok(Names {
            template,
            libraries,
        })
    }
}

fn add(hash: &mut Sha256, files: &[PathBuf]) -> Result<()> {
    for file in files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?);
    }
    Ok(())
}

/// Removes what is in `templates`, but for libraries that the next template has, too: they are put
/// where it is made. `support` and its family are compiled anew, whatever the times of their files are.
fn keep_what_holds(templates: &Path, names: &Names, unfinished: &Path) -> Result<()> {
    let target = Path::new("build").join(stock::TARGET);
    let aside = templates.join("aside");
    if aside.is_dir() {
        fs::remove_dir_all(&aside).context("an older template cannot be removed")?;
    }
    for entry in fs::read_dir(templates)? {
        let older = entry?.path();
        let named = fs::read_to_string(older.join(LIBRARIES));
        if named.is_ok_and(|named| named == names.libraries) {
            let _ = fs::rename(older.join(&target), &aside);
        }
        if older != aside {
            fs::remove_dir_all(&older).context("an older template cannot be removed")?;
        }
    }
    fs::create_dir_all(unfinished.join("build"))?;
    if aside.is_dir() {
        fs::rename(&aside, unfinished.join(&target))?;
        for fingerprint in fingerprints_of_family(&unfinished.join(&target))? {
            fs::remove_dir_all(&fingerprint)?;
        }
    }
    fs::write(unfinished.join(LIBRARIES), &names.libraries)?;
    Ok(())
}

/// The packages whose sources are the repository's.
pub const FAMILY: [&str; 6] = [
    "support",
    "figures",
    "timeline",
    "processes",
    "interleavings",
    "web",
];

/// Manifests and sources of `support` and its family, but not their tests, benchmarks and examples.
fn sources_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            if !["tests", "benches", "examples"]
                .iter()
                .any(|aside| path.ends_with(aside))
            {
                sources_below(&path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| ["rs", "toml", "js"].iter().any(|it| extension == *it))
        {
            files.push(path);
        }
    }
    Ok(())
}

/// The folder, in the state's, with the templates: one, but for the moment of a change.
const TEMPLATES: &str = "template";

/// The file, in the state's folder, that is locked while a template is used, or made.
pub const LOCK: &str = "template.lock";

/// The folder, in the state's, with the outlines of crates: in one with a template's name, those for its kernels.
pub const OUTLINES: &str = "outlines";

fn build(home: &Home, installed: &Installed, unfinished: &Path, folder: &Path) -> Result<()> {
    // Those of earlier templates; a kernel that has need of them makes them again.
    let _ = fs::remove_dir_all(home.state().join(OUTLINES));
    let crate_folder = unfinished.join("build");
    fs::create_dir_all(crate_folder.join("src"))?;
    for folder in [unfinished, &crate_folder] {
        fs::create_dir_all(folder.join(".cargo"))?;
    }
    fs::write(unfinished.join(".cargo/config.toml"), CARGO_CONFIG)?;
    fs::write(crate_folder.join(".cargo/config.toml"), stock::CARGO_CONFIG)?;
    fs::write(crate_folder.join(stock::SOURCE), "pub use support;\n")?;
    let support = format!("{}\n", support_dependency(home));
    let cells = [
        (stock::FIRST_LEVEL, &*support),
        (CELLS_LEVEL, &*support),
        (stock::FIRST_LEVEL, ""),
    ];
    fs::write(
        crate_folder.join("Cargo.toml"),
        stock::manifest(cells[0].0, cells[0].1),
    )?;
    fs::copy(
        home.root.join("Cargo.lock"),
        crate_folder.join("Cargo.lock"),
    )
    .context("Cargo.lock cannot be copied")?;
    let host = installed.toolchain.host();
    let as_evcxr = |command: &mut Command| {
        command
            .current_dir(&crate_folder)
            .env("RUSTFLAGS", stock::rust_flags())
            .env("RUSTC", installed.toolchain.bin().join("rustc"))
            .env(shims::NAMES.0, shims::NAMES.1)
            .env("CARGO_TARGET_DIR", stock::TARGET)
            .env("CARGO_BUILD_BUILD_DIR", stock::TARGET)
            .env("CARGO_HOME", &installed.cargo_home);
        without_callers_cargo(command);
    };
    let mut command = Command::new(installed.toolchain.bin().join("cargo"));
    command.args(["build", "--target", host]);
    as_evcxr(&mut command);
    progress::run(
        "support, compiled for the kernel",
        &mut command,
        &home.state().join("log/template.txt"),
    )?;
    // What only a rebuild of `support` in place would use.
    let _ = fs::remove_dir_all(
        crate_folder
            .join(stock::TARGET)
            .join(host)
            .join("debug/incremental"),
    );
    fs::copy(
        crate_folder.join("Cargo.lock"),
        unfinished.join("Cargo.lock"),
    )?;
    fs::create_dir_all(unfinished.join("no-src/core"))?;
    symlink("no-src", unfinished.join(shims::RUST_SRC))?;
    let settings = shims::Settings::new(installed, folder.join("answers"));
    shims::write(unfinished, &settings)?;
    let paths = shims::Paths::of_template(unfinished, &installed.cargo_home);
    shims::learn(&paths, &settings, host, &cells, as_evcxr)?;
    fs::rename(unfinished, folder)
        .with_context(|| format!("{} cannot be put in its place", folder.display()))
}

/// The manifest of a workspace of `support` and its family alone.
pub fn manifest_of_family(manifest: &str, lock: &str) -> String {
    let kept = reached::manifest(manifest, &reached::packages(lock, "support"));
    let folder = |name: &&str| match *name {
        "support" => "support".to_owned(),
        below => format!("support/{below}"),
    };
    let members: Vec<_> = FAMILY.iter().map(folder).collect();
    let workspace = format!("[workspace]\nmembers = {members:?}\nexclude = [\".lab\"]\n");
    kept.replacen("[workspace]\n", &workspace, 1)
}

/// The crates below `support` and their versions, by the text of a lock file.
pub fn crates_below_support(lock: &str) -> Vec<(String, String)> {
    reached::packages(lock, "support")
        .into_iter()
        .filter_map(reached::name_and_version)
        .collect()
}

/// `support` by absolute path.
pub fn support_dependency(home: &Home) -> String {
    stock::dependency("support", &home.root.join("support"))
}

/// Bytes as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes away the settings of a cargo that runs this program: they are not for the one it starts.
pub fn without_callers_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let keep = [
            "CARGO_HOME",
            "CARGO_HTTP_",
            "CARGO_NET_",
            "CARGO_REGISTRIES_",
            "CARGO_REGISTRY_",
            "CARGO_SOURCE_",
        ];
        if text.starts_with("CARGO")
            && !keep.iter().any(|kept| text.starts_with(kept))
            && text != "CARGO_TARGET_DIR"
            && text != "CARGO_BUILD_BUILD_DIR"
        {
            command.env_remove(&name);
        }
    }
    for name in [
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTUP_TOOLCHAIN",
        "LD_LIBRARY_PATH",
        "RUST_RECURSION_COUNT",
    ] {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    /// An older template with libraries of that name, and what the next one finds of it.
    fn found(libraries: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let older = folder.path().join("older");
        let prints = "build/target/some-host/debug/.fingerprint";
        for package in [
            "support-1a",
            "timeline-2b",
            "ctx-3c",
            "nix-4d",
            "support-macros-5e",
        ] {
            fs::create_dir_all(older.join(prints).join(package)).expect("a writable folder");
        }
        fs::write(older.join(LIBRARIES), libraries).expect("a writable folder");
        let names = Names {
            template: "next".to_owned(),
            libraries: "these".to_owned(),
        };
        let unfinished = folder.path().join("next.unfinished");
        keep_what_holds(folder.path(), &names, &unfinished).expect("a writable folder");
        assert!(!older.exists());
        assert_eq!(
            fs::read_to_string(unfinished.join(LIBRARIES)).unwrap(),
            "these"
        );
        let kept = fs::read_dir(unfinished.join(prints)).into_iter().flatten();
        let names = kept.flatten().map(|entry| entry.file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_copy_is_newer_than_sources_whatever_their_times() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let prints = "build/target/some-host/debug/.fingerprint";
        let changed = |package: &str| {
            let record = folder.path().join(prints).join(package).join("dep-lib-it");
            fs::create_dir_all(record.parent().unwrap()).expect("a writable folder");
            let file = File::create(&record).expect("a writable folder");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("a file");
            record
        };
        let [ours, other] = ["support-1a", "nix-4d"].map(changed);
        let before = SystemTime::now();
        count_as_fresh(folder.path()).expect("a writable folder");
        let time = |path| fs::metadata(path).and_then(|it| it.modified()).unwrap();
        assert!(time(ours) >= before - std::time::Duration::from_secs(1));
        assert_eq!(time(other), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn a_kernel_has_links_to_libraries_and_copies_of_all_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lock = || File::create(folder.path().join(LOCK)).expect("a writable folder");
        let from = folder.path().join("template");
        fs::create_dir(&from).expect("a writable folder");
        for name in ["a.rlib", "a.rmeta", "a.so"] {
            fs::write(from.join(name), name).expect("a writable folder");
        }
        for stays in [true, false] {
            let template = Template {
                folder: from.clone(),
                lock: lock(),
                stays,
            };
            let to = folder.path().join(format!("stays-{stays}"));
            fs::create_dir(&to).expect("a writable folder");
            template.copy_to(&to).expect("a copy");
            let number = |file: PathBuf| fs::symlink_metadata(file).expect("a file").ino();
            for name in ["a.rlib", "a.rmeta"] {
                let leads_to = fs::read_link(to.join(name)).ok();
                assert_eq!(leads_to, stays.then(|| from.join(name)));
                assert_eq!(number(to.join(name)) == number(from.join(name)), !stays);
            }
            assert!(!to.join("a.so").is_symlink());
            assert_ne!(number(to.join("a.so")), number(from.join("a.so")));
        }
    }

    #[test]
    fn libraries_are_compiled_once_and_the_family_each_time() {
        assert_eq!(found("these"), ["nix-4d", "support-macros-5e"]);
        assert_eq!(found("others"), [""; 0]);
    }
}
