//! Help at the cursor: what evcxr is asked of a name, and what of its answer is passed on.
//!
//! evcxr knows of a name at the end of a text only, and of nothing within a macro call that is not
//! closed; it counts what a reader sees as one character, where the protocol counts code points; and it
//! takes a text of documentation in the first column for a comment.

use super::commands;
use super::history::History;
use super::message::{Key, Message};
use super::threads;
use super::tokens::{Tokens, before, lex, open_brackets};
use crate::toolchain;
use ra_ap_rustc_lexer::{LiteralKind, TokenKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// A request as evcxr is to get it.
pub fn for_evcxr(request: &Message, key: &Key) -> Message {
    let content = request.content();
    let changes: &[fn(&Value) -> Option<Value>] = match request.header.msg_type.as_str() {
        "inspect_request" => &[inspection],
        "complete_request" => &[completion],
        "execute_request" => &[commands::without_clear, documented, with_threads],
        _ => &[],
    };
    let mended = changes.iter().fold(None, |mended, change| {
        change(mended.as_ref().unwrap_or(&content)).or(mended)
    });
    match mended {
        Some(content) => request.clone().with_content(&content, key),
        None => request.clone(),
    }
}

/// evcxr's answer as the reader is to get it.
pub fn for_reader(request: &Message, reply: Message, history: &History, key: &Key) -> Message {
    if reply.header.msg_type != "complete_reply" {
        return reply;
    }
    let mut content = reply.content();
    add_crates(&mut content, &request.content(), history);
    reply.with_content(&content, key)
}

/// What evcxr is asked in the place of an `inspect_request`: the text ends with the name, and no macro
/// call is open around it. A cursor that is on no name asks for what it is in the call of.
fn inspection(request: &Value) -> Option<Value> {
    let code = request["code"].as_str()?;
    let cursor = byte(code, request["cursor_pos"].as_u64()?);
    let tokens = lex(code);
    let asked = name_at(code, &tokens, cursor).or_else(|| called(&tokens, cursor))?;
    let mut text = code[..asked.name.end].to_owned();
    blank_macros(&mut text, &tokens, asked.place());
    blank(&mut text, asked.place()..asked.name.start);
    // A method, not the private field of that name.
    let of_value = code[..asked.name.start].trim_end().ends_with('.');
    if of_value && code[asked.name.end..].trim_start().starts_with('(') {
        text.push('(');
    }
    let mut content = request.clone();
    content["cursor_pos"] = text.chars().count().into();
    content["code"] = text.into();
    Some(content)
}

/// What evcxr is asked in the place of a `complete_request`: the same text as far as the cursor's name,
/// with each character one, and closed behind it where it is not.
///
/// Within some macro calls and tuples rust-analyzer panics, and evcxr is of no use from then on. So a
/// name there is asked for by itself, but for one in a format string.
fn completion(request: &Value) -> Option<Value> {
    let code = request["code"].as_str()?;
    let cursor = byte(code, request["cursor_pos"].as_u64()?);
    let tokens = lex(code);
    let asked = name_at(code, &tokens, cursor);
    let end = asked.as_ref().map_or(cursor, |asked| asked.name.end);
    let place = asked.as_ref().map_or(cursor, |asked| asked.name.start);
    let in_string = asked.is_some_and(|asked| asked.string.is_some());
    let mut text = code.to_owned();
    if !in_string && !open_macros(&tokens, place).is_empty() {
        text.truncate(end);
        blank_macros(&mut text, &tokens, place);
        text += &closing(&text, 0);
    } else if !is_closed(code) {
        let (before, behind) = code.split_at(end);
        // What this line has opened is closed in it, or else everything.
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let others = behind.find('\n').map_or("", |at| &behind[at..]);
        text = format!("{before}{}{others}", closing(before, line));
        if !is_closed(&text) {
            text = format!("{before}{}", closing(before, 0));
        }
    }
    let mut content = request.clone();
    content["code"] = plain(&text).into();
    Some(content)
}

/// A cell with what it keeps for each thread.
fn with_threads(request: &Value) -> Option<Value> {
    let kept = threads::kept(request["code"].as_str()?)?;
    let mut content = request.clone();
    content["code"] = kept.into();
    Some(content)
}

/// A cell that begins with a text of documentation: evcxr takes it for one where it is indented.
fn documented(request: &Value) -> Option<Value> {
    let code = request["code"].as_str()?;
    let is_comment = |line: &&str| line.trim().is_empty() || line.starts_with("//");
    let lines = code.split_inclusive('\n').take_while(is_comment);
    let (head, rest) = code.split_at(lines.map(str::len).sum());
    let word = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let is_item = ITEMS.contains(&word.clone().next()?) || rest.starts_with('#');
    if !is_item || !head.lines().any(|line| line.starts_with("///")) {
        return None;
    }
    let indented = head.split_inclusive('\n').map(|line| {
        let space = if line.starts_with("///") { " " } else { "" };
        format!("{space}{line}")
    });
    let mut content = request.clone();
    content["code"] = (indented.collect::<String>() + rest).into();
    Some(content)
}

/// How an item begins, apart from its attributes.
const ITEMS: [&str; 13] = [
    "pub",
    "fn",
    "struct",
    "enum",
    "trait",
    "macro_rules",
    "const",
    "static",
    "type",
    "mod",
    "union",
    "unsafe",
    "async",
];

/// Where what is offered is told the kind of.
const DETAILS: &str = "_jupyter_types_experimental";

/// Behind `use`, the crates that cells know: evcxr offers what is in them.
fn add_crates(content: &mut Value, request: &Value, history: &History) {
    let Some(code) = request["code"].as_str() else {
        return;
    };
    let cursor = request["cursor_pos"].as_u64().unwrap_or_default();
    let before = &code[..byte(code, cursor)];
    let line = before.lines().last().unwrap_or_default().trim_start();
    let Some(begun) = line
        .strip_prefix("pub ")
        .unwrap_or(line)
        .strip_prefix("use ")
    else {
        return;
    };
    if !begun.chars().all(is_of_name) {
        return;
    }
    let asked_for = history.newest_first().flat_map(|(_, code)| {
        let names = code.lines().filter_map(|line| line.strip_prefix(":dep "));
        names.filter_map(|line| line.split(['=', ' ']).find(|word| !word.is_empty()))
    });
    let mut names: Vec<String> = asked_for.map(|name| name.replace('-', "_")).collect();
    names.extend(["alloc", "core", "std", "support"].map(str::to_owned));
    names.sort();
    names.dedup();
    let begun_at = cursor - begun.chars().count() as u64;
    let matches = content["matches"].as_array().cloned().unwrap_or_default();
    for name in names {
        if name.starts_with(begun) && !matches.contains(&name.clone().into()) {
            offer(content, &name, begun_at..cursor, "module");
        }
    }
}

/// Adds one to what is offered in the place of these characters.
fn offer(content: &mut Value, text: &str, place: Range<u64>, kind: &str) {
    content["cursor_start"] = place.start.into();
    content["cursor_end"] = place.end.into();
    let detail = json!({"text": text, "type": kind, "start": place.start, "end": place.end});
    add(&mut content["matches"], text.into());
    add(&mut content["metadata"][DETAILS], detail);
    content["status"] = "ok".into();
}

fn add(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        // evcxr may have refused.
        _ => *list = json!([item]),
    }
}

