//! What became of a compilation, from what the sandbox, rustc and the linker said.

use super::bounded::Ran;
use super::judged::{COMPILER_MEMORY, COMPILING};
use super::source::{Lines, QUESTIONS};
use super::verdict::Doubt;
use serde_json::Value;
use std::time::Duration;

/// Runs the rest of its arguments, then writes the file that they made, the first argument, to
/// stdout. Says on stderr that the sandbox stands, and how it ended: only the shell writes lines
/// that are no JSON to begin and end with, and of rustc's no more than what is read.
pub const SCRIPT: &str = "made=\"$1\"; shift; echo stands >&2
\"$@\" >\"$made.said\" 2>&1; code=$?
head -c 500000 \"$made.said\" >&2; echo >&2; echo \"ended $code\" >&2
[ $code = 0 ] && cat \"$made\"";

/// What the script lets through of rustc's messages.
const LONGEST_SAID: usize = 500_000;

/// Why there is no program.
#[derive(Debug, PartialEq, Eq)]
pub struct NotCompiled {
    pub reason: String,
    pub doubt: Option<Doubt>,
}

/// Tells why not, where `ran` made no program.
pub fn why_not(ran: &Ran, limit: Duration, lines: &Lines) -> NotCompiled {
    let is = |doubt: Option<Doubt>, reason: String| NotCompiled { reason, doubt };
    if ran.too_much_memory {
        let reason = format!(
            "compiling the solution occupied more than {} GB of memory",
            COMPILER_MEMORY >> 30
        );
        return is(None, reason);
    }
    if ran.too_large {
        return is(None, "the compiled solution is too large".to_owned());
    }
    if ran.succeeded.is_none() {
        let reason = format!("the solution does not compile within {} s", limit.as_secs());
        // Before so much time has passed, it has met its limit of processor time, or had none.
        let doubt = if limit > COMPILING {
            Doubt::Busy
        } else {
            Doubt::Once
        };
        return is(Some(doubt), reason);
    }
    let Some(said) = ran.said.strip_prefix("stands\n") else {
        let last = ran.said.lines().last().unwrap_or("without a word");
        let reason = format!("the compiler's sandbox could not be made: {last}");
        return is(Some(Doubt::Machine), reason);
    };
    let last = said.lines().last().unwrap_or_default();
    let code: Option<i32> = last
        .strip_prefix("ended ")
        .and_then(|code| code.parse().ok());
    match code {
        Some(1) => errors(said, lines),
        Some(152) => {
            let reason = "the compiler used more processor time than it may";
            is(None, reason.to_owned())
        }
        // The shell cannot start it, or it was ended from outside.
        None | Some(126 | 127 | 137 | 143) => {
            let reason = format!("the compiler was ended before it was done ({last})");
            is(Some(Doubt::Machine), reason)
        }
        // A crash, its memory: the solution's text may be the cause.
        Some(code) => {
            let reason = format!("the compiler fails on the solution with exit code {code}");
            is(Some(Doubt::Once), reason)
        }
    }
}

/// rustc's first error, at the student's line.
fn errors(said: &str, lines: &Lines) -> NotCompiled {
    let error = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|message| message["level"] == "error");
    let Some(error) = error else {
        // A message quotes the line that it is about, whole.
        return match said.len() > LONGEST_SAID {
            true => NotCompiled {
                reason: "the solution does not compile, and the error message is too long"
                    .to_owned(),
                doubt: None,
            },
            false => NotCompiled {
                reason: "the compiler ended without an error message".to_owned(),
                doubt: Some(Doubt::Machine),
            },
        };
    };
    let message = error["message"].as_str().unwrap_or_default();
    if let Some(how) = message.strip_prefix("linking with ") {
        return linker(how);
    }
    let spans = error["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let first = spans.iter().find(|span| span["is_primary"] == true);
    let own = first.and_then(|span| origins(span).find(|span| file(span) == "solution.rs"));
    let line = own.and_then(|span| usize::try_from(span["line_start"].as_u64()?).ok());
    let place = match line.and_then(|line| lines.place(line)) {
        Some((cell, line)) => format!(" (cell \"{cell}\", line {line})"),
        None if own.is_some() => String::new(),
        // The teacher's part does not fit to it: something was renamed, or has other types.
        None => " where the solution is called".to_owned(),
    };
    let code = error["code"]["code"].as_str();
    let message = match hidden(message, code, first) {
        Some(instead) => instead,
        None => message,
    };
    let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
    NotCompiled {
        reason: format!("the solution does not compile{place}: {code}{message}"),
        doubt: None,
    }
}

/// A span, what it was expanded from, and so on.
fn origins(span: &Value) -> impl Iterator<Item = &Value> {
    std::iter::successors(Some(span), |span| {
        let origin = &span["expansion"]["span"];
        origin.is_object().then_some(origin)
    })
}

