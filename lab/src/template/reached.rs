//! What of the workspace `support` is made from: of the lock file the packages below it, and of the
//! manifest their versions. What the other members depend on compiles nothing anew for the kernel.

use std::collections::{BTreeMap, BTreeSet};

/// The packages below `root` in the text of a lock file, each as it stands there.
pub fn packages<'a>(lock: &'a str, root: &str) -> Vec<&'a str> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]\n").skip(1) {
        if let Some(name) = quoted(package.lines().next().unwrap_or_default()) {
            by_name.entry(name).or_default().push(package);
        }
    }
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = by_name.get(root).into_iter().flatten().copied().collect();
    while let Some(package) = next.pop() {
        if !reached.insert(package) {
            continue;
        }
        let (_, dependencies) = package.split_once("dependencies = [").unwrap_or_default();
        for named in dependencies.lines().filter_map(quoted) {
            // `name`, or `name version` where there are several versions of it.
            let mut words = named.split(' ');
            let name = words.next().unwrap_or_default();
            let version = words.next().map(|it| format!("version = \"{it}\"\n"));
            let versions = by_name.get(name).into_iter().flatten();
            next.extend(
                versions.filter(|it| version.as_ref().is_none_or(|line| it.contains(line))),
            );
        }
    }
    reached.into_iter().collect()
}

/// The name of a package of a lock file.
fn name(package: &str) -> Option<&str> {
    quoted(package.lines().next()?)
}

/// Both, of a package of a lock file.
pub fn name_and_version(package: &str) -> Option<(String, String)> {
    let version = package
        .lines()
        .find(|line| line.starts_with("version = "))?;
    Some((name(package)?.to_owned(), quoted(version)?.to_owned()))
}

fn quoted(line: &str) -> Option<&str> {
    line.split('"').nth(1)
}

/// The workspace's manifest without its members, its profiles, which are not the template's, and the
/// dependencies that are not among the `packages`.
pub fn manifest(text: &str, packages: &[&str]) -> String {
    let names: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| name(package))
        .collect();
    let mut section = "";
    let mut kept = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        let is_kept = match section {
            "[workspace.dependencies]" => {
                !line.contains('=') || names.contains(key) || line.contains("package =")
            }
            "[workspace]" => !["members", "exclude"].contains(&key),
            section => !section.starts_with("[profile."),
        };
        if is_kept && !line.starts_with('#') {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "lab"
version = "0.1.0"
dependencies = [
 "nix 0.30.0",
 "clap",
]

[[package]]
name = "clap"
version = "4.0.0"

[[package]]
name = "nix"
version = "0.30.0"

[[package]]
name = "nix"
version = "0.31.0"
dependencies = [
 "libc",
]

[[package]]
name = "libc"
version = "0.2.0"

[[package]]
name = "support"
version = "0.1.0"
dependencies = [
 "nix 0.31.0",
 "support-macros",
]

[[package]]
name = "support-macros"
version = "0.1.0"
dependencies = [
 "support",
]
"#;

    #[test]
    fn what_only_others_depend_on_is_left_out() {
        let packages = packages(LOCK, "support");
        let names: Vec<_> = packages.iter().filter_map(|it| name(it)).collect();
        assert_eq!(names, ["libc", "nix", "support", "support-macros"]);
        assert!(packages[1].contains("0.31.0"));
        let text = "[workspace]\nmembers = [\"lab\"]\nresolver = \"3\"\n\n[workspace.package]\nedition = \"2024\"\n\n# All.\n[workspace.dependencies]\nclap = \"4\"\nlibc = \"0.2\"\nother = { package = \"libc\", version = \"0.2\" }\n\n[profile.dev]\nopt-level = 0\n";
        assert_eq!(
            manifest(text, &packages),
            "[workspace]\nresolver = \"3\"\n\n[workspace.package]\nedition = \"2024\"\n\n[workspace.dependencies]\nlibc = \"0.2\"\nother = { package = \"libc\", version = \"0.2\" }\n\n"
        );
    }
}