/// Behind `:dep`, the crates that are there without a network, as cargo names them.
pub fn dependencies(request: &Value) -> Option<Value> {
    dependencies_in(request, &toolchain::cargo_home()?.join("registry/cache"))
}

fn dependencies_in(request: &Value, cache: &Path) -> Option<Value> {
    let code = request["code"].as_str()?;
    let cursor = request["cursor_pos"].as_u64()?;
    let line = code[..byte(code, cursor)].rsplit('\n').next()?;
    let begun = line.trim_start().strip_prefix(":dep ")?.trim_start();
    let mut content = json!({
        "status": "ok", "matches": [], "cursor_start": cursor, "cursor_end": cursor, "metadata": {},
    });
    let begun_at = cursor - begun.chars().count() as u64;
    for (name, version) in crates(cache) {
        if name.starts_with(begun) {
            let text = format!("{name} = \"{}\"", compatible(version));
            offer(&mut content, &text, begun_at..cursor, "module");
        }
    }
    Some(content)
}

/// The crates that cargo has downloaded, each in its newest version.
fn crates(cache: &Path) -> BTreeMap<String, [u64; 3]> {
    let mut crates = BTreeMap::new();
    let registries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let files = registries.filter_map(|registry| std::fs::read_dir(registry.path()).ok());
    for file in files.flatten().flatten() {
        let file = file.file_name();
        let Some((name, version)) = file.to_str().and_then(|file| {
            let (name, version) = file.strip_suffix(".crate")?.rsplit_once('-')?;
            let numbers: Vec<u64> = version.split('.').flat_map(str::parse).collect();
            Some((name, <[u64; 3]>::try_from(numbers).ok()?))
        }) else {
            continue; // a preliminary version, perhaps
        };
        let newest = crates.entry(name.to_owned()).or_insert(version);
        *newest = version.max(*newest);
    }
    crates
}