fn file(span: &Value) -> &str {
    let path = span["file_name"].as_str().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// What is said in place of a message that may quote a file: a constant's panic, a macro's own
/// error or a file that was included can have any text in them, the solution's author can choose
/// which, and the compiler reads more than a student may.
fn hidden(message: &str, code: Option<&str>, first: Option<&Value>) -> Option<&'static str> {
    const MACRO: &str = "a macro call cannot be expanded";
    if code == Some("E0080") {
        return Some("a constant cannot be computed");
    }
    // With where it looked and why not, which is told of files outside, too.
    if message.starts_with("couldn't read ") {
        return Some("a file that it includes cannot be read");
    }
    let first = first?;
    let made = |span: &Value| {
        let name = span["expansion"]["macro_decl_name"].as_str();
        name.is_some_and(|name| matches!(name, "env!" | "compile_error!" | "concat!"))
    };
    if origins(first).any(made) {
        return Some(MACRO);
    }
    let name = file(first);
    let ours =
        matches!(name, "solution.rs" | "given.rs" | "main.rs") || name.starts_with(QUESTIONS);
    if !ours && origins(first).count() == 1 {
        return Some("a file that it includes is no Rust code for there");
    }
    // `compile_error!` says nothing of itself, and can have another name.
    (code.is_none() && is_macro_call(first)).then_some(MACRO)
}

/// Whether what is underlined is the whole call of a macro.
fn is_macro_call(span: &Value) -> bool {
    let line = &span["text"][0];
    let from = line["highlight_start"].as_u64().unwrap_or(1).max(1) as usize - 1;
    let text = line["text"].as_str().unwrap_or_default().chars().skip(from);
    let mut rest = text.skip_while(|c| c.is_alphanumeric() || "_:# ".contains(*c));
    rest.next() == Some('!')
}

/// ``linking with `cc` failed: signal: 9 (SIGKILL)``, or an exit status.
fn linker(how: &str) -> NotCompiled {
    let how = how.split_once("failed: ").map_or(how, |(_, how)| how);
    let how = how.lines().next().unwrap_or_default();
    // The linker's own limits, of time and of a file's size, are signals, too.
    let outside = ["signal: 9 ", "signal: 15 "];
    NotCompiled {
        reason: format!("the solution compiles and cannot be linked: {how}"),
        doubt: Some(match outside.iter().any(|signal| how.starts_with(signal)) {
            true => Doubt::Machine,
            false => Doubt::Once,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(succeeded: Option<bool>, said: &str) -> (Option<Doubt>, String) {
        let ran = Ran {
            succeeded,
            too_large: false,
            too_much_memory: false,
            said: said.to_owned(),
        };
        let not = why_not(&ran, COMPILING, &Lines::default());
        (not.doubt, not.reason)
    }

    #[test]
    fn only_rustc_s_own_errors_are_certain() {
        let error =
            r#"{"level":"error","message":"mismatched types","code":{"code":"E0308"},"spans":[]}"#;
        let ended = |code: i32, said: &str| format!("stands\n{said}\nended {code}\n");
        let (doubt, reason) = of(Some(false), &ended(1, error));
        assert_eq!(doubt, None);
        assert!(reason.ends_with("E0308: mismatched types"), "{reason}");
        let doubt = |succeeded, said: &str| of(succeeded, said).0;
        assert_eq!(doubt(None, "stands\n"), Some(Doubt::Once));
        assert_eq!(doubt(Some(false), "bwrap: no"), Some(Doubt::Machine));
        assert_eq!(doubt(Some(false), "stands\n"), Some(Doubt::Machine));
        assert_eq!(doubt(Some(false), &ended(137, "")), Some(Doubt::Machine));
        assert_eq!(doubt(Some(false), &ended(1, "")), Some(Doubt::Machine));
        assert_eq!(doubt(Some(false), &ended(101, "")), Some(Doubt::Once));
        assert_eq!(doubt(Some(false), &ended(152, "")), None);
    }

    #[test]
    fn a_message_that_may_quote_a_file_is_not_told() {
        let said = |code: Option<&str>, span: Value| {
            let error = serde_json::json!({
                "level": "error", "message": "the token is abc", "code": { "code": code }, "spans": [span],
            });
            of(Some(false), &format!("stands\n{error}\nended 1\n")).1
        };
        let span = |file: &str, text: &str| {
            serde_json::json!({
                "is_primary": true, "file_name": file, "line_start": 3,
                "text": [{ "text": text, "highlight_start": 3 }],
            })
        };
        let solution = "/source/solution.rs";
        let mut by_env = span(solution, "  x");
        by_env["expansion"] =
            serde_json::json!({ "macro_decl_name": "env!", "span": span(solution, "  x") });
        for (code, span) in [
            (Some("E0080"), span("/lib/core/panic.rs", "  x")),
            (None, span(solution, "  compile_error!(include_str!(")),
            (None, span(solution, "  its::other_name ! {")),
            (None, span("/usr/secret", "  abc")),
            (None, by_env),
        ] {
            let told = said(code, span);
            assert!(!told.contains("abc"), "{told}");
        }
        let error = r#"{"level":"error","message":"couldn't read `/home/ada/abc`: Permission denied (os error 13)","spans":[]}"#;
        let told = of(Some(false), &format!("stands\n{error}\nended 1\n")).1;
        assert!(
            told.ends_with(": a file that it includes cannot be read"),
            "{told}"
        );
        let plain = said(None, span(solution, "  let x = y"));
        assert!(plain.contains("the token is abc"), "{plain}");
    }

    #[test]
    fn a_linker_that_was_killed_is_the_machine_s_and_one_that_fails_is_tried_again() {
        let linker = |how: &str| {
            let error = serde_json::json!({ "level": "error", "message": format!("linking with `cc` failed: {how}"), "spans": [] });
            of(Some(false), &format!("stands\n{error}\nended 1\n")).0
        };
        assert_eq!(linker("signal: 9 (SIGKILL)"), Some(Doubt::Machine));
        assert_eq!(linker("exit status: 1"), Some(Doubt::Once));
    }
}
