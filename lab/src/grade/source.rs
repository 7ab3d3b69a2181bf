//! The student's program, as Rust text.
//!
//! ```text
//! main.rs               fn main
//! └ given.rs            what the teacher gives
//!   └ solution.rs       what the student wrote: a file of its own, which no brace can leave
//!     └ questions-….rs  how it is asked
//! ```
//!
//! Each sees what stands above it, private items too, as one cell sees another's. Where every schedule is
//! tried, `main.rs` is a crate of its own: the search's side then has no name in the student's.

use super::assignment::{Assignment, PROGRAM, Part};
use super::items;
use super::submission::Submission;
use anyhow::{Result, bail};
use std::fmt::Write;
use std::path::Path;
use syn::{Item, Visibility};

/// How the file of the questions begins to be called. The rest is drawn at random: what nobody can
/// name, no `include_str!` of a solution's can show.
pub const QUESTIONS: &str = "questions-";

/// Where each line of `solution.rs` comes from.
#[derive(Clone, Debug, Default)]
pub struct Lines(Vec<(String, usize)>);

impl Lines {
    /// The cell and its line for a line of `solution.rs`, both counted from 1.
    pub fn place(&self, line: usize) -> Option<(&str, usize)> {
        let (cell, line) = self.0.get(line.checked_sub(2)?)?;
        Some((cell, *line))
    }

    /// A sentence in which the program's own places (`/source/solution.rs:3:5`) are the cells'.
    pub fn in_words(&self, sentence: &str) -> String {
        let mut rest = sentence;
        let mut words = String::new();
        while let Some((before, after)) = rest.split_once("/source/solution.rs:") {
            let digits = after.chars().take_while(char::is_ascii_digit).count();
            let place = after[..digits]
                .parse()
                .ok()
                .and_then(|line| self.place(line));
            words.push_str(before);
            match place {
                Some((cell, line)) => write!(words, "cell \"{cell}\", line {line}").ok(),
                None => write!(words, "solution.rs:{}", &after[..digits]).ok(),
            };
            // The column says no more than the line.
            rest = after[digits..].trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
            if !rest.is_empty() {
                words.push(':');
            }
        }
        words + rest
    }
}

/// Writes the program's files into `folder`.
///
/// # Errors
/// When the teacher's part is wrong, or there is no disk.
pub fn write(folder: &Path, assignment: &Assignment, submission: &Submission) -> Result<Lines> {
    std::fs::write(
        folder.join("main.rs"),
        "#[path = \"given.rs\"] mod given;\nfn main() { given::solution::__questions::__serve() }\n",
    )?;
    let questions = questions(&assignment.questions.text)?;
    lay_out(folder, assignment, submission, &questions)
}

/// The same text as the crate `scenarios`, with the scenarios in place of the questions, and a program
/// that has them tried.
///
/// # Errors
/// As [`write`].
pub fn write_explored(
    folder: &Path,
    assignment: &Assignment,
    submission: &Submission,
    scenarios: &Part,
) -> Result<Lines> {
    let arms = arms(&scenarios.text, &scenarios.id, |name, input, arguments| {
        format!(
            "\"{name}\" => ::schedules::scenario(input, |{input}| ::scenarios::given::solution::__questions::{name}({arguments})),"
        )
    })?;
    std::fs::write(
        folder.join("main.rs"),
        format!(
            "fn main() {{\n    ::schedules::serve(|scenario, input| match scenario {{\n{arms}        _ => None,\n    }})\n}}\n"
        ),
    )?;
    std::fs::write(
        folder.join("lib.rs"),
        "#[path = \"given.rs\"] pub mod given;\n",
    )?;
    let text = format!(
        "#[allow(unused_imports)] use crate::given::{{*, solution}};\n{}",
        scenarios.text
    );
    lay_out(folder, assignment, submission, &text)
}

