//! A crate's source as rust-analyzer is to read it: what can be named in it, and of which types that is.
//!
//! evcxr has rust-analyzer take every crate for the reader's own, and offer what is private in it. What
//! is `unstable` it does not offer on a stable toolchain, and so this is said here of each private field,
//! method and constant; in all else it goes on knowing them. A function's body matters to nobody
//! outside, but would be kept in the memory of each kernel: it goes, but for those from which a type
//! follows.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

/// Names the form of outlines: those of another are made anew.
pub const FORMAT: &str = "outline 1";

/// Folders with tests and with other platforms' code.
const LEFT_OUT: [&str; 29] = [
    "aix", "apple", "benches", "bsd", "cygwin", "examples", "fuchsia", "haiku", "hermit", "hurd",
    "newlib", "nto", "qurt", "redox", "sgx", "solarish", "solid", "stdarch", "teeos", "tests",
    "trusty", "uefi", "vxworks", "wasi", "wasip1", "wasip2", "wasm", "windows", "xous",
];

/// Copies the outlines of a crate's files: without its tests, without other platforms' code, and without
/// its manifest. So evcxr takes the standard library's crates as they stand and asks cargo nothing.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                copy(&path, &to.join(&name))?;
            }
        } else if path.extension().is_some_and(|it| it == "rs") {
            match fs::read_to_string(&path) {
                Ok(text) => fs::write(to.join(name), of(&text))?,
                // What is no text is not read by rust-analyzer either.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Said of what a cell cannot use.
const PRIVATE: &str = "#[unstable] ";

/// The outline of a file, which stays as it is where it is no Rust.
pub fn of(text: &str) -> String {
    let Ok(tokens) = text.parse::<TokenStream>() else {
        return text.to_owned();
    };
    let mut outline = Outline::default();
    outline.items(tokens, Within::Module);
    let mut end = 0;
    let mut written = String::with_capacity(text.len());
    for (place, new) in outline.changes {
        written.push_str(&text[end..place.start]);
        written.push_str(new);
        end = place.end;
    }
    written.push_str(&text[end..]);
    written
}

/// Where an item is.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Module,
    /// An `impl` of a type alone, in which each item has a visibility of its own.
    Type,
    /// A trait or an `impl` of one, whose items are as public as the trait.
    Trait,
}

/// What is different from the text, in order.
#[derive(Default)]
struct Outline {
    changes: Vec<(Range<usize>, &'static str)>,
}

impl Outline {
    fn items(&mut self, tokens: TokenStream, within: Within) {
        let mut item = Vec::new();
        for token in tokens {
            let ends = match &token {
                TokenTree::Punct(mark) => mark.as_char() == ';',
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let ends_by_mark = ["const", "static", "type", "use"];
                    !ends_by_mark.contains(&&*Item::of(&item).keyword)
                        // A constant among a type's arguments.
                        && !item.last().is_some_and(|last| is_mark(last, '<'))
                }
                _ => false,
            };
            item.push(token);
            if ends {
                self.item(&std::mem::take(&mut item), within);
            }
        }
    }

    fn item(&mut self, tokens: &[TokenTree], within: Within) {
        let item = Item::of(tokens);
        let has_place = ["fn", "const", "type"].contains(&&*item.keyword);
        if within == Within::Type && has_place && !item.is_public {
            self.is_private(item.start);
        }
        let Some(TokenTree::Group(body)) = tokens.last() else {
            if item.keyword == "struct" {
                self.fields(item.rest, Delimiter::Parenthesis);
            }
            return;
        };
        match &*item.keyword {
            "fn" if !item.decides_type => self.empty(body),
            "struct" | "union" => self.fields(item.rest, Delimiter::Brace),
            "mod" => self.items(body.stream(), Within::Module),
            "trait" => self.items(body.stream(), Within::Trait),
            "impl" if is_of_trait(item.rest) => self.items(body.stream(), Within::Trait),
            "impl" => self.items(body.stream(), Within::Type),
            _ => {}
        }
    }

    /// The fields of a `struct`, in its brackets of this kind.
    fn fields(&mut self, rest: &[TokenTree], kind: Delimiter) {
        // Those within `<…>` are of a bound.
        let parts = at_depth(rest);
        let brackets = parts.into_iter().find_map(|(at, depth)| match &rest[at] {
            TokenTree::Group(group) if group.delimiter() == kind && depth == 0 => Some(group),
            _ => None,
        });
        let Some(brackets) = brackets else { return };
        let tokens: Vec<_> = brackets.stream().into_iter().collect();
        let mut from = 0;
        for (at, depth) in at_depth(&tokens) {
            if depth == 0 && is_mark(&tokens[at], ',') {
                self.field(&tokens[from..at]);
                from = at + 1;
            }
        }
        self.field(&tokens[from..]);
    }

    fn field(&mut self, tokens: &[TokenTree]) {
        let field = Item::of(tokens);
        if !field.is_public {
            self.is_private(field.start);
        }
    }

    fn is_private(&mut self, start: Option<Span>) {
        if let Some(start) = start {
            let at = start.byte_range().start;
            self.changes.push((at..at, PRIVATE));
        }
    }

    fn empty(&mut self, body: &Group) {
        self.changes.push((body.span().byte_range(), "{}"));
    }
}

/// The beginning of an item, or of a field.
struct Item<'a> {
    /// Behind its attributes; nothing if there is nothing.
    start: Option<Span>,
    is_public: bool,
    keyword: String,
    /// Whether something's type follows from a function's body: what it calculates may be a length, and
    /// an `impl` that it returns is what it returns.
    decides_type: bool,
    /// Behind the keyword.
    rest: &'a [TokenTree],
}

