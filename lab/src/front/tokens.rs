//! The tokens of a cell, which need not be whole, and the brackets in it.

use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};
use std::ops::Range;

pub type Tokens = Vec<(TokenKind, Range<usize>)>;

/// The tokens of a cell, with their places.
pub fn lex(code: &str) -> Tokens {
    let mut end = 0;
    let tokens = tokenize(code, FrontmatterAllowed::No).map(|token| {
        let start = end;
        end += token.len as usize;
        (token.kind, start..end)
    });
    tokens.collect()
}

/// The brackets that are open there, as the numbers of their tokens.
pub fn open_brackets(tokens: &Tokens, place: usize) -> Vec<usize> {
    let mut open = Vec::new();
    for (number, (kind, range)) in tokens.iter().enumerate() {
        if range.end > place {
            break;
        }
        match kind {
            TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace => {
                open.push(number);
            }
            TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

/// The tokens before this one, from the nearest on.
pub fn before(tokens: &Tokens, number: usize) -> impl Iterator<Item = &(TokenKind, Range<usize>)> {
    let before = tokens[..number].iter().rev();
    before.filter(|(kind, _)| *kind != TokenKind::Whitespace)
}
