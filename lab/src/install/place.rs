//! Where an installation goes, and how one there takes the place of another.

use crate::home::Home;
use crate::installed::Installed;
use crate::template;
use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Of these, one is said.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Where {
    /// Into this folder, in the order of /usr/local: Jupyter finds it with JUPYTER_PATH=DIR/share/jupyter
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,

    /// Into your own folders, where your Jupyter looks
    #[arg(long)]
    user: bool,

    /// Into the Python environment that is active, where its Jupyter looks
    #[arg(long)]
    sys_prefix: bool,
}

/// Jupyter's folder in an installation, and in a prefix.
pub const JUPYTER: &str = "share/jupyter";

/// The link to the installation that is in use.
const CURRENT: &str = "current";

pub struct Place {
    /// Of all installations of this name.
    pub folder: PathBuf,
    pub name: String,
    /// Jupyter's data folder, in which the kernelspec appears.
    jupyter: PathBuf,
    /// The Python that is there: programs of the lessons are run by it.
    pub python: Option<PathBuf>,
    /// Whether nobody else is to use it.
    pub is_private: bool,
    /// Whether Jupyter looks there by itself.
    is_known: bool,
}

impl Place {
    /// # Errors
    /// When the place is in the clone, or the name is no kernelspec's or another program's.
    pub fn of(chosen: &Where, name: &str, clone: &Home) -> Result<Place> {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_name) {
            bail!(
                "{name:?} is no name for a kernelspec: use letters, digits, `-`, `_` and `.`, and no `.` at the beginning"
            );
        }
        let (prefix, jupyter) = match chosen {
            Where { user: true, .. } => {
                let home = std::env::home_dir().context("no home folder is known: set HOME")?;
                let jupyter = std::env::var_os("JUPYTER_DATA_DIR").map(PathBuf::from);
                let jupyter = jupyter.map_or_else(jupyter_zmq_client::dirs::user_data_dir, Ok);
                (home.join(".local"), jupyter?)
            }
            Where {
                sys_prefix: true, ..
            } => {
                let prefix = active_prefix()?;
                (prefix.clone(), prefix.join(JUPYTER))
            }
            Where { prefix, .. } => {
                let prefix = std::path::absolute(prefix.clone().unwrap_or_default())?;
                (prefix.clone(), prefix.join(JUPYTER))
            }
        };
        if existing(&prefix).starts_with(&clone.root) {
            bail!(
                "{} is in the repository, which may be moved: name a folder outside of it",
                prefix.display()
            );
        }
        let systems = ["/usr", "/usr/local"].map(Path::new);
        let python = prefix.join("bin/python3");
        let place = Place {
            folder: prefix.join("lib/rust-notebooks").join(name),
            name: name.to_owned(),
            python: Some(python).filter(|python| python.is_file()),
            is_private: chosen.user,
            is_known: chosen.prefix.is_none() || systems.contains(&&*prefix),
            jupyter,
        };
        place.require_own_kernelspec()?;
        Ok(place)
    }

    fn kernelspec(&self) -> PathBuf {
        self.jupyter.join("kernels").join(&self.name)
    }

    /// To which the kernelspec leads.
    fn current_kernelspec(&self) -> PathBuf {
        let within = Path::new(JUPYTER).join("kernels").join(&self.name);
        self.folder.join(CURRENT).join(within)
    }

    fn require_own_kernelspec(&self) -> Result<()> {
        let there = self.kernelspec();
        let leads_to = fs::read_link(&there).ok();
        if there.symlink_metadata().is_err() || leads_to == Some(self.current_kernelspec()) {
            return Ok(());
        }
        bail!(
            "{} is another program's kernel: choose another --name, or remove it first (`jupyter kernelspec remove {}`)",
            there.display(),
            self.name
        );
    }

    /// Makes its folders, and an installation in them this process's alone for as long as it holds what is
    /// returned.
    ///
    /// # Errors
    /// When that is not permitted, or another is being made there.
    pub fn begin(&self) -> Result<File> {
        for folder in [&self.folder, &self.jupyter.join("kernels")] {
            let made = fs::create_dir_all(folder);
            let made = made.and_then(|()| Ok(access(folder, AccessFlags::W_OK)?));
            made.with_context(|| {
                format!(
                    "{} cannot be written to: install as its owner, or choose another folder",
                    folder.display()
                )
            })?;
        }
        let lock = File::create(self.folder.join("lock"))
            .with_context(|| format!("{} cannot be locked", self.folder.display()))?;
        if lock.try_lock().is_err() {
            bail!(
                "another installation is being made in {}: wait for its end, and try again",
                self.folder.display()
            );
        }
        Ok(lock)
    }

    /// The folder for one more.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn next(&self) -> Result<PathBuf> {
        let numbers = self.numbered()?.into_iter().map(|(number, _)| number);
        Ok(self
            .folder
            .join((numbers.max().unwrap_or(0) + 1).to_string()))
    }

    fn numbered(&self) -> Result<Vec<(u64, PathBuf)>> {
        let entries = fs::read_dir(&self.folder)
            .with_context(|| format!("{} cannot be read", self.folder.display()))?;
        let numbered = entries.flatten().filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path()))
        });
        Ok(numbered.collect())
    }

    /// Removes installations that are not in use, and that no kernel has begun with: what an interrupted one
    /// has left, and older ones.
    pub fn remove_unused(&self) {
        let current = fs::read_link(self.folder.join(CURRENT)).unwrap_or_default();
        for (number, folder) in self.numbered().unwrap_or_default() {
            if current == Path::new(&number.to_string()) {
                continue;
            }
            let lock = File::open(folder.join(".lab").join(template::LOCK));
            if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
                continue;
            }
            // Whatever keeps that from being done is in the way next time, too, and does no harm.
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Has Jupyter find the installation in `folder` from now on.
    ///
    /// # Errors
    /// When a link cannot be made.
    pub fn take_into_use(&self, folder: &Path) -> Result<()> {
        let link = |to: &Path, at: &Path| -> Result<()> {
            let new = at.with_file_name(format!(".new-{}", std::process::id()));
            let _ = fs::remove_file(&new);
            let made = symlink(to, &new).and_then(|()| fs::rename(&new, at));
            made.with_context(|| format!("{} cannot be made", at.display()))
        };
        let number = folder.file_name().unwrap_or_default();
        link(Path::new(number), &self.folder.join(CURRENT))?;
        link(&self.current_kernelspec(), &self.kernelspec())
    }

    /// What the installer wants to know of an installation that takes so many bytes.
    pub fn told(&self, bytes: u64, installed: &Installed) -> String {
        let folder = self.folder.display();
        let current = self.folder.join(CURRENT);
        let mut lines = vec![format!(
            "The kernel `{}` is installed in {folder} ({} MB).",
            self.name,
            bytes / 1_000_000
        )];
        if !self.is_known {
            lines.push(format!(
                "Jupyter finds it with JUPYTER_PATH={} in its environment.",
                self.jupyter.display()
            ));
        }
        lines.push(format!(
            "Its notebooks are in {}/notebooks: `cp -r --no-preserve=mode` makes a copy that its owner can change.",
            current.display()
        ));
        if !self.is_private && installed.python.as_os_str().is_empty() {
            lines.push(
                "Their Python programs are run by the `python3` on each user's search path."
                    .to_owned(),
            );
        }
        lines.push(format!(
            "To remove it: rm -r {folder} {}",
            self.kernelspec().display()
        ));
        lines.join("\n")
    }
}

