//! Makes the kernel known to Jupyter: the kernelspec `rust` in the environment.

use crate::{environment::Environment, home::Home, stock, template, toolchain};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

pub const NAME: &str = "rust";
const LANGUAGE: &str = "rust";

/// What the kernel says of its language.
pub fn language_info() -> Value {
    json!({
        "name": LANGUAGE,
        "version": toolchain::VERSION,
        "mimetype": "text/x-rustsrc",
        "file_extension": ".rs",
        "pygments_lexer": "rust",
        "codemirror_mode": "rust",
    })
}

/// What a notebook says of this kernel. JupyterLab writes it into each that it opens, and takes one
/// in which a word of it differs for changed before anybody has touched it.
pub fn metadata(name: &str) -> Value {
    json!({
        "kernelspec": {"display_name": display_name(name), "language": LANGUAGE, "name": name},
        "language_info": language_info(),
    })
}

/// What people read in place of a kernelspec's name: of `rust-notebooks`, `Rust (notebooks)`.
fn display_name(name: &str) -> String {
    match name.strip_prefix("rust-").unwrap_or(name) {
        NAME => "Rust".to_owned(),
        rest => format!("Rust ({rest})"),
    }
}

/// This program as kernels are started by it.
pub fn launcher(environment: &Environment) -> PathBuf {
    environment.kernels().join(NAME).join("launcher")
}

/// Writes the kernelspec, with a copy of this program as its launcher: `cargo clean` and a later
/// build then leave running kernels alone. Writes nothing that is already as it should be.
///
/// # Errors
/// When a file cannot be written.
pub fn set_up(home: &Home, environment: &Environment) -> Result<()> {
    let launcher = launcher(environment);
    write(&environment.kernels(), NAME, &launcher, home)?;
    copy_program(&launcher)?;
    tell_papermill(environment)?;
    write_settings(home)
}

/// Writes the kernelspec of a name, but for the launcher, into a folder of kernelspecs.
///
/// # Errors
/// When a file cannot be written.
pub fn write(kernels: &Path, name: &str, launcher: &Path, home: &Home) -> Result<()> {
    let folder = kernels.join(name);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let spec = json!({
        "argv": [launcher, "kernel", "--root", &home.root, "{connection_file}"],
        "display_name": display_name(name),
        "language": LANGUAGE,
        "interrupt_mode": "message",
        "metadata": { "debugger": false },
    });
    write_if_other(
        &folder.join("kernel.json"),
        format!("{spec:#}\n").as_bytes(),
    )?;
    // Without one JupyterLab shows the name's first letter, as it does for R.
    write_if_other(
        &folder.join("logo-svg.svg"),
        include_bytes!("kernelspec/logo.svg"),
    )?;
    // evcxr takes a kernelspec of this name for its own, and writes it anew where this says nothing.
    let (version, text) = stock::KERNELSPEC_VERSION;
    write_if_other(&folder.join(version), text.as_bytes())
}

/// Writes what evcxr begins with.
///
/// # Errors
/// When a file cannot be written.
pub fn write_settings(home: &Home) -> Result<()> {
    let config = home.state().join("config");
    fs::create_dir_all(&config)?;
    write_if_other(
        &config.join(stock::SETTINGS),
        include_bytes!("../../notebooks/evcxr.toml"),
    )?;
    let init = format!(
        ":opt {}\n:dep {}\n{IN_EVERY_CELL}",
        template::CELLS_LEVEL,
        template::support_dependency(home)
    );
    write_if_other(&config.join(stock::START), init.as_bytes())
}

/// Installs what puts papermill's parameters into Rust: too small a package for pip, which would have
/// to fetch its tools first.
fn tell_papermill(environment: &Environment) -> Result<()> {
    let packages = environment.prefix.join("lib/python3*/site-packages");
    for packages in glob::glob(&packages.to_string_lossy())?.flatten() {
        let about = packages.join("rust_papermill-1.dist-info");
        fs::create_dir_all(&about)
            .with_context(|| format!("{} cannot be made", about.display()))?;
        for (file, text) in [
            (
                packages.join("rust_papermill.py"),
                include_str!("kernelspec/rust_papermill.py"),
            ),
            (
                about.join("METADATA"),
                "Metadata-Version: 2.1\nName: rust-papermill\nVersion: 1\n",
            ),
            (
                about.join("entry_points.txt"),
                "[papermill.engine]\nrust = rust_papermill:NBClientEngine\n",
            ),
        ] {
            write_if_other(&file, text.as_bytes())?;
        }
    }
    Ok(())
}

/// What a kernel begins with: the level of its cells, `support` as a dependency, and this. Every cell
/// refers to `support`, so that it is loaded, and guards forks, before the cell runs; and in every cell
/// each type with a `Debug` can show itself.
const IN_EVERY_CELL: &str = concat!(
    "#[used] static SUPPORT_IS_LOADED: fn() = support::kernel::loaded;\n",
    "use support::kernel::ByDebug as ShownByDebug;\n",
);

/// Takes that back, for a reader who chooses a format of their own.
pub const SHOWN_AS_CHOSEN: &str = "use support::kernel::ByFormat as ShownAsChosen;";

/// Copies this program, as a launcher.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy_program(to: &Path) -> Result<()> {
    let program = std::env::current_exe().context("this program's own file cannot be found")?;
    let bytes =
        fs::read(&program).with_context(|| format!("{} cannot be read", program.display()))?;
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    // A running launcher keeps its file; the new one takes the name.
    let unfinished = to.with_extension(format!("unfinished-{}", std::process::id()));
    fs::write(&unfinished, &bytes)
        .and_then(|()| fs::set_permissions(&unfinished, fs::metadata(&program)?.permissions()))
        .and_then(|()| fs::rename(&unfinished, to))
        .with_context(|| {
            format!(
                "the kernel's launcher cannot be written to {}",
                to.display()
            )
        })
}

fn write_if_other(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernelspec_of_another_name_is_told_from_the_first() {
        assert_eq!(display_name(NAME), "Rust");
        assert_eq!(display_name("rust-notebooks"), "Rust (notebooks)");
        assert_eq!(display_name("course"), "Rust (course)");
    }
}
