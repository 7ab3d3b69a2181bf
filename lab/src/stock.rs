//! What this kernel trusts stock evcxr to do, in one place: its names, files, arguments and words.
//!
//! Everything here was read off evcxr_jupyter at [`VERSION`]. The test `stock` of the end-to-end
//! tests asks the real program whether each still holds, and names the one that does not; so a new
//! version is tried by changing the number and running that test.

pub mod program;

use serde_json::Value;
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

/// Variables for its allocator, mimalloc: otherwise it takes memory in large pieces ahead of need, and keeps
/// what rust-analyzer has needed for a moment. That is a tenth of what a kernel holds.
pub const THRIFT: [(&str, &str); 2] = [
    ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
    ("MIMALLOC_PURGE_DELAY", "0"),
];

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

/// Whether this, its answer to a question about a name, says that its rust-analyzer has panicked. That leaves
/// it locked: it answers no other question, and runs no cell.
pub fn is_of_panic(answer: &Value) -> bool {
    let name = answer["ename"].as_str().unwrap_or_default();
    answer["status"] == "error" && name.starts_with("task ") && name.contains(" panicked")
}

/// With these words, before the status itself, it tells that the cells' process has ended.
pub const ENDED: &str = "Subprocess terminated with status: ";

/// In its own reports a cell is called by this and a number that is one too high.
pub const CELL: &str = "command_";

/// Whether it speaks of a variable that it cannot keep: these words are its own, of an error that rustc
/// words differently.
pub fn is_of_borrow(message: &str) -> bool {
    message.contains("contains a reference with a non-static lifetime")
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

/// What a cell that asks the reader is made of: the crate for that, and the word that it says.
pub const ASKS: [&str; 2] = ["evcxr_input", "EVCXR_INPUT_REQUEST"];

/// The method by which a last expression is asked to show itself, before its `Debug` is.
pub const DISPLAY: &str = "evcxr_display";
