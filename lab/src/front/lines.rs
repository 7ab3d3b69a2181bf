//! Lines that the cells' process writes and that name a place in evcxr's file: they get the cell's.

use super::history::History;
use super::place::Place;
use crate::stock;

/// The text with places in cells; `None` where it names none. `source` gives the program of the library with
/// that inode, or of the latest cell.
pub fn in_cells(
    text: &[u8],
    source: impl Fn(Option<usize>) -> String,
    cells: &History,
) -> Option<Vec<u8>> {
    memchr::memmem::find(text, stock::SOURCE.as_bytes())?;
    let text = std::str::from_utf8(text).ok()?;
    let lines = text.split_inclusive('\n');
    let told: String = lines
        .map(|line| told(line, &source, cells).unwrap_or_else(|| line.to_owned()))
        .collect();
    (told != text).then(|| told.into_bytes())
}

/// The line with its place in a cell. Other programs have a file of that name too, and so it has to look
/// like one of the lines that Rust or `support` writes.
fn told(line: &str, source: impl Fn(Option<usize>) -> String, cells: &History) -> Option<String> {
    let found = dbg(line)
        .or_else(|| panic(line))
        .or_else(|| standard_panic(line));
    let of_macro = || by_line_macro(line, &source(None));
    let Parts {
        before,
        library,
        number,
        after,
    } = found.or_else(of_macro)?;
    if let Some(place) = Place::find(&source(library), number, cells) {
        return Some(format!(
            "{before}cell [{}], line {}{after}",
            place.cell, place.line
        ));
    }
    // That is for us alone.
    library.map(|_| format!("{before}{}:{number}{after}", stock::SOURCE))
}

/// What stands before a place, its line, and what stands behind its column, if it has one; and the inode of the
/// library that it is in, which `support` says of a panic.
struct Parts<'a> {
    before: &'a str,
    library: Option<usize>,
    number: usize,
    after: &'a str,
}

fn parts(line: &str, at: usize) -> Option<Parts<'_>> {
    let mut rest = line[at..].strip_prefix(stock::SOURCE)?;
    let mut library = None;
    if let Some((inode, behind)) = rest.strip_prefix('@').and_then(digits) {
        (library, rest) = (Some(inode), behind);
    }
    let (number, mut after) = digits(rest.strip_prefix(':')?)?;
    if let Some((_, behind)) = after.strip_prefix(':').and_then(digits) {
        after = behind;
    }
    Some(Parts {
        before: &line[..at],
        library,
        number,
        after,
    })
}

fn digits(text: &str) -> Option<(usize, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// `[src/lib.rs:7:1] n = 5`
fn dbg(line: &str) -> Option<Parts<'_>> {
    line.starts_with('[')
        .then(|| parts(line, 1))?
        .filter(|parts| parts.after.starts_with(']'))
}

/// The line that `support` writes of a panic of a thread, a task or a child: with its place at the end.
fn panic(line: &str) -> Option<Parts<'_>> {
    let at = line.rfind(&format!("({}", stock::SOURCE))? + 1;
    let parts = parts(line, at).filter(|parts| parts.after.trim_end() == ")")?;
    let said = parts.before;
    let of_thread = said.contains("thread '") && said.contains("' panicked: ");
    let of_process = said.starts_with("process '") && said.contains(") panicked: ");
    // A task's, which may have no name: "task 'a' panicked", "an unnamed task panicked".
    let of_task = said.starts_with("task '") || said.contains("an unnamed task panicked: ");
    let of_task = of_task && said.contains(" panicked: ");
    (of_thread || of_process || of_task).then_some(parts)
}

/// `thread 'worker' panicked at src/lib.rs:7:1:`, which Rust writes where there is no hook.
fn standard_panic(line: &str) -> Option<Parts<'_>> {
    let (before, _) = line.split_once(" panicked at ")?;
    let at = before.len() + " panicked at ".len();
    parts(line, at).filter(|parts| parts.after.trim_end() == ":")
}

/// What a cell makes of `file!()` and `line!()`.
fn by_line_macro<'a>(line: &'a str, source: &str) -> Option<Parts<'a>> {
    let parts = parts(line, line.find(stock::SOURCE)?)?;
    let generated = source.lines().nth(parts.number.checked_sub(1)?)?;
    generated.contains("line!").then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let mut cells = History::default();
        cells.add(
            4,
            "let n = dbg!(5);\nv[n];\nprintln!(\"{}:{}\", file!(), line!());",
        );
        let source = "use a;\nfn run_user_code_3(\nlet n = dbg!(5);\nv[n];\nprintln!(\"{}:{}\", file!(), line!());\n}";
        let older = "use b;\nuse c;\nfn run_user_code_2(\nlet n = dbg!(5);\n}";
        let source = |library| match library {
            Some(77) => older.to_owned(),
            Some(_) => String::new(),
            None => source.to_owned(),
        };
        let told = in_cells(text.as_bytes(), source, &cells)?;
        Some(String::from_utf8(told).unwrap())
    }

    #[test]
    fn what_rust_writes_gets_the_cells_line() {
        for (text, expected) in [
            (
                "a\n[src/lib.rs:3:9] 5 = 5\n",
                "a\n[cell [4], line 1] 5 = 5\n",
            ),
            (
                "thread 'w' panicked: (oh) (src/lib.rs:4)\n",
                "thread 'w' panicked: (oh) (cell [4], line 2)\n",
            ),
            (
                "process 'p' (12) panicked: oh (src/lib.rs:4)",
                "process 'p' (12) panicked: oh (cell [4], line 2)",
            ),
            (
                "thread 'w' panicked at src/lib.rs:4:1:\noh\n",
                "thread 'w' panicked at cell [4], line 2:\noh\n",
            ),
            ("src/lib.rs:5\n", "cell [4], line 3\n"),
            // Of the library of another cell, and of one that nobody knows.
            (
                "thread 'w' panicked: oh (src/lib.rs@77:4)\n",
                "thread 'w' panicked: oh (cell [4], line 1)\n",
            ),
            (
                "thread 'w' panicked: oh (src/lib.rs@78:4)\n",
                "thread 'w' panicked: oh (src/lib.rs:4)\n",
            ),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_other_programs_write_stays() {
        for text in [
            "error: oh\n --> src/lib.rs:4:1\n",
            "[src/lib.rs:99:1] n = 5\n",
            "src/lib.rs:4\n",
            "thread 'w' panicked: see (src/lib.rs:4) of it\n",
            "src/lib.rs\n",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
