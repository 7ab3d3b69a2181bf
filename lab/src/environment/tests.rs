use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn pins_take_pips_spelling_and_leave_out_what_is_not_for_all() {
    let text = "name: x\nchannels:\n  - forge\ndependencies:\n  - python>=3.10  # conda only\n  - jupyterlab=4.6.6\n  - sphinx=9.0.4 # pages only\n";
    let pins = |wanted: &str| pins_in(text, |remark| remark == wanted).unwrap();
    assert_eq!(pins(""), ["jupyterlab==4.6.6"]);
    assert_eq!(pins("pages only"), ["sphinx==9.0.4"]);
}

#[test]
fn a_dependency_without_a_version_is_named() {
    for loose in ["jupyterlab", "jupyterlab>=4", "jupyterlab==4"] {
        let said = pins_in(&format!("dependencies:\n  - {loose}\n"), str::is_empty)
            .unwrap_err()
            .to_string();
        assert!(said.contains(loose), "{said}");
    }
}

/// A repository, and a Python that writes down what it is asked to make.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(place.root().join("support")).unwrap();
        fs::write(place.root().join("support/Cargo.toml"), "").unwrap();
        place.pin("4.6.6");
        place.install_python("# 3.12");
        place
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    fn pin(&self, version: &str) {
        let text = format!("dependencies:\n  - jupyterlab={version}\n");
        fs::write(self.root().join("environment.yml"), text).unwrap();
    }

    /// The system's Python: it makes an environment whose `python` leads to itself, and there it
    /// installs JupyterLab, unless `behaviour` has it do something else.
    fn install_python(&self, behaviour: &str) {
        let made = self.made();
        let made = made.display();
        let script = format!(
            r#"#!/bin/sh
{behaviour}
case "$*" in
    "-m venv "*) echo "$*" | sed 's| /.*||' >> {made}
        for prefix; do :; done
        case "$*" in *--clear*) rm -rf "${{prefix:?}}" ;; esac
        mkdir -p "$prefix/bin" && ln -sf {python} "$prefix/bin/python" ;;
    "-m pip "*) echo "${{*##*--disable-pip-version-check }}" >> {made}
        echo > "${{0%/*}}/jupyter-lab" ;;
esac
"#,
            python = self.python().display()
        );
        write_program(&self.python(), &script);
    }

    fn python(&self) -> PathBuf {
        self.folder.path().join("python3")
    }

    fn made(&self) -> PathBuf {
        self.folder.path().join("made")
    }

    /// Sets up, and returns what the Pythons were told to do.
    fn set_up(&self) -> Vec<String> {
        let _ = fs::remove_file(self.made());
        let home = Home::at(&self.root()).unwrap();
        let begun = Environment::own(&home, || Ok(self.python())).unwrap();
        begun.finish(&home).unwrap();
        let made = fs::read_to_string(self.made()).unwrap_or_default();
        made.lines().map(str::to_owned).collect()
    }
}

fn write_program(file: &Path, text: &str) {
    // Not in place: a script that is open for writing cannot be run.
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, text).unwrap();
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(unfinished, file).unwrap();
}

const NEW: [&str; 2] = ["-m venv", "jupyterlab==4.6.6"];
const AGAIN: [&str; 2] = ["-m venv --clear", "jupyterlab==4.6.6"];

#[test]
fn a_whole_environment_is_left_alone() {
    let place = Place::new();
    assert_eq!(place.set_up(), NEW);
    assert!(place.set_up().is_empty());
}

#[test]
fn other_pins_are_installed_into_the_same_environment() {
    let place = Place::new();
    place.set_up();
    place.pin("4.7.0");
    assert_eq!(place.set_up(), ["-m venv", "jupyterlab==4.7.0"]);
    assert!(place.set_up().is_empty());
}

#[test]
fn an_interrupted_set_up_is_taken_up_again() {
    let place = Place::new();
    place.set_up();
    fs::remove_file(place.root().join(".venv").join(STAMP)).unwrap();
    assert_eq!(place.set_up(), NEW);
}

#[test]
fn in_a_moved_clone_the_environment_is_made_again() {
    let place = Place::new();
    place.set_up();
    let elsewhere = place.folder.path().join("elsewhere");
    fs::rename(place.root(), &elsewhere).unwrap();
    fs::create_dir(place.root()).unwrap();
    let moved = Home::at(&elsewhere).unwrap();
    fs::remove_file(place.made()).unwrap();
    let begun = Environment::own(&moved, || Ok(place.python())).unwrap();
    begun.finish(&moved).unwrap();
    assert_eq!(
        begun.environment.prefix,
        elsewhere.canonicalize().unwrap().join(".venv")
    );
    let made = fs::read_to_string(place.made()).unwrap();
    assert_eq!(made.lines().collect::<Vec<_>>(), AGAIN);
}

#[test]
fn without_its_python_or_its_jupyterlab_the_environment_is_made_again() {
    for missing in ["python", "jupyter-lab"] {
        let place = Place::new();
        place.set_up();
        fs::remove_file(place.root().join(".venv/bin").join(missing)).unwrap();
        assert_eq!(place.set_up(), AGAIN, "without {missing}");
        assert!(place.set_up().is_empty());
    }
}

#[test]
fn after_an_upgrade_of_python_the_environment_is_made_again_only_if_it_is_broken() {
    let place = Place::new();
    place.set_up();
    place.install_python("# 3.12.1 finds what 3.12 has installed");
    assert!(place.set_up().is_empty());
    // 3.13 looks for its packages elsewhere.
    place.install_python("case \"$*\" in \"-c import \"*) exit 1 ;; esac");
    assert_eq!(place.set_up(), AGAIN);
    assert!(place.set_up().is_empty());
}
