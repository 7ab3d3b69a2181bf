//! The student's program, as Rust text.
//!
//! ```text
//! main.rs               fn main
//! └ given.rs            what the teacher gives
//!   └ solution.rs       what the student wrote: a file of its own, which no brace can leave
//!     └ questions.rs    how it is asked
//! ```
//!
//! Each sees what stands above it, private items too, as one cell sees another's.

use super::assignment::{Assignment, Part};
use anyhow::{Result, bail};
use std::fmt::Write;
use std::path::Path;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Block, Item, Stmt, Visibility};

/// The line that stands before the student's own in `solution.rs`.
const ABOVE: &str =
    "#[allow(unused_imports)] use super::*; #[path = \"questions.rs\"] pub mod __questions;\n";

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
pub fn write(folder: &Path, assignment: &Assignment, solutions: &[Part]) -> Result<Lines> {
    let mut given = String::from(
        "#[allow(unused_imports)] use support::prelude::*;\n#[path = \"solution.rs\"] pub mod solution;\n",
    );
    for part in &assignment.given {
        given.push_str(&items_only(&part.text));
        given.push('\n');
    }
    let mut solution = String::from(ABOVE);
    let mut lines = Vec::new();
    for part in solutions {
        let text = items_only(&part.text);
        for (number, line) in text.lines().enumerate() {
            solution.push_str(line);
            solution.push('\n');
            lines.push((part.id.clone(), number + 1));
        }
    }
    std::fs::write(
        folder.join("main.rs"),
        "#[path = \"given.rs\"] mod given;\nfn main() { given::solution::__questions::__serve() }\n",
    )?;
    std::fs::write(folder.join("given.rs"), given)?;
    std::fs::write(folder.join("solution.rs"), solution)?;
    std::fs::write(
        folder.join("questions.rs"),
        questions(&assignment.questions.text)?,
    )?;
    Ok(Lines(lines))
}

/// The teacher's functions, and what hands a question to the right one.
fn questions(text: &str) -> Result<String> {
    let file = syn::parse_file(text).map_err(|error| {
        anyhow::anyhow!("the cell \"program\" is not Rust code as it stands: {error}")
    })?;
    let mut arms = String::new();
    for item in &file.items {
        let Item::Fn(function) = item else { continue };
        if !matches!(function.vis, Visibility::Public(_)) {
            continue;
        }
        let name = &function.sig.ident;
        let arguments: String = (0..function.sig.inputs.len())
            .map(|number| format!("a{number}, "))
            .collect();
        let input = if arguments.is_empty() {
            "()".to_owned()
        } else {
            format!("({arguments})")
        };
        writeln!(
            arms,
            "        \"{name}\" => ::judge::program::call(input, |{input}| {name}({arguments})),"
        )?;
    }
    if arms.is_empty() {
        bail!("the cell \"program\" has no public function: each `pub fn` in it is a question");
    }
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

/// A cell's items; what it runs at its top level is blanked out, for a program has no such place.
/// The kernel would run it, and a student may have left a call there. Text that is not Rust stays
/// as it is, for rustc to say so.
fn items_only(text: &str) -> String {
    let Ok(statements) = Block::parse_within.parse_str(text) else {
        return text.to_owned();
    };
    let mut bytes = text.as_bytes().to_vec();
    for statement in &statements {
        let runs = match statement {
            Stmt::Item(_) => false,
            Stmt::Local(_) | Stmt::Expr(..) => true,
            Stmt::Macro(called) => !called.mac.path.is_ident("thread_local"),
        };
        if runs {
            for byte in &mut bytes[statement.span().byte_range()] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    }
    // Whole statements became spaces, so the rest is text as before.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_runs_is_blanked_and_lines_stay() {
        let text = "fn f() -> &'static str { \"ä\" }\nprintln!(\"ü {}\",\n    f());\nlet x = f();\nmacro_rules! m { () => {} }\nthread_local! { static A: u8 = 1; }\nf()";
        let kept = items_only(text);
        let lines: Vec<&str> = kept.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "fn f() -> &'static str { \"ä\" }",
                "",
                "",
                "",
                "macro_rules! m { () => {} }",
                "thread_local! { static A: u8 = 1; }",
                ""
            ]
        );
        assert_eq!(items_only("fn f( {"), "fn f( {");
    }

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
