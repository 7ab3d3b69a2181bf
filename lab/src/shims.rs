//! Two small scripts that stand before cargo and rustup on a kernel's search path.

use crate::installed::Installed;
use anyhow::{Context, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes them to `folder`, which lies beside the kernel's build directory.
///
/// `cargo` puts back the lock file. At a kernel's start evcxr builds an empty program, and cargo
/// prunes the lock to that. `:dep` would then choose the newest versions, compile everything
/// again, and replace a library that the cells' process has loaded.
///
/// `rustup` answers evcxr's question where cargo and rustc are: here and in the toolchain.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, installed: &Installed) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let bin = installed.toolchain.bin();
    let bin = bin.display();
    let rustup = crate::setup::find_program("rustup").unwrap_or_else(|| "rustup".into());
    let cargo = format!(
        r#"#!/bin/sh
if [ . -ef "$EVCXR_TMPDIR" ] && ! grep -q '^name = "support"$' Cargo.lock 2>/dev/null; then
    cp "${{0%/*}}/../Cargo.lock" Cargo.lock
fi
exec "{bin}/cargo" "$@"
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
