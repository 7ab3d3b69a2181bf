//! A `thread_local!` at a cell's top level is for all cells, as it is for all functions of a program.
//!
//! evcxr takes it for a statement: it would be known to the rest of the cell and to nobody else. So evcxr
//! gets what it keeps, a static with the key as its value, around each of the reader's lines as they are.

use super::tokens::{lex, open_brackets};
use quote::ToTokens;
use ra_ap_rustc_lexer::TokenKind;
use std::fmt::Write;
use std::ops::Range;
use syn::ItemStatic;

/// The code of a cell as evcxr is to get it; `None` where nothing of this is in it.
pub fn kept(code: &str) -> Option<String> {
    if !code.contains("thread_local") {
        return None;
    }
    let mut text = String::new();
    let mut end = 0;
    for found in find(code) {
        text.push_str(&code[end..found.whole.start]);
        text.push('\n');
        for (piece, item) in found.statics {
            let (name, of) = (&item.ident, item.ty.to_token_stream());
            let _ = write!(
                text,
                "static {name}: ::std::thread::LocalKey<{of}> = {{ thread_local! {{\n{}\n}} {name} }};\n",
                code[piece].trim_matches('\n')
            );
        }
        end = found.whole.end;
    }
    text.push_str(&code[end..]);
    (end > 0).then_some(text)
}

struct Found {
    /// From its name to its last bracket, with a `;` behind.
    whole: Range<usize>,
    /// Where each definition stands, and what it says.
    statics: Vec<(Range<usize>, ItemStatic)>,
}

/// The ones at the top level that have nothing but definitions in them.
fn find(code: &str) -> Vec<Found> {
    let tokens = lex(code);
    let told: Vec<usize> = (0..tokens.len())
        .filter(|at| !says_nothing(tokens[*at].0))
        .collect();
    let kind = |at: usize| told.get(at).map(|at| tokens[*at].0);
    let text = |at: usize| told.get(at).map_or("", |at| &code[tokens[*at].1.clone()]);
    let mut found = Vec::new();
    for at in 0..told.len() {
        if text(at) != "thread_local" || kind(at + 1) != Some(TokenKind::Bang) {
            continue;
        }
        let begin = match at >= 3 && text(at - 3) == "std" {
            true => told[at - 3],
            false => told[at],
        };
        let Some(open) = told.get(at + 2).copied() else {
            continue;
        };
        let depth = |place: usize| open_brackets(&tokens, place).len();
        let opened = tokens[open].1.end;
        if depth(tokens[begin].1.start) > 0 || depth(opened) != 1 {
            continue;
        }
        // The bracket that closes it, and the marks between its definitions.
        let behind = told[at + 3..].iter().copied();
        let Some(close) = behind.clone().find(|at| depth(tokens[*at].1.end) == 0) else {
            continue;
        };
        let marks = behind
            .take_while(|at| *at < close)
            .filter(|at| tokens[*at].0 == TokenKind::Semi && depth(tokens[*at].1.start) == 1);
        let mut pieces = Vec::new();
        let mut from = opened;
        for mark in marks {
            pieces.push(from..tokens[mark].1.end);
            from = tokens[mark].1.end;
        }
        pieces.push(from..tokens[close].1.start);
        let statics: Option<Vec<_>> = pieces
            .into_iter()
            .filter(|piece| {
                lex(&code[piece.clone()])
                    .iter()
                    .any(|(kind, _)| !says_nothing(*kind))
            })
            .map(|piece| {
                let text = code[piece.clone()].trim_end().trim_end_matches(';');
                Some((piece, syn::parse_str(&format!("{text};")).ok()?))
            })
            .collect();
        let next = told.iter().copied().find(|at| *at > close);
        let last = next
            .filter(|next| tokens[*next].0 == TokenKind::Semi)
            .unwrap_or(close);
        found.extend(statics.filter(|all| !all.is_empty()).map(|statics| Found {
            whole: tokens[begin].1.start..tokens[last].1.end,
            statics,
        }));
    }
    found
}

fn says_nothing(kind: TokenKind) -> bool {
    use TokenKind::{BlockComment, LineComment, Whitespace};
    matches!(kind, Whitespace | LineComment { .. } | BlockComment { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_definition_becomes_a_static_around_its_own_lines() {
        let code = "use a;\nthread_local! {\n    /// Mine.\n    pub static A: Cell<u32> = const { Cell::new(1) };\n    static B: &str = \"a;\"\n}\nA.get()";
        let kept = kept(code).expect("some are kept");
        let file = format!("{}fn f() {{ {} }}", &kept[..kept.len() - 7], "A.get()");
        let file = syn::parse_file(&file).expect("a program");
        let statics = file
            .items
            .iter()
            .filter(|item| matches!(item, syn::Item::Static(_)));
        assert_eq!(statics.count(), 2, "{kept}");
        for line in code
            .lines()
            .filter(|line| !["thread_local! {", "}"].contains(line))
        {
            assert!(kept.lines().any(|other| other == line), "{line}: {kept}");
        }
        assert!(
            kept.contains(
                "static B: ::std::thread::LocalKey<& str> = { thread_local! {\n    static B"
            ),
            "{kept}"
        );
    }

    #[test]
    fn what_is_no_definition_of_all_cells_stays() {
        for code in [
            "fn f() { thread_local! { static A: u8 = 1; } }",
            "thread_local! { fn f() {} }",
            "thread_local! {",
            "thread_local!",
            "let a = \"thread_local! { static A: u8 = 1; }\";",
            "{ thread_local! { static A: u8 = 1; } }",
        ] {
            assert_eq!(kept(code), None, "{code}");
        }
        let line = "std::thread_local!(static A: u8 = 1; static B: u8 = 2); f();";
        let kept = kept(line).expect("some are kept");
        assert_eq!(kept.matches("LocalKey").count(), 2);
        assert!(
            !kept.contains("std::thread_local") && kept.ends_with(" f();"),
            "{kept}"
        );
    }
}
