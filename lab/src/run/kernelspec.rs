//! Finds the Rust kernel among the kernelspecs of this machine.

use std::path::{Path, PathBuf};

use anyhow::bail;
use jupyter_protocol::JupyterKernelspec;
use jupyter_zmq_client::dirs;
use serde_json::{Value, json};

/// A kernelspec and the folder it was found in.
#[derive(Debug, Clone)]
pub struct Kernelspec {
    pub folder: PathBuf,
    pub spec: JupyterKernelspec,
}

impl Kernelspec {
    /// The command line, with Jupyter's two placeholders filled in.
    pub fn arguments(&self, connection_file: &Path) -> Vec<String> {
        let connection_file = connection_file.display().to_string();
        let folder = self.folder.display().to_string();
        self.spec
            .argv
            .iter()
            .map(|argument| {
                argument
                    .replace("{connection_file}", &connection_file)
                    .replace("{resource_dir}", &folder)
            })
            .collect()
    }

    /// What a notebook says of this kernel, which says this of its language.
    pub fn metadata(&self, language_info: &Value) -> Value {
        json!({
            "kernelspec": {
                "display_name": self.spec.display_name,
                "language": self.spec.language,
                "name": self.folder.file_name().map(|name| name.to_string_lossy()),
            },
            "language_info": language_info,
        })
    }

    /// The variables that the kernelspec sets, with `${NAME}` replaced from our own environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        let own = |name: &str| std::env::var(name).ok();
        let variables = self.spec.env.iter().flatten();
        variables
            .map(|(name, value)| (name.clone(), expand(value, own)))
            .collect()
    }
}

/// Replaces each `${NAME}` that `look_up` knows and leaves the others as they are.
fn expand(text: &str, look_up: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out += before;
        match after
            .split_once('}')
            .map(|(name, after)| (look_up(name), after))
        {
            Some((Some(value), after)) => {
                out += &value;
                rest = after;
            }
            _ => {
                out += "${";
                rest = after;
            }
        }
    }
    out + rest
}

/// Looks for a Rust kernel in `first`, then in Jupyter's ordinary data directories. In each of the
/// two, a kernelspec named `rust` comes before one that only names the language.
pub fn find(first: &[PathBuf]) -> anyhow::Result<Kernelspec> {
    let ordinary = ordinary_dirs();
    let mut damaged = None;
    for places in [first, &ordinary] {
        let mut found = Vec::new();
        for place in places {
            for folder in folders(&place.join("kernels")) {
                match read(&folder) {
                    Ok(Some(spec)) => found.push(spec),
                    Ok(None) => {}
                    Err(error) => damaged = damaged.or(Some(error)),
                }
            }
        }
        let named = found
            .iter()
            .position(|spec| spec.folder.file_name().is_some_and(|name| name == "rust"));
        if !found.is_empty() {
            return Ok(found.swap_remove(named.unwrap_or(0)));
        }
    }
    if let Some(error) = damaged {
        bail!("no Rust kernel is usable: {error}; run `cargo lab setup`");
    }
    let places: Vec<String> = first
        .iter()
        .chain(&ordinary)
        .map(|place| place.display().to_string())
        .collect();
    bail!(
        "no Rust kernel found (looked in {}): run `cargo lab setup`",
        places.join(", ")
    );
}

fn read(folder: &Path) -> Result<Option<Kernelspec>, String> {
    let path = folder.join("kernel.json");
    let Ok(text) = std::fs::read(&path) else {
        return Ok(None); // a folder without a kernel.json is no kernelspec
    };
    let spec: JupyterKernelspec = match serde_json::from_slice(&text) {
        Ok(spec) => spec,
        Err(error) => return Err(format!("{} is damaged ({error})", path.display())),
    };
    if !spec.language.eq_ignore_ascii_case("rust") {
        return Ok(None);
    }
    if spec.argv.is_empty() {
        return Err(format!("{} names no program", path.display()));
    }
    Ok(Some(Kernelspec {
        folder: folder.to_owned(),
        spec,
    }))
}

/// The subfolders of `parent` in a fixed order, so that the choice does not depend on the disk.
fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Jupyter's own search path. `JUPYTER_PATH` is a list, like `PATH`.
fn ordinary_dirs() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(list) = std::env::var_os("JUPYTER_PATH") {
        places.extend(std::env::split_paths(&list));
    }
    match std::env::var_os("JUPYTER_DATA_DIR") {
        Some(place) => places.push(place.into()),
        None => places.extend(dirs::user_data_dir().ok()),
    }
    places.extend(dirs::system_data_dirs());
    places.retain(|place| !place.as_os_str().is_empty());
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(place: &Path, name: &str, text: &str) {
        let folder = place.join("kernels").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("kernel.json"), text).unwrap();
    }

    const RUST: &str = r#"{"argv": ["k"], "display_name": "Rust", "language": "rust"}"#;
    const PYTHON: &str = r#"{"argv": ["k"], "display_name": "Python", "language": "python"}"#;

    #[test]
    fn the_kernel_named_rust_comes_first() {
        let place = tempfile::tempdir().unwrap();
        install(place.path(), "evcxr", RUST);
        install(place.path(), "python3", PYTHON);
        let dirs = [place.path().to_owned()];
        assert!(find(&dirs).unwrap().folder.ends_with("kernels/evcxr"));
        install(place.path(), "rust", RUST);
        assert!(find(&dirs).unwrap().folder.ends_with("kernels/rust"));
    }

    #[test]
    fn known_variables_are_expanded() {
        let look_up = |name: &str| (name == "A").then(|| "x".to_owned());
        assert_eq!(expand("/b:${A}:${B}:${A", look_up), "/b:x:${B}:${A");
    }

    #[test]
    fn a_damaged_kernelspec_does_not_hide_a_good_one() {
        let place = tempfile::tempdir().unwrap();
        install(place.path(), "rust", "{");
        install(place.path(), "evcxr", RUST);
        assert!(
            find(&[place.path().to_owned()])
                .unwrap()
                .folder
                .ends_with("kernels/evcxr")
        );
    }
}
