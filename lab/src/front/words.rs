//! rustc's words without the names that evcxr gives to what stands around a cell.

use crate::stock::{self, program};

/// What the compiler finds where the cell has ended.
const END: &str = "the end of the cell";

/// A label there, and one of rustc's at what was to end before.
pub const ENDS: &str = "the cell ends here";
pub const UNCLOSED: &str = "unclosed delimiter";
const UNCLOSED_CELL: &str = "this cell contains an unclosed delimiter";

/// An error's title. Where the cell has `ended`, the compiler speaks of what stands behind it.
pub fn title(message: &str, ended: bool) -> String {
    match message {
        "unexpected token: `)`" if ended => format!("expected a name, found {END}"),
        _ if ended && message.starts_with("mismatched closing delimiter") => {
            UNCLOSED_CELL.to_owned()
        }
        _ if ended && message.starts_with("cannot find ") => {
            format!("expected a name behind `::`, found {END}")
        }
        _ if message.contains("found `vis` metavariable") => {
            "this macro makes an item, which has no value to show".to_owned()
        }
        _ if ended => of_cell(&message.replace("`)`", END)),
        _ => of_cell(message),
    }
}

/// rustc's `text` about a cell.
pub fn of_cell(text: &str) -> String {
    let mut text = text.replace("this file contains", "this cell contains");
    for found in ["identifier ", ""] {
        text = text.replace(&format!("{found}`{}`", program::STORE), END);
    }
    // A closure's name: "{closure@src/lib.rs:7:28: 7:35}".
    let place = format!("@{}:", stock::SOURCE);
    while let Some(at) = text.find(&place) {
        let end = text[at..].find('}').map_or(text.len(), |end| at + end);
        text.replace_range(at..end, "");
    }
    text
}

/// Whether an error with this title is about a bracket that is not closed.
pub fn is_of_bracket(title: &str) -> bool {
    title == UNCLOSED_CELL
}

/// That a cell ends behind an operator.
pub fn middle(operator: &str) -> String {
    format!("the cell ends behind `{operator}`, in the middle of an expression")
}

/// Why a variable cannot be kept that borrows from another one.
pub fn keeping(name: &str) -> String {
    format!(
        "`{name}` is kept for the cells that follow, and so it can't borrow from a variable of this cell: keep an owned value, or put the lines that use `{name}` into a block `{{ … }}`"
    )
}

/// What a name that nobody has typed has to do with a variable.
pub fn naming(name: &str) -> String {
    format!("`{name}` is kept for the cells that follow, by its type, which is what this is about")
}

/// Whether a note says nothing without the line that it marks.
pub fn speaks_of_its_place(note: &str) -> bool {
    note.contains("introduced here")
}

/// Whether a note says nothing to a reader of the report: it is about a file of the compiler's.
pub fn is_idle(note: &str) -> bool {
    let of_file = ["the full name for the type", "consider using `--verbose`"];
    of_file.iter().any(|begin| note.starts_with(begin))
        || note.contains(" implement trait ") && !note.contains('\n')
}

/// A message as evcxr passes it on.
pub fn as_evcxr_has_it(message: &str) -> String {
    message.replace(&format!("`{}`", program::STORE), "<end of input>")
}

/// Whether a text has a name of evcxr's in it.
pub fn is_inner(text: &str) -> bool {
    program::NAMES.iter().any(|name| text.contains(name))
}

/// Whether what is proposed is a line that imports something.
pub fn is_import(replacement: &str) -> bool {
    replacement.trim_start().starts_with("use ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_names_are_told_in_the_cells_words() {
        assert_eq!(
            of_cell("expected `;`, found `evcxr_variable_store`"),
            "expected `;`, found the end of the cell"
        );
        assert_eq!(
            of_cell("within `{closure@src/lib.rs:107:28: 107:35}`, the trait"),
            "within `{closure}`, the trait"
        );
        assert_eq!(of_cell("mismatched types"), "mismatched types");
    }

    #[test]
    fn what_stands_behind_the_cell_is_its_end() {
        let found = "expected identifier, found `)`";
        assert_eq!(
            title(found, true),
            "expected identifier, found the end of the cell"
        );
        assert_eq!(title(found, false), found);
        let closing = "mismatched closing delimiter: `}`";
        assert!(is_of_bracket(&title(closing, true)));
        assert_eq!(title(closing, false), closing);
    }
}
