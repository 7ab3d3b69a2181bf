//! What a failed cell is answered: the `ename`, `evalue` and `traceback` that the protocol asks for
//! and that stock evcxr leaves out of its reply.

use super::cells::Panic;
use super::history::{History, Left};
use super::limits;
use super::place::Place;
use super::rustc::{self, Cause, Diagnostic};
use super::unfinished;
use crate::run::ansi::{Keep, strip};
use crate::stock;
use serde_json::{Value, json};

const RED: &str = "\u{1b}[31m";
const BLUE: &str = "\u{1b}[34m";
const PLAIN: &str = "\u{1b}[0m";

/// What happens to what was defined.
const VARIABLES_LOST: &str = "Variables are gone, those of earlier cells too: run the cells that made them again. Functions, types and `use` lines are kept.";
const ALL_LOST: &str = "All that was defined is gone: run the notebook from its top.";

const OTHER_TOKIO: &str = "It is a future of another tokio than the one by which a cell's `.await` is run, and that is version 1: take `tokio = \"1\"`, or run it by its own, `tokio::runtime::Runtime::new()?.block_on(async { … })` or the like.";

/// How far a cell has come that is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// It waited, or was being compiled.
    Nothing,
    /// It asked the reader something.
    Question,
    Run,
}

/// What is said of one of rustc's errors, and where it stands among the others.
struct Report<'a> {
    order: (Cause, Option<(u64, usize)>),
    error: &'a Diagnostic,
    text: String,
}

/// An error as Jupyter wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind: `panic`, `E0308`, `Interrupted`…
    pub name: String,
    pub value: String,
    /// Lines, with colours as a terminal has them.
    pub traceback: Vec<String>,
    /// What becomes of variables.
    pub left: Left,
}

impl Failure {
    fn new(name: &str, value: impl Into<String>, rest: &[&str]) -> Failure {
        let value = value.into();
        let mut traceback = vec![format!("{RED}{name}{PLAIN}: {value}")];
        traceback.extend(rest.iter().map(|line| (*line).to_owned()));
        Failure {
            name: name.to_owned(),
            value,
            traceback,
            left: Left::Old,
        }
    }

    /// One that quotes a line of a cell.
    pub fn at(name: &str, value: impl Into<String>, place: Option<&Place>) -> Failure {
        let mut failure = Failure::new(name, value, &[]);
        if let Some(place) = place {
            let (cell, line) = (place.cell, place.line);
            failure
                .traceback
                .push(format!("{BLUE}  -->{PLAIN} cell [{cell}], line {line}"));
            failure.traceback.push(quote(place));
        }
        failure
    }

    /// All variables are gone with the process, of which this is told: "it was interrupted".
    fn losing(mut self, how: impl Into<String>) -> Failure {
        self.left = Left::None(how.into());
        self
    }

    /// The fields that an iopub `error` and an error reply share.
    pub fn fields(&self) -> Value {
        json!({"ename": self.name, "evalue": self.value, "traceback": self.traceback})
    }

    pub fn interrupted(reached: Reached) -> Failure {
        let kept = match reached {
            Reached::Nothing => "Nothing of it has run, and variables are kept.",
            Reached::Question => {
                "It was given an empty line as the answer to its question and ran to its end: variables are kept."
            }
            Reached::Run => VARIABLES_LOST,
        };
        let mut failure = Failure::new("Interrupted", "the cell was interrupted", &[kept]);
        failure.left = match reached {
            Reached::Nothing => Left::Old,
            Reached::Question => Left::All,
            Reached::Run => Left::None("was interrupted".to_owned()),
        };
        failure
    }

    /// The kernel has been told to end.
    pub fn kernel_ends() -> Failure {
        Failure::new("KernelEnded", "the kernel was shut down", &[])
    }

    /// A completion, for one, that takes too long.
    pub fn unanswered() -> Failure {
        let limit = limits::SMALL.as_secs();
        Failure::new(
            "NoAnswer",
            format!("evcxr did not answer within {limit} s"),
            &[],
        )
    }

    /// The whole evcxr had to be replaced, or replaced itself.
    pub fn evcxr(why: &str) -> Failure {
        let (first, log) = why.split_once('\n').unwrap_or((why, ""));
        let mut failure = Failure::new(
            "KernelRestarted",
            format!("{first}; it has been started again"),
            &[],
        );
        failure.traceback.extend(log.lines().map(str::to_owned));
        failure.traceback.push(ALL_LOST.to_owned());
        failure.losing("ended with a restart of the kernel")
    }

    /// It could not be started, several times.
    pub fn no_evcxr(why: &str) -> Failure {
        let (first, log) = why.split_once('\n').unwrap_or((why, ""));
        let mut failure = Failure::new(
            "KernelNotStarted",
            format!("{first}; the next cell tries again"),
            &[],
        );
        failure.traceback.extend(log.lines().map(str::to_owned));
        failure
    }

