//! How a cell is left unfinished: what the compiler finds only where the cell has ended.

use super::tokens::lex;
use ra_ap_rustc_lexer::TokenKind;

/// The bracket that is opened and not closed, the innermost one.
pub fn bracket(code: &str) -> Option<usize> {
    brackets(code).0
}

/// What is wrong with a text of which the compiler tells that its brackets are, where they are not, and
/// in which line: evcxr hands over statement by statement, and a mistake within brackets tears them apart.
pub fn torn(code: &str) -> Option<(String, usize)> {
    if brackets(code) != (None, true) {
        return None;
    }
    let parsed = syn::parse::Parser::parse_str(syn::Block::parse_within, code);
    let error = parsed.err()?;
    let (start, end) = (error.span().start(), error.span().end());
    let line = code.lines().nth(start.line.checked_sub(1)?)?;
    // A command of evcxr's is no Rust.
    if line.starts_with(':') {
        return None;
    }
    let word: String = line.chars().take(end.column).skip(start.column).collect();
    Some((format!("`{word}` cannot stand here: {error}"), start.line))
}

/// The innermost bracket that is open, and whether each that closes one finds it.
fn brackets(code: &str) -> (Option<usize>, bool) {
    let mut open = Vec::new();
    let mut fit = true;
    for (kind, at) in tokens(code) {
        let closes = match kind {
            TokenKind::OpenParen | TokenKind::OpenBrace | TokenKind::OpenBracket => {
                open.push((kind, at));
                continue;
            }
            TokenKind::CloseParen => TokenKind::OpenParen,
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            TokenKind::CloseBracket => TokenKind::OpenBracket,
            _ => continue,
        };
        if open.last().is_none_or(|(kind, _)| *kind != closes) {
            fit = false;
            break;
        }
        open.pop();
    }
    (open.pop().map(|(_, at)| at), fit)
}

/// The operator behind which it ends, in the middle of an expression.
pub fn operator(code: &str) -> Option<&str> {
    let (kind, at) = tokens(code).last()?;
    let is_operator = matches!(
        kind,
        TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::Eq
            | TokenKind::And
            | TokenKind::Or
            | TokenKind::Caret
            | TokenKind::Lt
            | TokenKind::Gt
            | TokenKind::Bang
    );
    let last = code[at..].chars().next()?;
    is_operator.then(|| &code[at..at + last.len_utf8()])
}

/// All but blanks and comments, and where each begins.
fn tokens(code: &str) -> impl Iterator<Item = (TokenKind, usize)> {
    let all = lex(code)
        .into_iter()
        .map(|(kind, range)| (kind, range.start));
    all.filter(|(kind, _)| {
        !matches!(
            kind,
            TokenKind::Whitespace | TokenKind::LineComment { .. } | TokenKind::BlockComment { .. }
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_open_bracket_is_found() {
        for (code, at) in [
            ("f(\")\"; // )", Some(1)),
            ("fn f() { g(1); if a { b[0] }", Some(7)),
            ("f(vec![1, 2)", Some(6)),
            ("f(1) }", None),
            ("", None),
        ] {
            assert_eq!(bracket(code), at, "{code}");
        }
    }

    #[test]
    fn a_mistake_within_brackets_is_none_of_the_brackets() {
        let (message, line) = torn("let a = 1;\nfn make(type: u32) { type }").unwrap();
        assert!(
            message.starts_with("`type` cannot stand here: "),
            "{message}"
        );
        assert_eq!(line, 2);
        assert_eq!(torn("f(1"), None);
        assert_eq!(torn("f(1)"), None);
        assert_eq!(torn(":nosuch"), None);
    }

    #[test]
    fn an_operator_at_the_end_is_one() {
        assert_eq!(operator("let a = 1 + // more"), Some("+"));
        assert_eq!(operator("let a ="), Some("="));
        assert_eq!(operator("a + b"), None);
    }
}
