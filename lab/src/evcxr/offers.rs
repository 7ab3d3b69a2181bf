//! Where an evcxr_jupyter may come from: this machine, the user's own tools, or the compiler.

use super::{Say, VERSION, Wanted};
use crate::{home::Home, progress, template, toolchain};
use anyhow::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The longest that a tool may take to bring a program of 30 MB.
const FETCH: Duration = Duration::from_secs(10 * 60);

const PROGRAM: &str = "evcxr_jupyter";

/// The user's tools, as the environment names them.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The search path.
    pub path: OsString,
    /// Where cargo installs programs: below it, in `bin`.
    pub cargo_home: Option<PathBuf>,
    /// The conda environment that is active.
    pub conda_prefix: Option<PathBuf>,
    /// The program that made it: conda, mamba or micromamba.
    pub conda: Option<PathBuf>,
    /// How long an evcxr_jupyter may take to answer.
    pub patience: Duration,
}

impl Tools {
    /// Those of this process's environment.
    pub fn of_this_process() -> Tools {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Tools {
            path: variable("PATH").unwrap_or_default(),
            cargo_home: toolchain::cargo_home(),
            conda_prefix: variable("CONDA_PREFIX").map(PathBuf::from),
            // In a shell `conda` is a function, and these name the program behind it.
            conda: variable("CONDA_EXE")
                .or_else(|| variable("MAMBA_EXE"))
                .map(PathBuf::from),
            patience: Duration::from_secs(120),
        }
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let installed = |folder: &Option<PathBuf>| folder.as_ref().map(|folder| folder.join("bin"));
        std::env::split_paths(&self.path)
            .chain(installed(&self.conda_prefix))
            .chain(installed(&self.cargo_home))
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders()
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    }

    /// All that there is to try, best first.
    pub(super) fn offers(&self, home: &Home) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Vec::new();
        for folder in self.folders().chain([own(home).join("bin")]) {
            let offer = Offer::Here(folder.join(PROGRAM));
            if folder.join(PROGRAM).is_file() && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
        // Conda is asked only by who works with it.
        if self.conda_prefix.is_some() {
            let conda = self.conda.clone().or_else(|| self.find("conda"));
            offers.extend(conda.map(Offer::Conda));
        }
        offers.extend(self.find("cargo-binstall").map(Offer::Binstall));
        offers
    }
}

/// One place to take evcxr_jupyter from.
#[derive(Debug, PartialEq)]
pub(super) enum Offer {
    /// It is there.
    Here(PathBuf),
    /// This conda may bring it from conda-forge.
    Conda(PathBuf),
    /// This cargo-binstall may bring it from wherever its project or others publish it.
    Binstall(PathBuf),
}

impl Offer {
    /// Has it brought here; `None`, and a line says why, if that fails.
    pub(super) fn fetch(&self, home: &Home, say: Say) -> Option<PathBuf> {
        let (mut command, name) = match self {
            Offer::Here(program) => return Some(program.clone()),
            Offer::Conda(conda) => (from_conda(conda, home), "conda"),
            Offer::Binstall(binstall) => (from_binstall(binstall, home), "cargo-binstall"),
        };
        let log = home.state().join(format!("log/evcxr-{name}.txt"));
        let title = format!("evcxr_jupyter {VERSION}, prebuilt, by {name}");
        let program = self.place(home).join("bin").join(PROGRAM);
        let fetched = progress::run_within(FETCH, &title, &mut command, &log);
        if fetched.is_ok() && program.is_file() {
            return Some(program);
        }
        let log = log.display();
        say(&format!(
            "{name} has no evcxr_jupyter {VERSION} for this machine (what it said is in {log})."
        ));
        None
    }

    fn place(&self, home: &Home) -> PathBuf {
        match self {
            Offer::Here(program) => program.clone(),
            Offer::Conda(_) => home.state().join("evcxr-conda"),
            Offer::Binstall(_) => home.state().join("evcxr-binstall"),
        }
    }

    /// What was taken and from where, in a clause.
    pub(super) fn taken(&self, home: &Home) -> String {
        let place = self.place(home);
        let place = place.display();
        match self {
            Offer::Here(_) => format!("found at {place}"),
            Offer::Conda(_) => format!("taken from conda-forge by conda, into {place}"),
            Offer::Binstall(_) => format!("taken by cargo-binstall, into {place}"),
        }
    }
}