    /// A panic that left the cell.
    pub fn panic(panic: &Panic, place: Option<&Place>) -> Failure {
        let mut failure = Failure::at("panic", panic.message.clone(), place);
        if place.is_none() {
            let (file, line) = (&panic.file, panic.line);
            failure
                .traceback
                .push(format!("{BLUE}  -->{PLAIN} {file}:{line}"));
        }
        if is_of_other_tokio(&panic.message) {
            failure.traceback.push(OTHER_TOKIO.to_owned());
        }
        failure.traceback.push(VARIABLES_LOST.to_owned());
        failure.losing("panicked")
    }

    /// A `?` at the top level that met an error, whose text evcxr has written to stderr.
    pub fn question_mark(text: &str) -> Failure {
        let line = text
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("an error");
        let mut failure = Failure::new(
            "Err",
            line.trim(),
            &["A `?` at the cell's top level met this error; what stands behind it has not run."],
        );
        failure.left = Left::Items;
        failure
    }

    /// The process of the cells has ended: `how` as evcxr tells it, for example
    /// "exit status: 1" or "signal: 9 (SIGKILL)".
    pub fn ended(how: &str, before_the_cell: bool) -> Failure {
        let when = if before_the_cell {
            "before this cell began, "
        } else {
            ""
        };
        let signal = how
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(name, _)| name);
        let failure = match signal {
            Some(name) => {
                let value = format!(
                    "{when}the process that runs the cells was killed by {name}{}",
                    meaning(name)
                );
                let how = format!("was killed by {name}");
                Failure::new(name, value, &[VARIABLES_LOST]).losing(how)
            }
            None => {
                let code = how.rsplit(' ').next().unwrap_or(how);
                let value =
                    format!("{when}the process that runs the cells ended with exit code {code}");
                Failure::new("Exit", value, &[VARIABLES_LOST]).losing("ended its process")
            }
        };
        match before_the_cell {
            true => failure.and("Nothing of this cell has run: run it once more."),
            false => failure,
        }
    }

    fn and(mut self, line: &str) -> Failure {
        self.traceback.push(line.to_owned());
        self
    }

    /// The compiler's errors, as rustc reports them. `None` where none of them is in a cell, or where evcxr
    /// `told` of something else: then its own words are the better ones.
    pub fn compiler(
        told: &[Value],
        messages: &str,
        source: &str,
        cells: &History,
    ) -> Option<Failure> {
        let errors = rustc::errors(messages);
        let is_told = |error: &Diagnostic| {
            let mut told = told.iter().filter_map(|told| told["evalue"].as_str());
            told.any(|message| error.is_told_by(message))
        };
        let borrows = |told: &Value| told["evalue"].as_str().is_some_and(stock::is_of_borrow);
        if !errors.iter().any(is_told) && !told.iter().any(borrows) {
            return None;
        }
        let mut reports: Vec<Report> = Vec::new();
        for error in &errors {
            if let Some(text) = error.report(source, cells)
                && reports.iter().all(|report| report.text != text)
            {
                // evcxr puts functions and types in no order.
                let order = (error.cause(source), error.place(source, cells));
                reports.push(Report { order, error, text });
            }
        }
        reports.sort_by_key(|report| report.order);
        // A type that evcxr writes is wrong where what the reader wrote is.
        let of_reader = reports.iter().filter(|it| it.order.0 < Cause::Type).count();
        reports.truncate(of_reader.max(1));
        let first = reports.first()?.error;
        let title = first.title(source);
        if title.contains("delimiter")
            && let Some((cell, code)) = cells.newest_first().next()
            && let Some((message, line)) = unfinished::torn(code)
        {
            let before = code.split_inclusive('\n').take(line - 1).map(str::len);
            let place = Place::at(cell, code, before.sum(), 0);
            return Some(Failure::at("Error", message, Some(&place)));
        }
        let texts: Vec<&str> = reports.iter().map(|report| report.text.as_str()).collect();
        Some(Failure {
            name: first.code().unwrap_or("Error").to_owned(),
            value: title,
            traceback: texts.join("\n\n").lines().map(str::to_owned).collect(),
            left: Left::Old,
        })
    }

    /// What evcxr itself says of cell `count`, in one message for each error. It counts from 2.
    pub fn told(messages: &[Value], count: u64) -> Failure {
        let cell = format!("cell [{count}]");
        let text = |value: &Value| named(value.as_str().unwrap_or_default(), &cell);
        let mut traceback = Vec::new();
        for message in messages {
            let lines: Vec<String> = message["traceback"]
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect();
            traceback.extend(lines);
        }
        let plain = strip(&traceback.join("\n"), Keep::Nothing);
        let value = messages.first().map_or_else(
            || "the cell failed".to_owned(),
            |first| text(&first["evalue"]),
        );
        if traceback.is_empty() {
            traceback.push(value.clone());
        }
        let name = code_in(&plain).unwrap_or("Error").to_owned();
        Failure {
            name,
            value,
            traceback,
            left: Left::Old,
        }
    }
}