/// What both have: given code, the solution below it, and how it is asked below that.
fn lay_out(
    folder: &Path,
    assignment: &Assignment,
    submission: &Submission,
    questions: &str,
) -> Result<Lines> {
    let mut given = String::from(
        "#[allow(unused_imports)] use support::prelude::*;\n#[path = \"solution.rs\"] pub mod solution;\n",
    );
    for text in items::only(&assignment.given, &[]) {
        given.push_str(&text);
        given.push('\n');
    }
    let questions_file = format!("{QUESTIONS}{}.rs", uuid::Uuid::new_v4().simple());
    // One line, above the student's own.
    let mut solution = format!(
        "#[allow(unused_imports)] use super::*; #[path = \"{questions_file}\"] pub mod __questions;\n"
    );
    let mut lines = Vec::new();
    for (part, code) in submission.solutions.iter().zip(&submission.code) {
        for (number, line) in code.lines().enumerate() {
            solution.push_str(line);
            solution.push('\n');
            lines.push((part.id.clone(), number + 1));
        }
    }
    std::fs::write(folder.join("given.rs"), given)?;
    std::fs::write(folder.join("solution.rs"), solution)?;
    std::fs::write(folder.join(questions_file), questions)?;
    Ok(Lines(lines))
}

/// A line of a `match` for each public function of the text: `arm` is given its name, its parameters as a
/// tuple, and the same as arguments.
fn arms(text: &str, cell: &str, arm: impl Fn(&str, &str, &str) -> String) -> Result<String> {
    let file = syn::parse_file(text).map_err(|error| {
        anyhow::anyhow!("the cell \"{cell}\" is not Rust code as it stands: {error}")
    })?;
    let mut arms = String::new();
    for item in &file.items {
        let Item::Fn(function) = item else { continue };
        if !matches!(function.vis, Visibility::Public(_)) {
            continue;
        }
        let name = function.sig.ident.to_string();
        let arguments: String = (0..function.sig.inputs.len())
            .map(|number| format!("a{number}, "))
            .collect();
        let input = if arguments.is_empty() {
            "()".to_owned()
        } else {
            format!("({arguments})")
        };
        writeln!(arms, "        {}", arm(&name, &input, &arguments))?;
    }
    if arms.is_empty() {
        bail!("the cell \"{cell}\" has no public function: each `pub fn` in it is a question");
    }
    Ok(arms)
}

/// The teacher's functions, and what hands a question to the right one.
fn questions(text: &str) -> Result<String> {
    let arms = arms(text, PROGRAM, |name, input, arguments| {
        format!("\"{name}\" => ::judge::program::call(input, |{input}| {name}({arguments})),")
    })?;
    Ok(format!(
        "#[allow(unused_imports)] use crate::given::{{*, solution}};
#[allow(unused_imports)] use ::judge::program;
{text}
pub fn __serve() {{
    ::judge::program::serve(|question, input| ::std::option::Option::Some(match question {{
{arms}        _ => return ::std::option::Option::None,
    }}));
}}
"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_functions_are_questions() {
        let text = "fn help() {}\npub fn sum(a: u32, b: u32) -> u32 { a + b }\npub fn none() {}\n";
        let glue = questions(text).unwrap();
        assert!(
            glue.contains("\"sum\" => ::judge::program::call(input, |(a0, a1, )| sum(a0, a1, )),")
        );
        assert!(glue.contains("\"none\" => ::judge::program::call(input, |()| none()),"));
        assert!(!glue.contains("\"help\""));
        assert!(questions("fn help() {}").is_err());
    }

    #[test]
    fn lines_lead_back_to_cells() {
        let lines = Lines(vec![
            ("one".into(), 1),
            ("one".into(), 2),
            ("two".into(), 1),
        ]);
        assert_eq!(lines.place(2), Some(("one", 1)));
        assert_eq!(lines.place(4), Some(("two", 1)));
        assert_eq!(lines.place(1), None);
        assert_eq!(lines.place(9), None);
        assert_eq!(
            lines.in_words("panicked at /source/solution.rs:4:5: no idea"),
            "panicked at cell \"two\", line 1: no idea"
        );
        assert_eq!(lines.in_words("as it was"), "as it was");
    }
}
