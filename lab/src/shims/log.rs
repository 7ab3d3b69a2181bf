//! A line for each build, where somebody wants to know what a cell costs.

use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// Names the file to which the lines go.
pub const LOG: &str = "NOTEBOOK_BUILD_LOG";

/// How it was answered.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// By cargo.
    Cargo,
    /// By rustc alone.
    Direct,
    /// By what the same build said before.
    Repeated,
}

/// Writes the line about a build that began then, if lines are wanted.
pub fn note(how: How, is_check: bool, began: Instant, code: ExitCode) {
    let Some(file) = std::env::var_os(LOG) else {
        return;
    };
    let line = json!({
        "how": how,
        "check": is_check,
        "failed": code != ExitCode::SUCCESS,
        "milliseconds": began.elapsed().as_secs_f64() * 1000.0,
    });
    let open = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file);
    // One call, so that lines of several kernels stay whole. No build fails for its log.
    let _ = open.and_then(|mut open| open.write_all(format!("{line}\n").as_bytes()));
}
