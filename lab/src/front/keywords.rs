//! A keyword in a name's place behind `let`: evcxr takes `let type = 1;` for an item without a name, and
//! leaves it out without a word.

use super::tokens::lex;
use ra_ap_rustc_lexer::TokenKind;

/// Those of the language that no pattern can begin with.
const KEYWORDS: [&str; 42] = [
    "abstract", "as", "async", "await", "become", "break", "continue", "do", "dyn", "else", "enum",
    "extern", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
    "mod", "move", "override", "priv", "pub", "return", "static", "struct", "trait", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Where a cell has one, and what is wrong with it.
pub fn as_name(code: &str) -> Option<(usize, String)> {
    let tokens = lex(code).into_iter().filter(|(kind, _)| {
        use TokenKind::{BlockComment, LineComment, Whitespace};
        !matches!(kind, Whitespace | LineComment { .. } | BlockComment { .. })
    });
    let mut is_let = false;
    for (kind, range) in tokens {
        let word = &code[range.clone()];
        match kind {
            TokenKind::Ident if is_let && KEYWORDS.contains(&word) => {
                let what = format!(
                    "expected a name, found the keyword `{word}`: take another name, or write `r#{word}`"
                );
                return Some((range.start, what));
            }
            TokenKind::Ident => is_let = word == "let" || is_let && ["mut", "ref"].contains(&word),
            _ => is_let = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_keyword_where_a_name_is_wanted() {
        let at = |code: &str| as_name(code).map(|(at, _)| at);
        assert_eq!(at("let type = 1;"), Some(4));
        assert_eq!(at("f();\nlet /* a */ mut fn = 3;"), Some(21));
        for code in [
            "let r#type = 1;",
            "let types = 1;",
            "let true = f() else { return };",
            "let (a, b) = c;",
            "let self_ = \"let type\"; // let type",
            "if let Some(a) = b && let Ok(c) = d {}",
            "let union = 1; let default = 2;",
            "struct A { r#let: u8 } type B = u8;",
        ] {
            assert_eq!(at(code), None, "{code}");
        }
    }
}