/// evcxr's "command_7", as it calls a cell, under the cell's own name.
fn named(text: &str, cell: &str) -> String {
    match text.split_once(stock::CELL) {
        Some((before, after)) if after.starts_with(|c: char| c.is_ascii_digit()) => {
            format!(
                "{before}{cell}{}",
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        }
        _ => text.to_owned(),
    }
}

fn quote(place: &Place) -> String {
    format!("{BLUE}{:>4} |{PLAIN} {}", place.line, place.text())
}

/// Whether a panic's message is that of a tokio before version 1, of whose runtimes none runs. (Version 1 says
/// "a Tokio 1.x runtime".)
fn is_of_other_tokio(message: &str) -> bool {
    let wants = ["context of Tokio runtime", "context of a Tokio 0."];
    wants.iter().any(|words| message.contains(words))
}

fn meaning(signal: &str) -> &'static str {
    match signal {
        "SIGSEGV" => {
            ": it used memory that is not its own, or its stack is full (a recursion without end?)"
        }
        "SIGABRT" => ": it called abort",
        "SIGKILL" => ": by another process, or by the system for lack of memory",
        "SIGFPE" => ": an impossible calculation",
        "SIGILL" => ": an instruction that does not exist",
        "SIGBUS" => ": it used memory that has no page behind it",
        _ => "",
    }
}

/// rustc's code of an error: `E0308`.
fn code_in(text: &str) -> Option<&str> {
    text.match_indices("[E").find_map(|(at, _)| {
        let code = text.get(at + 1..at + 6)?;
        let digits = code[1..].bytes().all(|byte| byte.is_ascii_digit());
        (digits && text[at + 6..].starts_with(']')).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compile_error_bears_rustcs_code() {
        let message = json!({
            "evalue": "mismatched types",
            "traceback": ["\u{1b}[31m[E0308] Error:\u{1b}[0m mismatched types", "command_4:1:1"],
        });
        let failure = Failure::told(&[message], 3);
        assert_eq!(
            (failure.name.as_str(), failure.value.as_str()),
            ("E0308", "mismatched types")
        );
        assert_eq!(failure.traceback[1], "cell [3]:1:1");
    }

    #[test]
    fn codes_are_looked_for_exactly() {
        assert_eq!(code_in("a[E12] [E0382]"), Some("E0382"));
        assert_eq!(code_in("v[E0382 [EABCD] ["), None);
        assert_eq!(code_in("[E世界]"), None);
    }

    #[test]
    fn an_end_names_its_signal_or_its_code() {
        let killed = Failure::ended("signal: 9 (SIGKILL)", false);
        assert_eq!(killed.name, "SIGKILL");
        let exit = Failure::ended("exit status: 3", false);
        assert_eq!(
            (exit.name.as_str(), exit.value.ends_with("exit code 3")),
            ("Exit", true)
        );
        let core = Failure::ended("signal: 6 (SIGABRT) (core dumped)", true);
        assert_eq!(core.name, "SIGABRT");
        assert!(core.value.contains("before this cell"));
    }

    #[test]
    fn a_panic_points_into_the_cell() {
        let panic = Panic {
            message: "oh".into(),
            file: "src/lib.rs".into(),
            line: 83,
            ..Panic::default()
        };
        let mut cells = History::default();
        cells.add(4, "// a call\n    f()");
        let place = Place::find("fn g() {\n    f()\n}", 2, &cells);
        let lines = Failure::panic(&panic, place.as_ref()).traceback.join("\n");
        assert!(
            strip(&lines, Keep::Nothing).contains("--> cell [4], line 2\n   2 |     f()"),
            "{lines}"
        );
        assert!(Failure::panic(&panic, None).traceback[1].contains("src/lib.rs:83"));
    }

    #[test]
    fn a_future_of_an_older_tokio_is_told_of() {
        let told = |message: &str| {
            let message = message.to_owned();
            let panic = Panic {
                message,
                ..Panic::default()
            };
            let lines = Failure::panic(&panic, None).traceback;
            lines.iter().any(|line| line.contains("another tokio"))
        };
        assert!(told(
            "there is no reactor running, must be called from the context of a Tokio 0.2.x runtime"
        ));
        assert!(!told(
            "there is no reactor running, must be called from the context of a Tokio 1.x runtime"
        ));
        assert!(!told("oh"));
    }

    #[test]
    fn a_question_mark_gives_the_last_line_of_its_error() {
        assert_eq!(
            Failure::question_mark("other\nNo such file\n\n").value,
            "No such file"
        );
    }
}
