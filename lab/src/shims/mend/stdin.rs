//! A cell that reads stdin finds it at its end.
//!
//! The descriptor is the line on which evcxr tells the process what to run: a cell that reads it waits for
//! ever, or takes away the next cell. So while one runs whose program speaks of `stdin()`, the
//! descriptor leads to nothing. `evcxr_input`, which asks the reader, speaks over that line: it stays then.

use super::text::Edits;
use crate::stock::{ASKS, program};

const READS: &str = "stdin()";

/// `text` is the whole program; its first `begin` bytes are items.
pub fn mend(text: &str, begin: usize, edits: &mut Edits) {
    if !text.contains(READS) || ASKS.iter().any(|word| text.contains(word)) {
        return;
    }
    if let Some(end) = program::end_of_own_statements(&text[begin..]) {
        let at = begin + end - 1;
        edits.insert(at, " let _evcxr_stdin = EvcxrStdin::at_its_end();");
        edits.append(GUARD);
    }
}

/// Nothing of it fails but in a process that has no descriptor left: then the descriptor stays.
const GUARD: &str = concat!(
    "struct EvcxrStdin(i32); ",
    "impl EvcxrStdin { fn at_its_end() -> Self { use support::libc::*; unsafe { ",
    "let kept = fcntl(0, F_DUPFD_CLOEXEC, 3); let nothing = open(c\"/dev/null\".as_ptr(), O_RDONLY | O_CLOEXEC); ",
    "if kept >= 0 && nothing >= 0 { dup2(nothing, 0); } if nothing >= 0 { close(nothing); } EvcxrStdin(kept) } } } ",
    "impl Drop for EvcxrStdin { fn drop(&mut self) { use support::libc::*; unsafe { ",
    "if self.0 >= 0 { dup2(self.0, 0); close(self.0); } } } }",
);
