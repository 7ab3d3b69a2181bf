//! The sources of the crates below `support`, in a place that cargo takes for its own: with these, a cell
//! that adds a local crate is compiled without the network and without a place that can be written to.

use crate::template;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder, in cargo's home, of what it has from registries; below it `index`, `cache`, with a file for
/// each crate, and `src`, with these unpacked. In each of the three is a folder for each registry.
const REGISTRY: &str = "registry";

pub struct Crates {
    /// As `CARGO_HOME` names it.
    pub home: PathBuf,
}

impl Crates {
    /// Copies what `support` needs by this lock file, as far as it is there; cargo fetches the rest where it
    /// compiles them.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn copy(lock: &str, from: &Path, home: &Path) -> Result<Crates> {
        let (from, to) = (from.join(REGISTRY), home.join(REGISTRY));
        for (name, version) in template::crates_below_support(lock) {
            let packed = format!("cache/*/{name}-{version}.crate");
            let indexed = format!("index/*/.cache/{}", place_in_index(&name));
            for pattern in [packed, indexed, "index/*/config.json".to_owned()] {
                let escaped = glob::Pattern::escape(&from.to_string_lossy());
                for file in glob::glob(&format!("{escaped}/{pattern}"))?.flatten() {
                    let target = to.join(file.strip_prefix(&from)?);
                    let copied = fs::create_dir_all(target.parent().unwrap_or(home))
                        .and_then(|()| fs::copy(&file, &target));
                    copied.with_context(|| format!("{} cannot be copied", file.display()))?;
                }
            }
        }
        fs::create_dir_all(home).with_context(|| format!("{} cannot be made", home.display()))?;
        Ok(Crates {
            home: home.to_owned(),
        })
    }

    /// After all is compiled: removes the crates that were not unpacked for that, as they are for other
    /// platforms.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn leave_what_is_used(&self) -> Result<()> {
        let registry = self.home.join(REGISTRY);
        let escaped = glob::Pattern::escape(&registry.to_string_lossy());
        for packed in glob::glob(&format!("{escaped}/cache/*/*.crate"))?.flatten() {
            let within = packed.strip_prefix(registry.join("cache"))?;
            if !registry
                .join("src")
                .join(within.with_extension(""))
                .is_dir()
            {
                fs::remove_file(&packed)
                    .with_context(|| format!("{} cannot be removed", packed.display()))?;
            }
        }
        Ok(())
    }
}

/// Where a registry's index has a crate: in folders by the first letters of its name.
fn place_in_index(name: &str) -> String {
    let name = name.to_lowercase();
    match name.len() {
        1 | 2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "support"
version = "0.1.0"
dependencies = [
 "libc",
]

[[package]]
name = "libc"
version = "0.2.1"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "clap"
version = "4.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

    #[test]
    fn what_support_needs_is_taken_and_of_that_what_was_unpacked_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for file in [
            "cache/one/libc-0.2.1.crate",
            "cache/one/libc-0.1.9.crate",
            "cache/one/clap-4.0.0.crate",
            "index/one/config.json",
            "index/one/.cache/li/bc/libc",
            "index/one/.cache/cl/ap/clap",
        ] {
            let file = from.join(REGISTRY).join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a writable folder");
            fs::write(file, "").expect("a writable folder");
        }
        let crates = Crates::copy(LOCK, &from, &to).expect("a copy");
        let files = || {
            let all = format!("{}/**/*", to.join(REGISTRY).display());
            let all = glob::glob(&all).expect("a pattern").flatten();
            let files = all.filter(|path| path.is_file());
            let within = files.map(|file| file.strip_prefix(&to).map(Path::to_owned));
            let names = within.map(|file| file.expect("a path").to_string_lossy().into_owned());
            names.collect::<Vec<_>>()
        };
        let index = [
            "registry/index/one/.cache/li/bc/libc",
            "registry/index/one/config.json",
        ];
        assert_eq!(
            files(),
            ["registry/cache/one/libc-0.2.1.crate", index[0], index[1]]
        );
        let unpacked = to.join(REGISTRY).join("src/one/libc-0.2.1");
        fs::create_dir_all(&unpacked).expect("a writable folder");
        crates.leave_what_is_used().expect("files");
        assert_eq!(files().len(), 3);
        fs::remove_dir(unpacked).expect("a folder");
        crates.leave_what_is_used().expect("files");
        assert_eq!(files(), index);
    }

    #[test]
    fn a_name_leads_to_its_place_in_the_index() {
        for (name, place) in [
            ("a", "1/a"),
            ("nb", "2/nb"),
            ("nix", "3/n/nix"),
            ("Inflector", "in/fl/inflector"),
        ] {
            assert_eq!(place_in_index(name), place);
        }
    }
}
