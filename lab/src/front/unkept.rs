//! Variables that evcxr cannot keep for the next cell: its sentences, in words for a reader.

use super::failure::Failure;
use super::history::History;
use super::lost;
use super::place::Place;

/// The failure of which evcxr speaks in `message`, if it is about a variable of the latest cell.
pub fn explain(message: &str, cells: &History) -> Option<Failure> {
    let name = between(message, "variable `")?;
    let what = match () {
        () if message.contains("is a closure") => format!(
            "`{name}` is a closure, whose type has no name: later cells can't have it unless it is boxed, `let {name}: Box<dyn Fn(…) -> …> = Box::new(…);`. Or use it within a block `{{ … }}`."
        ),
        () if message.contains("determine type of variable") => {
            format!("the type of `{name}` cannot be told: write it, `let {name}: … = …;`")
        }
        () if message.contains("cannot be persisted") => {
            let kind = between(message, "has type `")?;
            format!(
                "`{name}` is of type `{kind}`, which has no name that later cells could use: box it, `let {name}: Box<dyn …> = Box::new(…);`, or use it within a block `{{ … }}`."
            )
        }
        () => return None,
    };
    let (cell, code) = cells.newest_first().next()?;
    let place = lost::made(code, name).map(|at| Place::at(cell, code, at, 0));
    Some(Failure::at("Error", what, place.as_ref()))
}

/// What stands behind `start`, as far as the next backtick.
fn between<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ansi::{Keep, strip};

    #[test]
    fn what_cannot_be_kept_is_told_at_its_let() {
        let mut cells = History::default();
        cells.add(3, "let a = 1;\nlet add = |n: i32| n + a;");
        let message =
            "The variable `add` is a closure, which cannot be persisted.\nYou can however";
        let failure = explain(message, &cells).unwrap();
        assert!(failure.value.starts_with("`add` is a closure"));
        let lines = strip(&failure.traceback.join("\n"), Keep::Nothing);
        assert!(
            lines.contains("--> cell [3], line 2\n   2 | let add"),
            "{lines}"
        );
        assert_eq!(explain("mismatched types", &cells), None);
    }
}