/// Into an environment of its own: the user's is not ours to change. The package alone: it is a
/// program that needs nothing but the C library, and a Rust toolchain is here.
fn from_conda(conda: &Path, home: &Home) -> Command {
    let mut command = Command::new(conda);
    command
        .args(["create", "--yes", "--no-deps", "--prefix"])
        .arg(home.state().join("evcxr-conda"))
        .args(["--override-channels", "--channel", "conda-forge"])
        .arg(format!("evcxr={VERSION}"));
    command
}

/// Without its last resort, which is to compile: that is done better below.
fn from_binstall(binstall: &Path, home: &Home) -> Command {
    let mut command = Command::new(binstall);
    command
        .args(["--no-confirm", "--force", "--disable-strategies", "compile"])
        .arg("--install-path")
        .arg(home.state().join("evcxr-binstall/bin"))
        .arg(format!("{PROGRAM}@{VERSION}"))
        .env("BINSTALL_DISABLE_TELEMETRY", "true");
    template::without_callers_cargo(&mut command);
    command
}

fn own(home: &Home) -> PathBuf {
    home.state().join("evcxr")
}

/// Compiles it: where cargo installs programs, so that other clones find it, if there is none yet.
/// An interrupted compilation is taken up where it was.
///
/// # Errors
/// No network, no disk, no C compiler.
pub(super) fn compile(home: &Home, tools: &Tools, wanted: Wanted) -> Result<PathBuf> {
    crate::setup::require_space(&home.root, 3_000, "compiling evcxr_jupyter")?;
    let build = home.state().join("evcxr-build");
    let mut command = Command::new("cargo");
    command
        .args(["install", "--locked", PROGRAM, "--version", VERSION])
        .args(levels())
        .current_dir(&home.root)
        .env("PATH", &tools.path);
    template::without_callers_cargo(&mut command);
    command.env("CARGO_TARGET_DIR", &build);
    let shared = tools
        .cargo_home
        .as_ref()
        .map(|home| home.join("bin").join(PROGRAM))
        // Beside one that somebody uses, not over it; and who wants to know its source gets it here.
        .filter(|program| !program.exists() && wanted == Wanted::Any);
    if shared.is_none() {
        command.arg("--force").arg("--root").arg(own(home));
    }
    progress::run(
        &format!("evcxr_jupyter {VERSION}, the Rust kernel (compiled once, {DURATION})"),
        &mut command,
        &home.state().join("log/evcxr.txt"),
    )?;
    let _ = std::fs::remove_dir_all(build);
    Ok(shared.unwrap_or_else(|| own(home).join("bin").join(PROGRAM)))
}

const DURATION: &str = "about six minutes on two cores";

/// Crates that are compiled without optimisation. rust-analyzer's are most of the work, and of them
/// evcxr needs a part: what reads sources and infers types stays as fast as it is. The rest, which
/// assists, diagnoses, and talks to Jupyter, is a third of the whole and hardly runs.
const COLD: [&str; 22] = [
    "ariadne",
    "backtrace",
    "cargo_metadata",
    "chrono",
    "evcxr_jupyter",
    "gimli",
    "notify",
    "object",
    "pulldown-cmark",
    "ra_ap_hir",
    "ra_ap_ide",
    "ra_ap_ide_assists",
    "ra_ap_ide_completion",
    "ra_ap_ide_db",
    "ra_ap_ide_diagnostics",
    "ra_ap_ide_ssr",
    "ra_ap_project_model",
    "ra_ap_vfs-notify",
    "tokio",
    "toml",
    "url",
    "zeromq",
];

/// How each crate is optimised: in one piece, as the kernel's template is, and for its reasons.
fn levels() -> impl Iterator<Item = String> {
    let level = |name| format!("profile.release.package.{name}.opt-level=0");
    let in_one_piece = ["codegen-units=1", "lto=\"off\""];
    let in_one_piece = in_one_piece.map(|setting| format!("profile.release.{setting}"));
    COLD.into_iter()
        .map(level)
        .chain(in_one_piece)
        .flat_map(|setting| ["--config".to_owned(), setting])
}
