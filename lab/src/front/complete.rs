//! Whether a cell is finished, for `is_complete_request`: a console asks it at every Enter.

use super::tokens::lex;
use ra_ap_rustc_lexer::{LiteralKind, TokenKind};
use serde_json::{Value, json};

/// The content of an `is_complete_reply`.
pub fn answer(code: &str) -> Value {
    match judge(code) {
        Code::Complete => json!({"status": "complete"}),
        Code::Incomplete { depth } => {
            json!({"status": "incomplete", "indent": "    ".repeat(depth)})
        }
        Code::Invalid => json!({"status": "invalid"}),
    }
}

#[derive(Debug, PartialEq)]
enum Code {
    Complete,
    Incomplete {
        depth: usize,
    },
    /// No text behind it can mend it.
    Invalid,
}

fn judge(code: &str) -> Code {
    // Commands of evcxr take the rest of their line.
    let code: String = code
        .lines()
        .map(|line| if is_command(line) { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    let mut open = Vec::new();
    let mut last = None;
    for (kind, _) in lex(&code) {
        match kind {
            TokenKind::OpenParen => open.push(TokenKind::CloseParen),
            TokenKind::OpenBracket => open.push(TokenKind::CloseBracket),
            TokenKind::OpenBrace => open.push(TokenKind::CloseBrace),
            kind @ (TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace)
                if open.pop() != Some(kind) =>
            {
                return Code::Invalid;
            }
            TokenKind::BlockComment {
                terminated: false, ..
            } => {
                return Code::Incomplete { depth: 0 };
            }
            TokenKind::Literal { kind, .. } if is_unfinished(kind) => {
                return Code::Incomplete { depth: 0 };
            }
            TokenKind::Whitespace
            | TokenKind::LineComment { .. }
            | TokenKind::BlockComment { .. } => continue,
            _ => {}
        }
        last = Some(kind);
    }
    if !open.is_empty() {
        return Code::Incomplete { depth: open.len() };
    }
    match last {
        // More has to follow these: an operand, a value, a path's end.
        Some(
            TokenKind::Eq
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::And
            | TokenKind::Or
            | TokenKind::Caret
            | TokenKind::Lt
            | TokenKind::Comma
            | TokenKind::Dot
            | TokenKind::Colon,
        ) => Code::Incomplete { depth: 1 },
        _ => match syn::parse::Parser::parse_str(syn::Block::parse_within, &code) {
            Err(error) if wants_more(&error) => Code::Incomplete { depth: 0 },
            // What is wrong in it, rustc says better.
            _ => Code::Complete,
        },
    }
}

fn is_command(line: &str) -> bool {
    let mut chars = line.trim_start().chars();
    let sign = chars.next();
    (sign == Some(':') && chars.next().is_some_and(|c| c.is_ascii_alphabetic()))
        || sign == Some('!')
}

fn is_unfinished(literal: LiteralKind) -> bool {
    match literal {
        LiteralKind::Str { terminated }
        | LiteralKind::ByteStr { terminated }
        | LiteralKind::CStr { terminated } => !terminated,
        LiteralKind::RawStr { n_hashes }
        | LiteralKind::RawByteStr { n_hashes }
        | LiteralKind::RawCStr { n_hashes } => n_hashes.is_none(),
        _ => false,
    }
}

/// `fn area()` or `#[derive(Debug)]`: what it announces is still to come.
fn wants_more(error: &syn::Error) -> bool {
    let text = error.to_string();
    // `let x = 5` needs only its semicolon, which evcxr's message asks for.
    text.starts_with("unexpected end of input") && !text.ends_with("expected `;`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_cells() {
        for code in [
            "",
            "1 + 1",
            "let x = 5;",
            "let x = 5",
            "fn f() {\n}",
            ":dep support = { path = \"x\" }",
            ":vars",
            "// a comment",
            "let c = '{';",
            "let s = \"{ \\\" (\";",
            "fn f<'a>(x: &'a str) {}",
            "let r = r#\"an \" and a {\"#;",
            "!ls (",
            "x?",
            "let 数 = 1;",
            "use std::thread;",
        ] {
            assert_eq!(judge(code), Code::Complete, "{code}");
        }
    }

    #[test]
    fn unfinished_cells() {
        for code in [
            "fn f() {",
            "fn f()",
            "println!(\"a\",",
            "let x =",
            "let s = \"abc",
            "/* a",
            "1 +",
            "a.",
            "#[derive(Debug)]",
            "let r = r#\"abc\"",
            "if x {\n    1\n} else {",
            "impl X",
            "match x {",
            "vec![",
        ] {
            assert!(matches!(judge(code), Code::Incomplete { .. }), "{code}");
        }
    }

    #[test]
    fn a_bracket_too_many_cannot_be_mended() {
        assert_eq!(judge("f(1))"), Code::Invalid);
        assert_eq!(judge("f(1}"), Code::Invalid);
    }

    #[test]
    fn the_next_line_is_indented_by_depth() {
        assert_eq!(answer("fn f() {\n    g(")["indent"], "        ");
    }
}