/// Words before an item's keyword, one of which may be the keyword.
const BEFORE: [&str; 8] = [
    "async", "auto", "const", "default", "extern", "gen", "safe", "unsafe",
];
const KEYWORDS: [&str; 11] = [
    "enum", "fn", "impl", "macro", "mod", "static", "struct", "trait", "type", "union", "use",
];

impl Item<'_> {
    fn of(tokens: &[TokenTree]) -> Item<'_> {
        let mut rest = tokens;
        loop {
            rest = match rest {
                [hash, TokenTree::Group(_), behind @ ..] if is_mark(hash, '#') => behind,
                [hash, not, TokenTree::Group(_), behind @ ..]
                    if is_mark(hash, '#') && is_mark(not, '!') =>
                {
                    behind
                }
                _ => break,
            };
        }
        let start = rest.first().map(TokenTree::span);
        let mut is_public = false;
        if let [TokenTree::Ident(word), behind @ ..] = rest
            && word == "pub"
        {
            (is_public, rest) = match behind {
                [TokenTree::Group(within), behind @ ..] if is_restriction(within) => {
                    (false, behind)
                }
                _ => (true, behind),
            };
        }
        let mut keyword = String::new();
        let mut is_const = false;
        while let [token, behind @ ..] = rest {
            let word = token.to_string();
            let (ends, goes_on) = match token {
                TokenTree::Ident(_) => (KEYWORDS.contains(&&*word), BEFORE.contains(&&*word)),
                TokenTree::Literal(_) => (false, keyword == "extern"),
                _ => (false, false),
            };
            if !ends && !goes_on {
                break;
            }
            rest = behind;
            if matches!(token, TokenTree::Ident(_)) {
                is_const |= word == "const";
                keyword = word;
            }
            if ends {
                break;
            }
        }
        let arrow = rest
            .windows(2)
            .position(|two| is_mark(&two[0], '-') && is_mark(&two[1], '>'));
        let returned = arrow.map_or(&[][..], |at| &rest[at..]);
        Item {
            start,
            is_public,
            decides_type: is_const || returned.iter().any(has_impl),
            keyword,
            rest,
        }
    }
}

/// `pub(crate)`, but not the type of a public field, `pub (u8, u8)`.
fn is_restriction(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    let words = ["crate", "in", "self", "super"];
    group.delimiter() == Delimiter::Parenthesis
        && first.is_some_and(|first| words.contains(&&*first.to_string()))
}

