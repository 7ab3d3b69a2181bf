//! A cell with `.await` at its top level runs on the session's own runtime.
//!
//! evcxr would have a runtime of its own for it, and from there on for each later cell: `block_on` would
//! panic in all of them, and tasks of one runtime would wait for the other. It does so when rustc
//! says that the `.await` is in no async code; so it is put into some before rustc sees it.

use super::text::Edits;
use crate::stock::program::{self, END, STORES, TRIED, TRIES};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

const AWAIT: &str = ".await";

const BEGIN: &str = "support::runtime::block_on(async {";

/// `text` is the whole program; its first `begin` bytes are items.
pub fn mend(text: &str, begin: usize, edits: &mut Edits) {
    let run = &text[begin..];
    if !run.contains(AWAIT) {
        return;
    }
    let question_mark = run.rfind(TRIES);
    let behind_mark = question_mark.map(|open| open + TRIES.len());
    let Some(first) = program::end_of_own_statements(run).max(behind_mark) else {
        return;
    };
    let Some(end) = run.rfind(END).map(|at| at + 1).filter(|end| *end >= first) else {
        return;
    };
    let statements = &run[first..end];
    let typed = statements
        .find(&format!("\n{STORES}"))
        .unwrap_or(statements.len());
    let tokens = statements[..typed].parse::<TokenStream>();
    if !tokens.is_ok_and(awaits) {
        return;
    }
    match (question_mark, run.rfind(TRIED)) {
        (Some(open), Some(close)) => {
            let open = begin + open;
            edits.replace(open..open + TRIES.len() - 1, format!("let _ = {BEGIN}"));
            let close = begin + close;
            edits.replace(
                close..close + TRIED.len() - 1,
                "Ok::<(), EvcxrUserCodeError>(())});",
            );
        }
        _ => {
            edits.insert(begin + first - 1, format!(" {BEGIN}"));
            edits.insert(begin + end, "}); ");
        }
    }
}

/// Whether something is awaited that is not within an `async` of its own.
fn awaits(tokens: TokenStream) -> bool {
    let mut is_async = false;
    let mut after_dot = false;
    for token in tokens {
        match token {
            TokenTree::Ident(word) if after_dot && word == "await" => return true,
            TokenTree::Ident(word) if word == "async" => is_async = true,
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                if is_async && is_body {
                    is_async = false;
                } else if awaits(group.stream()) {
                    return true;
                }
                after_dot = false;
            }
            TokenTree::Punct(mark) => after_dot = mark.as_char() == '.',
            _ => after_dot = false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mended(statements: &str) -> bool {
        let items = "#[used] static SUPPORT_IS_LOADED: fn() = support::kernel::loaded;\n";
        let program = format!(
            "{items}#[unsafe(no_mangle)]\npub extern \"C\" fn run_user_code_1(\nevcxr_variable_store: *mut u8) -> *mut u8 {{\n{statements}\nevcxr_variable_store\n}}\n"
        );
        let mut edits = Edits::default();
        mend(&program, items.len(), &mut edits);
        let text = edits.apply(&program);
        assert_eq!(text.lines().count(), program.lines().count());
        if text != program {
            let file: syn::File = syn::parse_file(&text).expect("still a program");
            assert_eq!(file.items.len(), 2);
        }
        text != program
    }

    #[test]
    fn only_what_is_in_no_async_code_is_put_into_some() {
        assert!(is_mended("task().await;"));
        assert!(is_mended("println!(\"{}\", task().await);"));
        assert!(is_mended("if true { task().await.unwrap(); }"));
        assert!(!is_mended("block_on(async { task().await });"));
        assert!(!is_mended("spawn(async move { task().await; });"));
        assert!(!is_mended("println!(\".await\");"));
    }
}