/// As much of a version as says what it is compatible with.
fn compatible(version: [u64; 3]) -> String {
    match version {
        [0, 0, patch] => format!("0.0.{patch}"),
        [0, minor, _] => format!("0.{minor}"),
        [major, ..] => major.to_string(),
    }
}

/// Where the character with this number begins.
fn byte(code: &str, number: u64) -> usize {
    let mut places = code.char_indices().map(|(at, _)| at);
    places.nth(number as usize).unwrap_or(code.len())
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The name that is asked for.
struct Asked {
    name: Range<usize>,
    /// Where the string begins in whose braces it stands.
    string: Option<usize>,
}

impl Asked {
    /// Where the expression begins that it is a part of.
    fn place(&self) -> usize {
        self.string.unwrap_or(self.name.start)
    }
}

/// The name under the cursor, or before it.
fn name_at(code: &str, tokens: &Tokens, cursor: usize) -> Option<Asked> {
    let touches = |range: &Range<usize>| range.start <= cursor && cursor <= range.end;
    for (kind, range) in tokens.iter().filter(|(_, range)| touches(range)) {
        match kind {
            TokenKind::Ident | TokenKind::RawIdent => {
                return Some(Asked {
                    name: range.clone(),
                    string: None,
                });
            }
            TokenKind::Literal {
                kind: LiteralKind::Str { .. } | LiteralKind::RawStr { .. },
                ..
            } if range.start < cursor => {
                let before = &code[range.start..cursor];
                let start = cursor - before.len() + before.trim_end_matches(is_of_name).len();
                let behind = &code[cursor..range.end];
                let end = range.end - behind.trim_start_matches(is_of_name).len();
                // `{{` is a brace, not a name's beginning.
                let braces = code[..start].bytes().rev().take_while(|byte| *byte == b'{');
                let of_name = braces.count() % 2 == 1 && start < end;
                return of_name.then_some(Asked {
                    name: start..end,
                    string: Some(range.start),
                });
            }
            _ => {}
        }
    }
    None
}

/// What is called by the brackets around the cursor.
fn called(tokens: &Tokens, cursor: usize) -> Option<Asked> {
    open_brackets(tokens, cursor)
        .into_iter()
        .rev()
        .find_map(|number| {
            let mut before = before(tokens, number).peekable();
            if before
                .next_if(|(kind, _)| *kind == TokenKind::Bang)
                .is_none()
                && tokens[number].0 != TokenKind::OpenParen
            {
                return None;
            }
            let (kind, range) = before.next()?;
            (*kind == TokenKind::Ident).then(|| Asked {
                name: range.clone(),
                string: None,
            })
        })
}

/// The names, with their `!`, of the macro calls that are open there.
fn open_macros(tokens: &Tokens, place: usize) -> Vec<Range<usize>> {
    let open = open_brackets(tokens, place).into_iter();
    let names = open.filter_map(|number| {
        let mut before = before(tokens, number);
        let (TokenKind::Bang, bang) = before.next()? else {
            return None;
        };
        let path =
            before.take_while(|(kind, _)| matches!(kind, TokenKind::Ident | TokenKind::Colon));
        Some(path.last()?.1.start..bang.end)
    });
    names.collect()
}

/// Blanks the macro calls that are open there, with their brackets and the arguments before this one.
fn blank_macros(text: &mut String, tokens: &Tokens, place: usize) {
    for name in open_macros(tokens, place) {
        let within = |range: &Range<usize>| range.start >= name.end && range.end <= place;
        let mut within = tokens.iter().filter(|(_, range)| within(range));
        let Some((_, bracket)) = within.find(|(kind, _)| *kind != TokenKind::Whitespace) else {
            continue;
        };
        let depth = open_brackets(tokens, bracket.end).len();
        let separator = within.rfind(|(kind, range)| {
            matches!(kind, TokenKind::Comma | TokenKind::Semi)
                && open_brackets(tokens, range.start).len() == depth
        });
        let end = separator.map_or(bracket.end, |(_, range)| range.end);
        blank(text, name.start..end);
    }
}

/// Spaces in the place of a part, which is left as long as it was.
fn blank(text: &mut String, part: Range<usize>) {
    let spaces = " ".repeat(part.len());
    text.replace_range(part, &spaces);
}

/// The same text with as many characters, each of which is seen as one: what is written in strings and
/// comments says nothing of names.
fn plain(code: &str) -> String {
    let tokens = lex(code).into_iter();
    let letters = tokens.flat_map(|(kind, range)| {
        let says_nothing = matches!(
            kind,
            TokenKind::Literal { .. }
                | TokenKind::LineComment { .. }
                | TokenKind::BlockComment { .. }
        );
        code[range].chars().map(move |letter| match letter {
            // With the line's end behind it, it is seen as one.
            '\r' => ' ',
            letter if says_nothing && !letter.is_ascii() => 'x',
            letter => letter,
        })
    });
    letters.collect()
}

/// Whether a text ends neither in a string nor in brackets.
fn is_closed(code: &str) -> bool {
    closing(code, 0).is_empty()
}

/// What closes a text: the string in which it ends, and the brackets opened from there on.
fn closing(code: &str, from: usize) -> String {
    let tokens = lex(code);
    let mut closing = String::new();
    if let Some((TokenKind::Literal { kind, .. }, range)) = tokens.last() {
        let text = &code[range.clone()];
        let brace = match text.rfind('{') > text.rfind('}') {
            true => "}",
            false => "",
        };
        match kind {
            LiteralKind::Str { terminated: false } => closing = format!("{brace}\""),
            LiteralKind::ByteStr { terminated: false }
            | LiteralKind::CStr { terminated: false } => closing.push('"'),
            LiteralKind::RawStr { n_hashes: None } => {
                let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
                closing = format!("{brace}\"{}", "#".repeat(hashes));
            }
            _ => {}
        }
    }
    for number in open_brackets(&tokens, code.len()).into_iter().rev() {
        let (kind, range) = &tokens[number];
        if range.start < from {
            break;
        }
        closing.push(match kind {
            TokenKind::OpenParen => ')',
            TokenKind::OpenBracket => ']',
            _ => '}',
        });
    }
    closing
}

#[cfg(test)]
mod tests;
