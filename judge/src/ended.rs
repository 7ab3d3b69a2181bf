//! How a program ended, in words that stand in reports.

use crate::words;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use support::nix::sys::signal::Signal;

/// What became of it, as a verb.
pub(crate) fn ended_how(status: ExitStatus) -> String {
    // The sandbox tells a signal as 128 and its number, as shells do.
    let code = status.code();
    let signal = status
        .signal()
        .or(code.and_then(|code| code.checked_sub(128)));
    match signal.filter(|signal| *signal > 0).map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU)) => "used more processor time than it may".to_owned(),
        Some(Ok(signal)) => format!("was ended by {signal}"),
        // What Rust's panics end a program with.
        _ if code == Some(101) => "panicked".to_owned(),
        _ => format!("ended with exit code {}", code.unwrap_or_default()),
    }
}

/// The last lines of what was printed, made harmless: they stand in reports.
pub(crate) fn last_words(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("note: run with"))
        .collect();
    let last = words::short(
        &lines[lines.len().saturating_sub(2)..].join(" "),
        usize::MAX,
    );
    let surplus = last.chars().count().saturating_sub(300);
    last.chars().skip(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_one_short_harmless_line() {
        assert_eq!(last_words(b"a\n\x1b[31mb\n\nc\n"), " [31mb c".trim());
        assert!(last_words(&b"x".repeat(5000)).len() <= 300);
        assert_eq!(last_words(b""), "");
    }

    #[test]
    fn ends_are_told_in_words() {
        let told = |status: i32| ended_how(ExitStatus::from_raw(status));
        assert_eq!(told(3 << 8), "ended with exit code 3");
        assert_eq!(told(101 << 8), "panicked");
        assert_eq!(told(9), "was ended by SIGKILL");
        assert_eq!(told((128 + 9) << 8), "was ended by SIGKILL");
        assert_eq!(
            told((128 + 24) << 8),
            "used more processor time than it may"
        );
    }
}
