//! Finds the cell's line behind a line of evcxr's generated file.
//!
//! evcxr writes the statements of a cell, and the functions of earlier ones, into `src/lib.rs` of
//! the kernel's directory, each as it was typed, and rustc and panics name lines of that file. So
//! the text of that line is looked for in the cells, the newest first; where a cell has it twice,
//! the lines around it decide. Text that stands in no cell has no place there, and none is claimed.

use super::history::History;

/// A line of a cell.
#[derive(Debug, PartialEq)]
pub struct Place<'a> {
    /// The number under which the cell ran.
    pub cell: u64,
    pub code: &'a str,
    /// From 1.
    pub line: usize,
    /// How many characters further to the right the text stands in the generated file.
    shift: isize,
}

impl<'a> Place<'a> {
    /// The place of line `line` (from 1) of the generated `source`.
    pub fn find(source: &str, line: usize, cells: &'a History) -> Option<Place<'a>> {
        let generated: Vec<&str> = source.lines().collect();
        let at = line.checked_sub(1).filter(|at| *at < generated.len())?;
        let mut best: Option<(usize, Place)> = None;
        for (cell, code) in cells.newest_first() {
            let typed: Vec<&str> = code.lines().collect();
            for index in 0..typed.len() {
                let Some(shift) = shift(generated[at], typed[index]) else {
                    continue;
                };
                let whole = usize::from(generated[at].trim() == typed[index].trim());
                let score = 2 * alike_around(&generated, at, &typed, index) + whole;
                if best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((
                        score,
                        Place {
                            cell,
                            code,
                            line: index + 1,
                            shift,
                        },
                    ));
                }
            }
        }
        best.map(|(_, place)| place)
    }

    pub fn text(&self) -> &'a str {
        self.code.lines().nth(self.line - 1).unwrap_or_default()
    }

    /// Where in the cell's code column `column` (from 1) of the generated line is, in bytes.
    pub fn offset(&self, column: usize) -> usize {
        let before = self
            .code
            .split_inclusive('\n')
            .take(self.line - 1)
            .map(str::len)
            .sum::<usize>();
        let text = self.text();
        let column = column.saturating_add_signed(-self.shift).saturating_sub(1);
        let within = text
            .char_indices()
            .nth(column)
            .map_or(text.len(), |(at, _)| at);
        before + within
    }
}

/// How far the typed text is moved to the right in the generated line, if it is there. evcxr may put
/// code of its own around it (the last expression goes into a call that shows it), and it gives each
/// statement a line of its own where several were typed in one.
fn shift(generated: &str, typed: &str) -> Option<isize> {
    let (line, text) = (generated.trim(), typed.trim());
    let telling = |part: &str| part.len() >= 4 && part.chars().any(char::is_alphanumeric);
    let common = match () {
        () if line == text && !text.is_empty() => text,
        () if telling(text) && line.contains(text) => text,
        () if telling(line) && text.contains(line) => line,
        () => return None,
    };
    let column = |whole: &str| Some(whole[..whole.find(common)?].chars().count() as isize);
    Some(column(generated)? - column(typed)?)
}

/// How many lines before and after agree.
fn alike_around(generated: &[&str], at: usize, typed: &[&str], index: usize) -> usize {
    let alike = |(a, b): &(&&str, &&str)| a.trim() == b.trim() || shift(a, b).is_some();
    let before = generated[..at]
        .iter()
        .rev()
        .zip(typed[..index].iter().rev());
    let after = generated[at + 1..].iter().zip(&typed[index + 1..]);
    before.take_while(alike).count() + after.take_while(alike).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn cells(codes: &[&str]) -> History {
        let mut history = History::default();
        for (number, code) in codes.iter().enumerate() {
            history.add(number as u64 + 1, code);
        }
        history
    }

    fn found(source: &str, line: usize, cells: &History) -> Option<(u64, usize)> {
        Place::find(source, line, cells).map(|place| (place.cell, place.line))
    }

    #[test]
    fn a_line_is_found_in_the_cell_that_has_it() {
        let cells = cells(&[
            "fn f(x: u32) {\n    assert!(x > 1);\n}",
            "let y = 1;\nf(y);",
        ]);
        let source = "generated\nfn f(x: u32) {\n    assert!(x > 1);\n}\nmore\nlet y = 1;\nf(y);\n";
        assert_eq!(found(source, 3, &cells), Some((1, 2)));
        assert_eq!(found(source, 7, &cells), Some((2, 2)));
        assert_eq!(found(source, 5, &cells), None);
        assert_eq!(found(source, 99, &cells), None);
    }

    #[test]
    fn of_equal_lines_the_ones_around_decide() {
        let cells = cells(&["let a = v.pop();\na.unwrap();\nlet b = v.pop();\na.unwrap();"]);
        let source = "x\nlet a = v.pop();\na.unwrap();\nlet b = v.pop();\na.unwrap();\ny";
        assert_eq!(found(source, 5, &cells), Some((1, 4)));
        assert_eq!(found(source, 3, &cells), Some((1, 2)));
    }

    #[test]
    fn the_shown_expression_is_found_inside_of_its_call() {
        let cells = cells(&["let v = vec![1];\n  v[7]"]);
        let source = "let v = vec![1];\nevcxr_display(&(v[7]));";
        let place = Place::find(source, 2, &cells).unwrap();
        assert_eq!(place.line, 2);
        // `v` is the 17th character there, and the third of the second line here.
        assert_eq!(&place.code[place.offset(17)..], "v[7]");
    }

    #[test]
    fn several_statements_of_one_line_are_found_there() {
        let cells = cells(&["let a = 1; let b = a;"]);
        let place = Place::find("let a = 1;\nlet b = a;", 2, &cells).unwrap();
        assert_eq!(&place.code[place.offset(5)..], "b = a;");
    }

    #[test]
    fn columns_count_characters() {
        let cells = cells(&["let 数 = 1; x"]);
        let place = Place::find("  let 数 = 1; x", 1, &cells).unwrap();
        assert_eq!(&place.code[place.offset(14)..], "x");
    }
}
