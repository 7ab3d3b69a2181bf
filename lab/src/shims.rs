//! Two small scripts that stand before cargo and rustup on a kernel's search path.

use crate::installed::Installed;
use anyhow::{Context, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The file, beside the kernel's build directory, with cargo's messages about the latest build.
pub const MESSAGES: &str = "messages.json";

/// The link, beside the kernel's build directory, to the standard library's sources.
pub const RUST_SRC: &str = "rust-src";

/// Writes them to `folder`, which lies beside the kernel's build directory.
///
/// `cargo` does two things. It puts back the lock file: at a kernel's start evcxr builds an empty
/// program, and cargo prunes the lock to that; `:dep` would then choose the newest versions,
/// compile everything again, and replace a library that the cells' process has loaded. And it
/// remembers, in `answers`, what it answered to the questions about this toolchain that
/// rust-analyzer asks twice at each start: half a second of it.
///
/// At its start evcxr has rust-analyzer look at an empty program, once, and then at one with
/// `support`. The standard library's sources, two seconds of reading, are there for the second
/// only: [`RUST_SRC`] leads to an empty folder until then. And rust-analyzer is told of no package
/// that cells do not name ([`sources`](crate::sources)).
///
/// It also keeps what the compiler says of a cell, in [`MESSAGES`], for the kernel's front to read.
///
/// `rustup` answers evcxr's question where cargo and rustc are: here and in the toolchain.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, answers: &Path, installed: &Installed) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let bin = installed.toolchain.bin();
    let bin = bin.display();
    let rustup = crate::setup::find_program("rustup").unwrap_or_else(|| "rustup".into());
    let answers = answers.display();
    let rust_src = installed.rust_src.display();
    let cargo = format!(
        r#"#!/bin/sh
# rust-analyzer looks for cargo in CARGO_HOME, so the kernel's leads here; cargo gets its own back.
if [ -n "$NOTEBOOK_CARGO_HOME" ]; then CARGO_HOME=$NOTEBOOK_CARGO_HOME; else unset CARGO_HOME; fi
[ . -ef "$EVCXR_TMPDIR" ] || exec "{bin}/cargo" "$@"
if ! grep -q '^name = "support"$' Cargo.lock 2>/dev/null; then
    cp "${{0%/*}}/../Cargo.lock" Cargo.lock
fi
case "$*" in
    "locate-project --workspace --manifest-path $EVCXR_TMPDIR/Cargo.toml")
        if grep -q '^support *=' Cargo.toml; then ln -sfn "{rust_src}" "${{0%/*}}/../{RUST_SRC}"; fi
        printf '{{"root":"%s/Cargo.toml"}}\n' "$EVCXR_TMPDIR" ;;
    --version | "-Z unstable-options config get "* | "rustc -Z unstable-options --print "*)
        answer="{answers}/$(printf %s "$*" | tr -c 'A-Za-z0-9' _)"
        [ ! -f "$answer" ] || exec cat "$answer"
        if mkdir -p "{answers}" 2>/dev/null && "{bin}/cargo" "$@" > "$answer.$$" 2>/dev/null; then
            mv "$answer.$$" "$answer"
            exec cat "$answer"
        fi
        rm -f "$answer.$$"
        exec "{bin}/cargo" "$@" ;;
    build\ * | check\ * | --offline\ build\ * | --offline\ check\ *)
        said="${{0%/*}}/../{MESSAGES}"
        "{bin}/cargo" "$@" > "$said"
        status=$?
        cat "$said"
        exit $status ;;
    "metadata "*" --manifest-path "*)
        answer=$("{bin}/cargo" "$@") || exit
        printf '%s' "$answer" | "$NOTEBOOK_LAUNCHER" sources 2>/dev/null || printf '%s' "$answer" ;;
    *) exec "{bin}/cargo" "$@" ;;
esac
"#
    );
    let rustup = format!(
        r#"#!/bin/sh
case "$*" in
    "which cargo") echo "${{0%/*}}/cargo" ;;
    "which rustc") echo "{bin}/rustc" ;;
    *) exec "{}" "$@" ;;
esac
"#,
        rustup.display()
    );
    for (name, text) in [("cargo", cargo), ("rustup", rustup)] {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
