//! Where statics are defined in a text: by themselves, and those of each thread, in a `thread_local!`.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use std::ops::Range;

/// With one of these, a static is somebody else's, or is looked for by others.
const OF_OTHERS: [&str; 6] = [
    "export_name",
    "link_name",
    "link_section",
    "no_mangle",
    "unsafe",
    "used",
];

/// Definitions that are declared together or not at all.
pub struct Definitions {
    pub all: Vec<Static>,
    /// The `thread_local!` around them.
    pub of_threads: Option<Macro>,
}

pub struct Macro {
    /// From its name into its brackets.
    pub begin: Range<usize>,
    /// From its last bracket, with a `;` behind.
    pub end: Range<usize>,
}

/// A definition in the text.
pub struct Static {
    pub name: String,
    /// All of it, with its attributes.
    pub range: Range<usize>,
    /// Where what stands before it ends.
    pub behind: usize,
    pub keyword: usize,
    pub is_mut: bool,
    pub of: TokenStream,
    pub of_range: Range<usize>,
    /// What it begins as, with the `=` and without the `;`.
    pub value: TokenStream,
    pub value_range: Range<usize>,
    /// Whether a `;` stands behind.
    pub is_closed: bool,
}

/// Finds all definitions, wherever they stand; `begin` is where the tokens begin. A macro's arguments are
/// its own.
pub fn find(tokens: TokenStream, begin: usize, found: &mut Vec<Definitions>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        match &tokens[at] {
            TokenTree::Ident(word) if word == "static" && !is_mark(before, '\'') => {
                found.extend(
                    read(&tokens, at, word, begin)
                        .filter(|it| it.is_closed)
                        .map(|it| Definitions {
                            all: vec![it],
                            of_threads: None,
                        }),
                );
            }
            TokenTree::Group(group) if is_thread_local(&tokens[..at]) => {
                found.extend(of_threads(&tokens, at, group));
            }
            TokenTree::Group(group) if !is_argument(&tokens[..at]) => {
                let begin = group.span_open().byte_range().end;
                find(group.stream(), begin, found);
            }
            _ => {}
        }
    }
}

fn is_thread_local(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(name), last] if name == "thread_local" && is_mark(Some(last), '!'))
}

/// Those in a `thread_local!`, unless it has anything else in it.
fn of_threads(tokens: &[TokenTree], at: usize, group: &Group) -> Option<Definitions> {
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let begin = group.span_open().byte_range().end;
    let mut all = Vec::new();
    for (at, token) in inner.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &inner[before]);
        if let TokenTree::Ident(word) = token
            && word == "static"
            && !is_mark(before, '\'')
        {
            all.push(read(&inner, at, word, begin)?);
        }
    }
    let name = tokens[at - 2].span().byte_range().start;
    let close = group.span_close().byte_range();
    let next = tokens.get(at + 1).filter(|next| is_mark(Some(next), ';'));
    let end = next.map_or(close.end, |next| next.span().byte_range().end);
    (!all.is_empty()).then_some(Definitions {
        all,
        of_threads: Some(Macro {
            begin: name..begin,
            end: close.start..end,
        }),
    })
}

/// Whether a macro's name stands before: `name!`, or `macro_rules! name`.
fn is_argument(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(_), last] if is_mark(Some(last), '!') => true,
        [.., mark, TokenTree::Ident(_)] => is_mark(Some(mark), '!'),
        _ => false,
    }
}

fn read(tokens: &[TokenTree], at: usize, keyword: &Ident, begin: usize) -> Option<Static> {
    let is_mut = matches!(tokens.get(at + 1), Some(TokenTree::Ident(word)) if word == "mut");
    let name_at = at + 1 + usize::from(is_mut);
    let TokenTree::Ident(name) = tokens.get(name_at)? else {
        return None;
    };
    if !is_mark(tokens.get(name_at + 1), ':') {
        return None;
    }
    let equals = end_of_type(tokens, name_at + 2)?;
    let end = (equals..tokens.len()).find(|at| is_mark(tokens.get(*at), ';'));
    let last = end.unwrap_or(tokens.len() - 1);
    let first = first_of(tokens, at);
    if attributes(&tokens[first..at]).any(|name| OF_OTHERS.contains(&name.as_str())) {
        return None;
    }
    let collected = |range: Range<usize>| tokens[range].iter().cloned().collect();
    let place = |at: usize| tokens[at].span().byte_range();
    let keyword = keyword.span().byte_range().start;
    let value_range = match end {
        Some(end) => place(equals).start..place(end).start,
        None => place(equals).start..place(last).end,
    };
    Some(Static {
        name: name.to_string(),
        range: place(first).start..place(last).end,
        behind: first
            .checked_sub(1)
            .map_or(begin, |before| place(before).end),
        keyword,
        is_mut,
        of: collected(name_at + 2..equals),
        of_range: place(name_at + 2).start..place(equals - 1).end,
        value: collected(equals..end.unwrap_or(tokens.len())),
        value_range,
        is_closed: end.is_some(),
    })
}

/// The `=` behind a type, which may have one within `<…>`.
fn end_of_type(tokens: &[TokenTree], from: usize) -> Option<usize> {
    let mut depth = 0;
    let mut arrow = false;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let TokenTree::Punct(mark) = token else {
            arrow = false;
            continue;
        };
        match mark.as_char() {
            '<' => depth += 1,
            '>' if !arrow => depth -= 1,
            '=' if depth == 0 => return Some(at),
            ';' => return None,
            _ => {}
        }
        arrow = mark.as_char() == '-' && mark.spacing() == Spacing::Joint;
    }
    None
}

/// The first of its visibility and attributes.
fn first_of(tokens: &[TokenTree], mut at: usize) -> usize {
    let group = |at: usize, of: Delimiter| -> bool {
        matches!(&tokens[at], TokenTree::Group(group) if group.delimiter() == of)
    };
    let is_pub = |at: usize| matches!(&tokens[at], TokenTree::Ident(word) if word == "pub");
    if at >= 1 && is_pub(at - 1) {
        at -= 1;
    } else if at >= 2 && group(at - 1, Delimiter::Parenthesis) && is_pub(at - 2) {
        at -= 2;
    }
    while at >= 2 && group(at - 1, Delimiter::Bracket) && is_mark(tokens.get(at - 2), '#') {
        at -= 2;
    }
    at
}

fn attributes(tokens: &[TokenTree]) -> impl Iterator<Item = String> {
    tokens.iter().filter_map(|token| match token {
        TokenTree::Group(group) => first_name(group),
        _ => None,
    })
}

fn first_name(group: &Group) -> Option<String> {
    match group.stream().into_iter().next()? {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    }
}

pub fn is_mark(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == wanted)
}
