//! The Python environment that holds JupyterLab and its tools.

use crate::{home::Home, progress};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// An environment with JupyterLab in it: `.venv`, or the conda environment that is active.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its folder.
    pub prefix: PathBuf,
}

/// Names what `.venv` was made from ([`Made`]); written last, so that an interrupted set-up is taken
/// up again.
const STAMP: &str = ".lab-pins";

/// How long Python may take to say whether it works.
const ANSWER: Duration = Duration::from_secs(60);

impl Environment {
    /// A program in it.
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

    /// Makes the environment if it is missing or was made from other pins, and makes it again if it
    /// no longer works: its scripts name its folder, and its packages lie below its Python's version,
    /// so that neither a move nor an upgrade of Python leaves it whole. Its packages come later.
    ///
    /// # Errors
    /// In one sentence: no Python, a Python that is too old or has no `venv`, no disk.
    pub fn begin(home: &Home) -> Result<Unfinished> {
        match active_conda() {
            Some(environment) => Ok(Unfinished {
                environment,
                missing: None,
            }),
            None => Environment::own(home, find_python),
        }
    }

    /// `.venv`, made with the Python that `find_python` finds.
    fn own(home: &Home, find_python: impl Fn() -> Result<PathBuf>) -> Result<Unfinished> {
        let environment = Environment {
            prefix: home.root.join(".venv"),
        };
        let pins = pins(home)?;
        let written = Made::read(&environment);
        let now = Made::now(&environment, &pins);
        if now.is_some() && written == now {
            return Ok(Unfinished {
                environment,
                missing: None,
            });
        }
        let mut make = Vec::new();
        if let Some(written) = &written
            && let Some(broken) = environment.is_broken(home, written, now.as_ref())
        {
            progress::say(&format!(
                "The Python environment in .venv no longer works ({broken}): it is made again."
            ));
            make.push("--clear");
        } else if let (Some(written), Some(now)) = (&written, &now)
            && written.pins == now.pins
        {
            // A Python that was patched is another file, and does no harm.
            now.write(&environment)?;
            return Ok(Unfinished {
                environment,
                missing: None,
            });
        }
        let python = find_python()?;
        crate::setup::require_space(&home.root, 1_500, "the Python environment")?;
        let log = home.state().join("log/python.txt");
        let prefix = &environment.prefix;
        progress::run(
            "Python environment",
            Command::new(&python).args(["-m", "venv"]).args(make).arg(prefix),
            &log,
        )
        .context("no Python environment could be made in .venv: if Python's `venv` is missing, install it (Debian and Ubuntu: apt-get install python3-venv)")?;
        Ok(Unfinished {
            environment,
            missing: Some(pins),
        })
    }

    /// Why the environment does not work any more, if that is so.
    fn is_broken(&self, home: &Home, written: &Made, now: Option<&Made>) -> Option<String> {
        if written.prefix != self.prefix {
            return Some(format!("it was made in {}", written.prefix.display()));
        }
        let Some(now) = now else {
            return Some("its Python or its JupyterLab has gone".to_owned());
        };
        if now.python == written.python {
            return None;
        }
        let question = ["-c", "import jupyterlab, jupyter_client, zmq"];
        let mut python = self.command("python");
        let log = home.state().join("log/python-check.txt");
        progress::run_within(
            ANSWER,
            "Python environment, checked",
            python.args(question),
            &log,
        )
        .is_err()
        .then(|| "its Python has changed".to_owned())
    }
}

/// An environment that may still lack its packages.
pub struct Unfinished {
    /// It has a Python.
    pub environment: Environment,
    missing: Option<Vec<String>>,
}

impl Unfinished {
    /// Installs the packages that are missing.
    ///
    /// # Errors
    /// No network, no disk.
    pub fn finish(&self, home: &Home) -> Result<()> {
        let Some(pins) = &self.missing else {
            return Ok(());
        };
        progress::run(
            "JupyterLab and its tools",
            self.environment
                .command("python")
                .args(["-m", "pip", "install", "--disable-pip-version-check"])
                .args(pins),
            &home.state().join("log/python.txt"),
        )?;
        let made = Made::now(&self.environment, pins);
        made.context("pip has installed JupyterLab, and it is not in .venv: delete .venv and run `cargo lab setup` again")?
            .write(&self.environment)
    }
}

/// What an environment was made from.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    pins: Vec<String>,
    prefix: PathBuf,
    python: Interpreter,
}

/// The file of the interpreter that the environment's `python` leads to: an upgrade replaces it or
/// leads elsewhere. Looking is free where asking it would cost a tenth of a second at each start.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Interpreter {
    file: PathBuf,
    size: u64,
    modified: SystemTime,
}

impl Made {
    /// The environment as it is; `None` if its Python or JupyterLab is missing.
    fn now(environment: &Environment, pins: &[String]) -> Option<Made> {
        let file = environment.program("python").canonicalize().ok()?;
        let metadata = file.metadata().ok()?;
        environment
            .program("jupyter-lab")
            .is_file()
            .then_some(Made {
                pins: pins.to_vec(),
                prefix: environment.prefix.clone(),
                python: Interpreter {
                    size: metadata.len(),
                    modified: metadata.modified().ok()?,
                    file,
                },
            })
    }

    fn read(environment: &Environment) -> Option<Made> {
        let text = std::fs::read_to_string(environment.prefix.join(STAMP)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn write(&self, environment: &Environment) -> Result<()> {
        let stamp = environment.prefix.join(STAMP);
        std::fs::write(&stamp, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", stamp.display()))
    }
}

fn active_conda() -> Option<Environment> {
    let prefix = PathBuf::from(std::env::var_os("CONDA_PREFIX")?);
    prefix
        .join("bin/jupyter-lab")
        .is_file()
        .then_some(Environment { prefix })
}

/// environment.yml's pins in pip's spelling, all but those that only conda can install and those
/// that only pages need.
///
/// # Errors
/// When environment.yml is missing or a pin in it does not name a version.
pub fn pins(home: &Home) -> Result<Vec<String>> {
    pins_in(&listed(home)?, |remark| remark.is_empty())
}

/// Those that only pages need.
///
/// # Errors
/// As [`pins`].
pub fn pins_for_pages(home: &Home) -> Result<Vec<String>> {
    pins_in(&listed(home)?, |remark| remark == "pages only")
}

fn listed(home: &Home) -> Result<String> {
    let file = home.root.join("environment.yml");
    std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
}

/// The pins whose remark behind a `#` is wanted.
fn pins_in(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let dependencies = text
        .lines()
        .skip_while(|line| !line.starts_with("dependencies:"))
        .skip(1);
    dependencies
        .filter_map(|line| line.trim().strip_prefix("- "))
        .map(|line| line.split_once('#').unwrap_or((line, "")))
        .filter(|(_, remark)| wanted(remark.trim()))
        .map(|(pin, _)| pin.trim())
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
mod tests;
