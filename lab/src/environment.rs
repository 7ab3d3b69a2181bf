//! The Python environment that holds JupyterLab and its tools.

use crate::{home::Home, progress};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// An environment with JupyterLab in it: `.venv`, or the conda environment that is active.
#[derive(Clone, Debug)]
pub struct Environment {
    pub prefix: PathBuf,
}

/// Names the pins that `.venv` was made from; written last, so that an interrupted set-up is
/// taken up again.
const STAMP: &str = ".lab-pins";

impl Environment {
    pub fn program(&self, name: &str) -> PathBuf {
        self.prefix.join("bin").join(name)
    }

    /// Where this environment's Jupyter looks for kernels.
    pub fn kernels(&self) -> PathBuf {
        self.prefix.join("share/jupyter/kernels")
    }

    /// A command in which programs find each other as in an activated environment.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        let mut path = std::ffi::OsString::from(self.prefix.join("bin"));
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command
            .env("PATH", path)
            .env("VIRTUAL_ENV", &self.prefix)
            .env_remove("PYTHONHOME");
        command
    }

    /// The environment as it is, without making or changing anything.
    pub fn existing(home: &Home) -> Environment {
        active_conda().unwrap_or_else(|| Environment {
            prefix: home.root.join(".venv"),
        })
    }

    /// Makes the environment if it is missing or was made from other pins.
    ///
    /// # Errors
    /// In one sentence: no Python, a Python that is too old or has no `venv`, no network, no disk.
    pub fn set_up(home: &Home) -> Result<Environment> {
        let environment = Environment::existing(home);
        if active_conda().is_some() {
            return Ok(environment);
        }
        let pins = pins(home)?;
        let stamp = environment.prefix.join(STAMP);
        let wanted = pins.join("\n");
        if std::fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted)
            && environment.program("jupyter-lab").is_file()
        {
            return Ok(environment);
        }
        let python = find_python()?;
        crate::setup::require_space(&home.root, 1_500, "the Python environment")?;
        let log = home.state().join("log/python.txt");
        let prefix = &environment.prefix;
        progress::run(
            "Python environment",
            Command::new(&python).args(["-m", "venv"]).arg(prefix),
            &log,
        )
        .context("no Python environment could be made in .venv: if Python's `venv` is missing, install it (Debian and Ubuntu: apt-get install python3-venv)")?;
        progress::run(
            "JupyterLab and its tools",
            environment
                .command("python")
                .args(["-m", "pip", "install", "--disable-pip-version-check"])
                .args(&pins),
            &log,
        )?;
        std::fs::write(&stamp, wanted)
            .with_context(|| format!("{} cannot be written", stamp.display()))?;
        Ok(environment)
    }
}

fn active_conda() -> Option<Environment> {
    let prefix = PathBuf::from(std::env::var_os("CONDA_PREFIX")?);
    prefix
        .join("bin/jupyter-lab")
        .is_file()
        .then_some(Environment { prefix })
}

/// environment.yml's pins in pip's spelling, all but those that only conda can install.
///
/// # Errors
/// When environment.yml is missing or a pin in it does not name a version.
pub fn pins(home: &Home) -> Result<Vec<String>> {
    let file = home.root.join("environment.yml");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    pins_in(&text)
}

fn pins_in(text: &str) -> Result<Vec<String>> {
    let dependencies = text
        .lines()
        .skip_while(|line| !line.starts_with("dependencies:"))
        .skip(1);
    dependencies
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter(|pin| !pin.ends_with("# conda only"))
        .map(|pin| match pin.split_once('=') {
            Some((name, version))
                if !version.starts_with('=') && !name.ends_with(['<', '>', '!', '~']) =>
            {
                Ok(format!("{name}=={version}"))
            }
            _ => bail!("environment.yml: \"{pin}\" does not pin a version (name=version)"),
        })
        .collect()
}

fn find_python() -> Result<PathBuf> {
    const QUESTION: &str =
        "import sys; print(sys.executable); sys.exit(sys.version_info < (3, 10))";
    let mut too_old = None;
    for name in [
        "python3",
        "python",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
    ] {
        let Ok(answer) = Command::new(name).args(["-c", QUESTION]).output() else {
            continue;
        };
        let path = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
        if answer.status.success() {
            return Ok(path);
        }
        too_old = too_old.or(Some(path));
    }
    match too_old {
        Some(path) => bail!(
            "Python 3.10 or newer is needed, and {} is older: install a newer one",
            path.display()
        ),
        None => bail!(
            "Python 3.10 or newer is needed and none was found: install it (Debian and Ubuntu: apt-get install python3 python3-venv)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_take_pips_spelling_and_leave_condas_own_out() {
        let text = "name: x\nchannels:\n  - forge\ndependencies:\n  - python>=3.10  # conda only\n  - jupyterlab=4.6.6\n";
        assert_eq!(pins_in(text).unwrap(), ["jupyterlab==4.6.6"]);
    }

    #[test]
    fn a_dependency_without_a_version_is_named() {
        for loose in ["jupyterlab", "jupyterlab>=4", "jupyterlab==4"] {
            let said = pins_in(&format!("dependencies:\n  - {loose}\n"))
                .unwrap_err()
                .to_string();
            assert!(said.contains(loose), "{said}");
        }
    }
}
