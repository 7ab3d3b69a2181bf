//! Paths from the notebook: of a crate, `:dep x = { path = "x" }`, or of a file, `include_str!("data.txt")`.
//!
//! evcxr takes the first from the folder that it was started in, which has to be one where it finds
//! `../support`; rustc takes the second from the folder of the program that the cell becomes. A reader
//! knows of neither.

use super::message::{Key, Message};
use super::tokens::lex;
use crate::stock;
use ra_ap_rustc_lexer::{LiteralKind, TokenKind};
use serde_json::Value;
use std::ops::Range;
use std::path::Path;

/// What takes a path from the file that it stands in.
const INCLUDE: [&str; 3] = ["include", "include_bytes", "include_str"];

/// The cell with such paths spelt out from the notebook's folder, in which the launcher was started.
pub fn from_notebook(cell: Message, key: &Key) -> Message {
    let mut content: Value = cell.content();
    let code = content["code"].as_str();
    let folder = std::env::current_dir().ok();
    match code
        .zip(folder)
        .and_then(|(code, folder)| absolute(code, &folder))
    {
        Some(code) => {
            content["code"] = code.into();
            cell.with_content(&content, key)
        }
        None => cell,
    }
}

/// The cell with such paths spelt out, from the notebook's `folder`; `None` if there are none.
fn absolute(code: &str, folder: &Path) -> Option<String> {
    let mut places = crates(code, folder);
    places.extend(files(code, folder));
    places.sort_by_key(|(place, _)| place.start);
    let mut whole = code.to_owned();
    for (place, path) in places.iter().rev() {
        whole.replace_range(place.clone(), path);
    }
    (!places.is_empty()).then_some(whole)
}

/// Those that lead to a folder: `../support` does from evcxr's own, if not from here.
fn crates(code: &str, folder: &Path) -> Vec<(Range<usize>, String)> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in code.split_inclusive('\n') {
        let place = path_in(line).and_then(|(place, path)| {
            let whole = folder.join(path).canonicalize().ok()?;
            Some((place, quoted(&whole)?))
        });
        found.extend(place.map(|(place, path)| (place.start + start..place.end + start, path)));
        start += line.len();
    }
    found
}

/// The path in a `:dep`, and its place there with the quotes. It is the last `path` that is followed by a
/// text, as for evcxr.
fn path_in(line: &str) -> Option<(Range<usize>, &str)> {
    let rest = line.trim_start().strip_prefix(stock::DEPENDENCY)?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    line.rmatch_indices("path").find_map(|(at, word)| {
        let value = line[at + word.len()..].trim_start().strip_prefix('=')?;
        let text = value.trim_start().strip_prefix('"')?;
        let (path, rest) = text.split_once('"')?;
        let end = line.len() - rest.len();
        Some((end - path.len() - 2..end, path))
    })
}

/// Those of files, whether they are there or not: then rustc says which it has looked for.
fn files(code: &str, folder: &Path) -> Vec<(Range<usize>, String)> {
    if !INCLUDE.iter().any(|name| code.contains(name)) && !code.contains("path") {
        return Vec::new();
    }
    let mut tokens = lex(code);
    tokens.retain(|(kind, _)| {
        !matches!(
            kind,
            TokenKind::Whitespace | TokenKind::LineComment { .. } | TokenKind::BlockComment { .. }
        )
    });
    let found = tokens.windows(4).filter_map(|window| {
        let [(first, one), (second, two), (third, _), (fourth, text)] = window else {
            return None;
        };
        let is_macro = *second == TokenKind::Bang && INCLUDE.contains(&&code[one.clone()]);
        let opens = [
            TokenKind::OpenParen,
            TokenKind::OpenBracket,
            TokenKind::OpenBrace,
        ];
        // #[path = "a.rs"] mod a;
        let is_attribute = *first == TokenKind::OpenBracket
            && (&code[two.clone()], *third) == ("path", TokenKind::Eq);
        let is_text = matches!(
            fourth,
            TokenKind::Literal {
                kind: LiteralKind::Str { terminated: true },
                ..
            }
        );
        if !is_text || !(is_macro && opens.contains(third) || is_attribute) {
            return None;
        }
        let path = &code[text.start + 1..text.end - 1];
        let is_relative = !path.contains('\\') && Path::new(path).is_relative();
        let whole = is_relative.then(|| quoted(&folder.join(path))).flatten()?;
        Some((text.clone(), whole))
    });
    found.collect()
}

/// As Rust and TOML spell a text.
fn quoted(path: &Path) -> Option<String> {
    let path = path.to_str()?.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("\"{path}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_from_the_notebook_are_spelt_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let here = folder.path().canonicalize().expect("a folder");
        std::fs::create_dir_all(here.join("my crate/deeper")).expect("a writable folder");
        let spelt = |code: &str| absolute(code, &here);
        let at = here.display();
        assert_eq!(
            spelt(
                "  :dep a = { path = \"my crate\", features = [\"f\"] }\nlet path = \"my crate\";\n"
            ),
            Some(format!(
                "  :dep a = {{ path = \"{at}/my crate\", features = [\"f\"] }}\nlet path = \"my crate\";\n"
            ))
        );
        assert_eq!(
            spelt(":dep b = {features = [\"x\"], path=\"my crate/deeper/..\"}"),
            Some(format!(
                ":dep b = {{features = [\"x\"], path=\"{at}/my crate\"}}"
            ))
        );
        assert_eq!(
            spelt("let a = include_str!( \"../a.txt\" /* b */);\n#[path = \"b.rs\"] mod b;"),
            Some(format!(
                "let a = include_str!( \"{at}/../a.txt\" /* b */);\n#[path = \"{at}/b.rs\"] mod b;"
            ))
        );
        for same in [
            ":dep a = { path = \"elsewhere\" }",
            ":dep path = \"0.2\"",
            ":dependent { path = \"my crate\" }",
            "let x = \":dep a = { path = 1 }\";",
            "include_str!(\"/etc/hosts\")",
            "// include_str!(\"a\")",
            "let s = \"include_str!(a)\"; path = \"a\";",
            "// :dep a = { path = \"my crate\" }",
        ] {
            assert_eq!(spelt(same), None, "{same}");
        }
    }
}
