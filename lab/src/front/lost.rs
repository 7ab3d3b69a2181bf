//! Where a variable has gone that an earlier cell has made.

use super::history::{Entry, History, Left};
use super::tokens::lex;
use crate::stock;
use ra_ap_rustc_lexer::TokenKind;
use std::ops::Range;

/// What became of the variable `name`, which the latest cell uses and the compiler does not know.
pub fn explain(name: &str, cells: &History) -> Option<String> {
    let earlier: Vec<&Entry> = cells.entries().rev().skip(1).collect();
    let made = earlier
        .iter()
        .position(|cell| made(&cell.code, name).is_some())?;
    let (maker, since) = (earlier[made], &earlier[..=made]);
    let again = maker.number;
    // The process has taken all variables with it.
    let ended = since.iter().rev().find_map(|cell| match &cell.left {
        Left::None(how) => Some((cell.number, how.as_str())),
        _ if clears(&cell.code) => Some((cell.number, "cleared everything")),
        _ => None,
    });
    if let Some((cell, how)) = ended {
        return Some(format!(
            "`{name}` was lost when cell [{cell}] {how}: run cell [{again}] again"
        ));
    }
    if maker.left != Left::All {
        return Some(format!(
            "cell [{again}], which makes `{name}`, has not run to its end: nothing that it makes is kept"
        ));
    }
    // What has run since then and names it had it; the last one did not give it back.
    let ran = since.iter().filter(|cell| cell.left == Left::All);
    let (cell, at) = ran
        .filter_map(|cell| Some((*cell, mentions(&cell.code, name).pop()?)))
        .next()?;
    let is_made_there =
        cell.number == again && patterns(&cell.code).iter().any(|it| it.contains(&at));
    let line = cell.code[..at].matches('\n').count() + 1;
    (!is_made_there).then(|| {
        format!(
            "`{name}` was moved in cell [{}], line {line}: cell [{again}] makes it anew",
            cell.number
        )
    })
}

/// Whether a cell has evcxr forget all that there is.
fn clears(code: &str) -> bool {
    code.lines().any(|line| line.trim() == stock::CLEAR)
}

/// Where a cell makes the variable `name`.
pub fn made(code: &str, name: &str) -> Option<usize> {
    let patterns = patterns(code);
    let mut mentions = mentions(code, name).into_iter();
    mentions.find(|at| patterns.iter().any(|it| it.contains(at)))
}

/// Where the cell's own `let`s, outside of any block, name what they make.
fn patterns(code: &str) -> Vec<Range<usize>> {
    let mut patterns = Vec::new();
    let (mut depth, mut open) = (0_u32, None);
    for (kind, range) in lex(code) {
        match kind {
            TokenKind::Ident if depth == 0 && &code[range.clone()] == "let" => {
                open = open.or(Some(range.end));
            }
            TokenKind::Eq | TokenKind::Semi => {
                patterns.extend(open.take().map(|start| start..range.start));
            }
            TokenKind::OpenBrace | TokenKind::OpenParen if open.is_none() => depth += 1,
            TokenKind::CloseBrace | TokenKind::CloseParen if open.is_none() => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    patterns
}

/// Where the code names it, format strings included.
fn mentions(code: &str, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (kind, range) in lex(code) {
        let text = &code[range.clone()];
        match kind {
            TokenKind::Ident if text == name => found.push(range.start),
            TokenKind::Literal { .. } => {
                let named = [format!("{{{name}}}"), format!("{{{name}:")];
                let is_named = named.iter().any(|named| text.contains(named));
                found.extend(is_named.then_some(range.start));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(codes: &[(&str, Left)]) -> History {
        let mut cells = History::default();
        for (number, (code, left)) in codes.iter().enumerate() {
            cells.add(number as u64 + 1, code);
            cells.ended(left.clone());
        }
        cells.add(codes.len() as u64 + 1, "v.len()");
        cells
    }

    const MADE: (&str, Left) = ("let (a, mut v) = (1, vec![1]);", Left::All);

    #[test]
    fn what_was_moved_is_told_by_the_last_cell_that_names_it() {
        let moved = (
            "// v\nlet h = spawn(move || {\n    println!(\"{v:?}\")\n});",
            Left::All,
        );
        let cells = cells(&[
            MADE,
            ("v.len()", Left::All),
            moved,
            ("let w = \"v\"; // v", Left::All),
        ]);
        assert_eq!(
            explain("v", &cells).as_deref(),
            Some("`v` was moved in cell [3], line 3: cell [1] makes it anew")
        );
        assert_eq!(explain("a", &cells), None);
        assert_eq!(explain("h", &cells), None);
        assert_eq!(explain("nosuch", &cells), None);
    }

    #[test]
    fn the_cell_that_makes_it_may_move_it() {
        let cells = cells(&[("let v = 1;\ndrop(v);", Left::All)]);
        assert_eq!(
            explain("v", &cells).as_deref(),
            Some("`v` was moved in cell [1], line 2: cell [1] makes it anew")
        );
    }

    #[test]
    fn what_went_with_the_process_is_told_by_what_ended_that() {
        let ended = ("panic!()", Left::None("panicked".into()));
        let later = ("exit(1)", Left::None("ended its process".into()));
        let cells = cells(&[MADE, ("drop(v)", Left::Old), ended, later]);
        assert_eq!(
            explain("v", &cells).as_deref(),
            Some("`v` was lost when cell [3] panicked: run cell [1] again")
        );
    }

    #[test]
    fn what_was_cleared_is_told_as_such() {
        let cells = cells(&[MADE, ("v.len()", Left::All), (":clear", Left::All)]);
        let told = explain("v", &cells).unwrap();
        assert!(
            told.starts_with("`v` was lost when cell [3] cleared everything"),
            "{told}"
        );
    }

    #[test]
    fn what_was_never_made_is_told_as_such() {
        let cells = cells(&[MADE, ("let v = nosuch;", Left::Old)]);
        let told = explain("v", &cells).unwrap();
        assert!(
            told.starts_with("cell [2], which makes `v`, has not run"),
            "{told}"
        );
    }

    #[test]
    fn a_variable_of_a_block_is_none_of_the_cell() {
        let cells = cells(&[(
            "fn f() { let v = 1; }\n{ let v = 2; }\nspawn(|| { let v = 3; });",
            Left::All,
        )]);
        assert_eq!(explain("v", &cells), None);
    }
}