/// How many `<` are open at each token.
fn at_depth(tokens: &[TokenTree]) -> Vec<(usize, i32)> {
    let mut depth = 0;
    let depths = tokens.iter().enumerate().map(|(at, token)| {
        let is_arrow = at > 0 && is_mark(&tokens[at - 1], '-');
        if is_mark(token, '<') {
            depth += 1;
        } else if is_mark(token, '>') && !is_arrow {
            depth -= 1;
        }
        (at, depth)
    });
    depths.collect()
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

/// In what is returned; a body in braces is no part of that.
fn has_impl(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
            group.stream().into_iter().any(|token| has_impl(&token))
        }
        _ => false,
    }
}

/// `impl Trait for Type`, but not `impl<F: for<'a> Fn(&'a u8)> Type<F>`.
fn is_of_trait(rest: &[TokenTree]) -> bool {
    rest.windows(2).any(|two| {
        matches!(&two[0], TokenTree::Ident(word) if word == "for") && !is_mark(&two[1], '<')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_said_to_be_unstable() {
        for (text, outline) in [
            (
                "pub struct A<T> { /// doc\n a: HashMap<T, u8>, pub(crate) b: fn() -> u8, pub c: u8 }",
                "pub struct A<T> { /// doc\n #[unstable] a: HashMap<T, u8>, #[unstable] pub(crate) b: fn() -> u8, pub c: u8 }",
            ),
            (
                "pub struct A<F: Fn(u8)>(u8, pub (u8, u8), #[x] B<u8, C>) where B: Fn(C);",
                "pub struct A<F: Fn(u8)>(#[unstable] u8, pub (u8, u8), #[x] #[unstable] B<u8, C>) where B: Fn(C);",
            ),
            (
                "impl<F: for<'a> Fn(&'a u8)> A<F> { const N: u8 = { 1 }; #[inline] unsafe fn f() {} pub fn g() {} }",
                "impl<F: for<'a> Fn(&'a u8)> A<F> { #[unstable] const N: u8 = { 1 }; #[inline] #[unstable] unsafe fn f() {} pub fn g() {} }",
            ),
            (
                "impl A for B { fn f() {} type C = D; }",
                "impl A for B { fn f() {} type C = D; }",
            ),
            (
                "trait A { fn f(); fn g() {} }",
                "trait A { fn f(); fn g() {} }",
            ),
            (
                "enum A { B { c: u8 }, D(u8) } struct E;",
                "enum A { B { c: u8 }, D(u8) } struct E;",
            ),
        ] {
            assert_eq!(of(text), outline);
        }
    }

    #[test]
    fn bodies_go_unless_a_type_follows_from_them() {
        for (text, outline) in [
            (
                "#![x]\nfn f() -> u8 where A<{ 1 }>: B { g(); 1 }",
                "#![x]\nfn f() -> u8 where A<{ 1 }>: B {}",
            ),
            (
                "mod m { pub async fn f() { 1 } }",
                "mod m { pub async fn f() {} }",
            ),
            (
                "pub const fn f() -> usize { 1 }",
                "pub const fn f() -> usize { 1 }",
            ),
            (
                "fn f() -> Box<(u8, impl A)> { g() }",
                "fn f() -> Box<(u8, impl A)> { g() }",
            ),
            ("fn f(a: impl A) -> u8 { g() }", "fn f(a: impl A) -> u8 {}"),
            (
                "extern \"C\" fn f() { 1 } use a::{b, c}; fn g() { 2 }",
                "extern \"C\" fn f() {} use a::{b, c}; fn g() {}",
            ),
            (
                "impl A for B { fn f() { 1 } }",
                "impl A for B { fn f() {} }",
            ),
            (
                "macro_rules! m { () => { fn f() { 1 } } } fn g() { 2 }",
                "macro_rules! m { () => { fn f() { 1 } } } fn g() {}",
            ),
            (
                "static A: u8 = { 1 }; fn f() { 1 }",
                "static A: u8 = { 1 }; fn f() {}",
            ),
            ("this is { no Rust", "this is { no Rust"),
        ] {
            assert_eq!(of(text), outline);
        }
    }
}
