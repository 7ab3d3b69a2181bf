//! What a program has a place for: a cell's items. What it runs at its top level is blanked out.
//! The kernel would run it, and a student may have left a call there.

use super::assignment::Part;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Block, Item, Stmt};

/// Macros that make items, and come from elsewhere.
const ITEM_MACROS: [&str; 4] = ["thread_local", "task_local", "compile_error", "global_asm"];

/// Each part's items: its text, with blanks where something would run. Text that is not Rust stays
/// as it is, for rustc to say so. `known` are macros that make items.
pub fn only(parts: &[Part], known: &[String]) -> Vec<String> {
    let mut makers = macros(parts.iter().map(|part| part.text.as_str()));
    makers.extend(known.iter().cloned());
    let blanked = |part: &Part| of_one(&part.text, &makers);
    parts.iter().map(blanked).collect()
}

/// The names of the macros in these texts that make items.
pub fn macros<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut rules: Vec<(String, TokenStream)> = Vec::new();
    for text in texts {
        for statement in Block::parse_within.parse_str(text).unwrap_or_default() {
            if let Stmt::Item(Item::Macro(item)) = statement
                && let Some(name) = item.ident
            {
                rules.push((name.to_string(), item.mac.tokens));
            }
        }
    }
    let mut makers = BTreeSet::new();
    // One that calls another is known once the other is.
    for _ in 0..=rules.len() {
        let more = rules
            .iter()
            .filter(|(_, rules)| makes_items(rules, &makers));
        let more: Vec<String> = more.map(|(name, _)| name.clone()).collect();
        makers.extend(more);
    }
    makers
}

/// Whether what one of the rules `(…) => {…}` writes begins with an item.
fn makes_items(rules: &TokenStream, makers: &BTreeSet<String>) -> bool {
    let tokens: Vec<TokenTree> = rules.clone().into_iter().collect();
    tokens.windows(2).any(|pair| match pair {
        [TokenTree::Punct(arrow), TokenTree::Group(written)] if arrow.as_char() == '>' => {
            begins_with_item(written, makers)
        }
        _ => false,
    })
}

fn begins_with_item(written: &Group, makers: &BTreeSet<String>) -> bool {
    const WORDS: [&str; 15] = [
        "async",
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "macro_rules",
        "mod",
        "pub",
        "static",
        "struct",
        "trait",
        "type",
        "union",
        "use",
    ];
    let mut tokens = written.stream().into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            // An attribute, or a visibility that was matched.
            TokenTree::Punct(mark) if mark.as_char() == '#' => drop(tokens.next()),
            TokenTree::Punct(mark) if mark.as_char() == '$' => match tokens.next() {
                // What is repeated.
                Some(TokenTree::Group(again)) => return begins_with_item(&again, makers),
                Some(TokenTree::Ident(_)) => {
                    // `$visibility:vis`: its name alone.
                }
                _ => return false,
            },
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let next = tokens.peek();
                let called = matches!(next, Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
                let block = matches!(next, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
                return match word.as_str() {
                    // `unsafe { … }` runs, `unsafe fn` and `unsafe impl` are items.
                    "unsafe" => !block,
                    "macro_rules" => called,
                    word if called => makers.contains(word) || ITEM_MACROS.contains(&word),
                    word => WORDS.contains(&word) && !block,
                };
            }
            _ => return false,
        }
    }
    false
}

fn of_one(text: &str, makers: &BTreeSet<String>) -> String {
    let Ok(statements) = Block::parse_within.parse_str(text) else {
        return text.to_owned();
    };
    let mut bytes = text.as_bytes().to_vec();
    for statement in &statements {
        let runs = match statement {
            Stmt::Item(_) => false,
            Stmt::Local(_) | Stmt::Expr(..) => true,
            Stmt::Macro(called) => !called.mac.path.segments.last().is_some_and(|name| {
                let name = name.ident.to_string();
                makers.contains(&name) || ITEM_MACROS.contains(&name.as_str())
            }),
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

    fn items(text: &str) -> String {
        let part = Part {
            id: "a".to_owned(),
            text: text.to_owned(),
        };
        only(&[part], &["given_items".to_owned()]).remove(0)
    }

    #[test]
    fn what_a_cell_runs_is_blanked_and_lines_stay() {
        let text = "fn f() -> &'static str { \"ä\" }\nprintln!(\"ü {}\",\n    f());\nlet x = f();\nmacro_rules! m { () => {} }\nthread_local! { static A: u8 = 1; }\nf()";
        let kept = items(text);
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
        assert_eq!(items("fn f( {"), "fn f( {");
    }

    #[test]
    fn what_a_macro_makes_stays_if_it_is_an_item() {
        for makes in [
            "($name:ident) => { fn $name() {} };",
            "($($name:ident)*) => { $(#[inline] pub(crate) fn $name() {})* };",
            "(@) => { 1 }; ($name:ident) => { unsafe impl Send for $name {} };",
            "($v:vis $name:ident) => { $v struct $name; };",
            "($name:ident) => { thread_local! { static $name: u8 = 1; } };",
        ] {
            let text = format!("macro_rules! m {{ {makes} }}\nm!(x);\nprintln!();");
            let kept = items(&text);
            let lines: Vec<&str> = kept.lines().skip(1).map(str::trim).collect();
            assert_eq!(lines, ["m!(x);", ""], "{makes}");
        }
        for runs in [
            "($e:expr) => { println!(\"{}\", $e) };",
            "($e:expr) => { let x = $e; };",
            "($e:expr) => { unsafe { $e } };",
            "($e:expr) => { const { $e } };",
            "($e:expr) => { $e };",
        ] {
            let text = format!("macro_rules! m {{ {runs} }}\nm!(1);");
            assert_eq!(items(&text).lines().nth(1).unwrap().trim(), "", "{runs}");
        }
        let two = "macro_rules! b { () => { a! {} } }\nmacro_rules! a { () => { fn f() {} } }\nb! {}\ngiven_items!(1);";
        assert_eq!(items(two), two);
    }
}
