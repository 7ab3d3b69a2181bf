//! What this kernel trusts stock evcxr to do, in one place: its names, files, arguments and words.
//!
//! Everything here was read off evcxr_jupyter at [`VERSION`]. The test `stock` of the end-to-end
//! tests asks the real program whether each still holds, and names the one that does not; so a new
//! version is tried by changing the number and running that test.

use std::path::Path;

/// The one version that is built on.
pub const VERSION: &str = "0.22.0";

/// How it is told of ports and key, as an argument before the connection file.
pub const CONNECTION: &str = "--control_file";

/// Environment variables that it reads.
pub mod variables {
    /// Its build directory.
    pub const BUILD: &str = "EVCXR_TMPDIR";
    /// Where its two files of settings lie.
    pub const SETTINGS: &str = "EVCXR_CONFIG_DIR";
    /// Where rust-analyzer finds the standard library's sources.
    pub const RUST_SRC: &str = "RUST_SRC_PATH";
    /// It sets this one for the process in which the cells run.
    pub const IS_CELLS: &str = "EVCXR_IS_RUNTIME";
    /// Its own begin with this: they change nothing about what is compiled.
    pub const OWN: &str = "EVCXR_";
}

/// Files in the folder of settings: values, and what is run at the start.
pub const SETTINGS: &str = "evcxr.toml";
pub const START: &str = "init.evcxr";

/// The file by which it tells that the kernelspec `rust` of `JUPYTER_PATH`, or of the user, is up to
/// date, and what has to stand in it: it writes another over any that lacks it.
pub const KERNELSPEC_VERSION: (&str, &str) = ("version.txt", "1");

/// The crate that a cell becomes, in the build directory.
pub const CRATE: &str = "ctx";
/// Its name while evcxr asks cargo whether a dependency exists.
pub const PROBE: &str = "evcxr_dummy_validate_dep";
/// What is compiled, from the build directory; also what rustc and panics call it.
pub const SOURCE: &str = "src/lib.rs";
/// What a cell's compilation leaves; it takes it from where cargo's message says, by renaming it.
pub const LIBRARY: &str = "libctx.so";
/// Where cargo puts what it makes, by `CARGO_TARGET_DIR` and `CARGO_BUILD_BUILD_DIR`.
pub const TARGET: &str = "target";

/// In how many words it asks rustup for a tool's place: `rustup which cargo`.
pub const WHICH: &str = "which";

/// Its optimization level until a setting or `:opt` says otherwise.
pub const FIRST_LEVEL: &str = "2";

/// The manifest that it writes for cells of one level and with these dependencies, a line each.
pub fn manifest(level: &str, dependencies: &str) -> String {
    format!(
        r#"
[package]
name = "{CRATE}"
version = "1.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]
path = "{SOURCE}"

[profile.dev]
opt-level = {level}
debug = false
strip = "debuginfo"
rpath = true
lto = false
debug-assertions = true
codegen-units = 16
panic = 'unwind'
incremental = true
overflow-checks = true

[dependencies]
{dependencies}
"#
    )
}

/// cargo's configuration, which it writes into `.cargo` of the build directory.
pub const CARGO_CONFIG: &str = "\n[net]\noffline = false\n";

/// The command of a cell that adds a crate.
pub const DEPENDENCY: &str = ":dep";

/// A dependency on a local crate, as it spells what a notebook's relative path leads to.
pub fn dependency(name: &str, path: &Path) -> String {
    let path = path
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("{name} = {{ path = \"{path}\" }}")
}

/// The arguments with which it has cargo compile or check a cell for `host`.
pub fn cargo_arguments(command: &str, host: &str) -> [String; 4] {
    [command, "--target", host, "--message-format=json"].map(str::to_owned)
}

/// rustc's flags, of which it makes `RUSTFLAGS`.
pub fn rust_flags() -> String {
    use crate::setup::find_program;
    let lld = find_program("mold").is_none() && find_program("lld").is_some();
    let mut flags = "-Cprefer-dynamic".to_owned();
    if lld {
        flags.push_str(" -Clink-arg=-fuse-ld=lld");
    }
    flags
}

/// Of what cargo says while it builds, it passes on the lines that begin with this and the name of a crate
/// other than [`CRATE`], to its own stderr.
pub const COMPILING: &str = "Compiling ";

/// With these words, before the status itself, it tells that the cells' process has ended.
pub const ENDED: &str = "Subprocess terminated with status: ";

/// In its own reports a cell is called by this and a number that is one too high.
pub const CELL: &str = "command_";

/// Names in the generated text that are its own.
pub mod inner {
    /// Where variables are kept; in a text that is only checked, the function that stands for it.
    pub const STORE: &str = "evcxr_variable_store";
    pub const ALL: [&str; 6] = [
        STORE,
        "evcxr_internal_runtime",
        "evcxr_analysis_wrapper",
        "evcxr_send_text_plain",
        "run_user_code_",
        "EvcxrUserCodeError",
    ];
}

/// Whether it speaks of a variable that it cannot keep: these words are its own, of an error that rustc
/// words differently.
pub fn is_of_borrow(message: &str) -> bool {
    message.contains("contains a reference with a non-static lifetime")
}

/// The variable that a line of the generated text keeps for the cells that follow.
pub fn stored(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix(inner::STORE)?;
    let rest = match rest.split_once("(stringify!(") {
        Some((put, rest)) if put.starts_with(".put_variable::<") => rest,
        _ => rest.strip_prefix('(')?,
    };
    rest.split_once([',', ')']).map(|(name, _)| name)
}

/// The functions of the generated text into which it puts a cell's statements, in order: to run them,
/// and to have them checked only.
const FUNCTIONS: [&str; 2] = ["fn run_user_code_", "fn evcxr_analysis_wrapper("];

/// Whether what stands behind `before` in the generated text is in such a function.
pub fn is_statement(before: &str) -> bool {
    FUNCTIONS.iter().any(|function| before.contains(function))
}

/// Whether a line of the generated text is its own, with the cell's last expression behind it.
pub fn leads_to_expression(line: &str) -> bool {
    ["(", "let _ ="].contains(&line.trim()) || line.starts_with("evcxr_send_text_plain(")
}

/// Whether such a line closes what was opened around the expression.
pub fn ends_expression(line: &str) -> bool {
    [").evcxr_display();", ")));", ";"].contains(&line)
}

/// The command that has it forget all.
pub const CLEAR: &str = ":clear";

/// It shows the value of a statement that has none.
pub const NOTHING: &str = "()";

/// Whether a line of a cell is a command that says in what format results are shown.
pub fn chooses_format(line: &str) -> bool {
    let command = line.split_whitespace().next();
    matches!(command, Some(":fmt" | ":types"))
}

/// The method by which a last expression is asked to show itself, before its `Debug` is.
pub const DISPLAY: &str = "evcxr_display";