/// The prefix of the Python that is first on the search path, as an active environment's is.
fn active_prefix() -> Result<PathBuf> {
    for name in ["python3", "python"] {
        let question = ["-c", "import sys; print(sys.prefix)"];
        if let Ok(answer) = Command::new(name).args(question).output()
            && answer.status.success()
        {
            return Ok(String::from_utf8_lossy(&answer.stdout).trim().into());
        }
    }
    bail!("no Python was found: activate the environment that the kernel is for, or use --prefix")
}

/// A path as it is, as far as it is there.
fn existing(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    });
    there.unwrap_or_else(|| path.to_owned())
}

/// Lets everybody read what is in `folder`, whatever this process's umask is, and nobody but its owner
/// write.
///
/// # Errors
/// When a file's permissions cannot be changed.
pub fn let_all_read(folder: &Path) -> Result<()> {
    let metadata = folder.symlink_metadata();
    let changed = metadata.and_then(|metadata| {
        if metadata.is_symlink() {
            return Ok(false);
        }
        let mode = metadata.permissions().mode();
        let runs = metadata.is_dir() || mode & 0o100 != 0;
        let mode = if runs { 0o755 } else { 0o644 };
        fs::set_permissions(folder, fs::Permissions::from_mode(mode))?;
        Ok(metadata.is_dir())
    });
    let is_folder =
        changed.with_context(|| format!("{} cannot be made readable", folder.display()))?;
    if is_folder {
        let entries =
            fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let_all_read(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
