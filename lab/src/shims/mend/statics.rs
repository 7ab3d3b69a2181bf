//! A `static` is one object for all cells.
//!
//! Each cell is a library of its own, with all items of the session compiled again, and so with a
//! `static` of its own. Here the library of the cell that defines one exports it; in the programs of
//! later cells it is declared instead of defined, and they are linked with that library. A process
//! that is started anew loads that library anew: the static begins again, as variables do.
//!
//! A static that is defined anew is a new one: when anything is different in the item that it stands
//! in or in what it is made of, and when the cell that defines it is run again, as with `let`.

mod find;

use self::find::{Definitions, Static, find, is_mark};
use super::Shares;
use super::items::{Items, names, number};
use super::state::{Shared, State};
use super::text::Edits;
use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folder, beside the build directory, with the libraries under names that stay.
const LIBRARIES: &str = "statics";

pub fn may_be_in(items: &str) -> bool {
    let mut found = items.match_indices("static ");
    found.any(|(at, _)| !items[..at].ends_with('\'') && !is_kernels(&items[at..]))
}

/// The one that is in each cell.
fn is_kernels(text: &str) -> bool {
    text.starts_with("static SUPPORT_IS_LOADED:")
}

/// What was done.
#[derive(Default)]
pub struct Mended {
    /// Those that the linker has to know.
    pub libraries: BTreeSet<PathBuf>,
    /// Whether text of the reader's stands further to the right than it was typed.
    pub moves_text: bool,
    /// Symbols that this program defines for later ones.
    defined: BTreeMap<String, String>,
    /// Lines with a declaration in a definition's place, and of what.
    declared: BTreeMap<usize, String>,
}

pub fn mend(
    items: &Items,
    cell: &str,
    shares: &Shares,
    state: &mut State,
    edits: &mut Edits,
) -> Mended {
    let mut mended = Mended::default();
    let mut all = Vec::new();
    if *shares != Shares::Nothing {
        find(items.tokens.clone(), 0, &mut all);
    }
    let mut of_item = BTreeMap::new();
    for found in all {
        let first = found.all[0].range.start;
        let Some((text, _)) = items.around(first).filter(|_| !edits.has_blanked(first)) else {
            continue;
        };
        let number_in_item = of_item.entry(text).or_insert(0);
        let mut name = |found: &Static| {
            *number_in_item += 1;
            what(items, found, text, *number_in_item)
        };
        let names: Vec<String> = found.all.iter().map(&mut name).collect();
        let known: Option<Vec<Shared>> = names
            .iter()
            .map(|name| state.statics.get(name).cloned())
            .collect();
        let is_own = cell.contains(text);
        match (shares, known) {
            (Shares::AllBut(others), _) if found.all.iter().any(|it| others.contains(&it.name)) => {
            }
            (_, Some(known)) if !is_own => {
                declare(&found, &known, items.text, edits);
                for (found, shared) in found.all.into_iter().zip(known) {
                    let line = |at: usize| items.text[..at].matches('\n').count() + 1;
                    let lines = line(found.keyword)..=line(found.of_range.end);
                    mended
                        .declared
                        .extend(lines.map(|line| (line, found.name.clone())));
                    mended.libraries.insert(shared.library);
                }
            }
            (Shares::AllBut(_), _) => {
                let mut symbols = Vec::new();
                for (found, name) in found.all.iter().zip(names) {
                    let symbol = format!("evcxr_static_{}_{}", state.next, found.name);
                    state.next += 1;
                    mended.defined.insert(name, symbol.clone());
                    symbols.push(symbol);
                }
                mended.moves_text |= export(&found, &symbols, items.text, edits);
            }
            _ => {}
        }
    }
    mended
}

/// A name for it that another one would not have.
fn what(items: &Items, found: &Static, text: &str, number_in_item: usize) -> String {
    // Comments and line breaks make no difference.
    let text = text
        .parse()
        .map_or(text.to_owned(), |tokens: TokenStream| tokens.to_string());
    let mut made_of = names(found.of.clone());
    made_of.extend(names(found.value.clone()));
    made_of.remove(&found.name);
    let made_of = format!("{:?}", items.made_of(made_of));
    format!(
        "{} {number_in_item} {:x} {:x}",
        found.name,
        number(&text),
        number(&made_of)
    )
}

/// Definitions become declarations: `static A: T = v;` `unsafe extern "C" { safe static A: T; }`. What a
/// `thread_local!` defines is a key.
fn declare(found: &Definitions, known: &[Shared], text: &str, edits: &mut Edits) {
    const BEGIN: &str = "#[allow(improper_ctypes)] unsafe extern \"C\" {";
    if let Some(around) = &found.of_threads {
        edits.replace(around.begin.clone(), BEGIN);
    }
    for (it, shared) in found.all.iter().zip(known) {
        let begin = if found.of_threads.is_none() {
            BEGIN
        } else {
            ""
        };
        let symbol = &shared.symbol;
        edits.insert(
            it.range.start,
            format!("{begin} #[link_name = \"{symbol}\"] "),
        );
        if !it.is_mut {
            edits.insert(it.keyword, "safe ");
        }
        if found.of_threads.is_some() {
            edits.insert(it.of_range.start, KEY);
        }
        let mut references = Vec::new();
        without_lifetime(it.of.clone(), &mut references);
        for at in references {
            edits.insert(at, "'static ");
        }
        if found.of_threads.is_some() {
            edits.insert(it.of_range.end, ">");
        }
        edits.blank(it.value_range.clone(), text);
        let end = match (&found.of_threads, it.is_closed) {
            (None, _) => " }",
            (Some(_), true) => "",
            (Some(_), false) => ";",
        };
        edits.insert(it.range.end, end);
    }
    if let Some(around) = &found.of_threads {
        edits.replace(around.end.clone(), "}");
    }
}

const KEY: &str = "::std::thread::LocalKey<";

/// Returns whether that moves text in its line.
fn export(found: &Definitions, symbols: &[String], text: &str, edits: &mut Edits) -> bool {
    let attribute = |symbol: &String| format!(" #[unsafe(export_name = \"{symbol}\")] ");
    if let Some(around) = &found.of_threads {
        // The macro's key is a constant; a static has its value.
        for (found, symbol) in found.all.iter().zip(symbols) {
            let (name, of) = (&found.name, &text[found.of_range.clone()]);
            let of = of.replace('\n', " ");
            let exported = format!("{}static {symbol}: {KEY}{of}> = {name};", attribute(symbol));
            edits.insert(around.end.end, exported);
        }
        let rest = text[around.end.end..].lines().next().unwrap_or_default();
        return !rest.trim().is_empty();
    }
    let (found, attribute) = (&found.all[0], attribute(&symbols[0]));
    // The end of an earlier line is in nobody's way.
    let is_first = text[found.behind..found.range.start].contains('\n');
    match is_first {
        true => edits.insert(found.behind, attribute),
        false => edits.insert(found.range.start, attribute),
    }
    !is_first
}

/// Places behind a `&` of a type for which Rust takes `'static` in a definition, and asks for it in a
/// declaration. In a function's type it is another.
fn without_lifetime(of: TokenStream, found: &mut Vec<usize>) {
    let tokens: Vec<TokenTree> = of.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '&' && !is_mark(next, '\'') => {
                found.push(mark.span().byte_range().end);
            }
            // The arguments of a function, and what it returns.
            TokenTree::Ident(name) if name == "fn" || name.to_string().starts_with("Fn") => return,
            TokenTree::Group(group) => without_lifetime(group.stream(), found),
            _ => {}
        }
    }
}

impl Mended {
    /// The names of statics that rustc will not have declared: where the type has a lifetime that is not
    /// written, and where a constant reads it.
    pub fn not_to_be_shared(&self, messages: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if self.declared.is_empty() {
            return names;
        }
        for line in messages.lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let message = &message["message"];
            let text = message["message"].as_str().unwrap_or_default();
            if let Some((_, rest)) = text.split_once("extern static `") {
                let name = rest.split('`').next().unwrap_or_default();
                names.insert(name.rsplit(':').next().unwrap_or(name).to_owned());
            }
            for span in message["spans"].as_array().into_iter().flatten() {
                let line = span["line_start"]
                    .as_u64()
                    .and_then(|line| usize::try_from(line).ok());
                let declared = line.and_then(|line| self.declared.get(&line));
                names.extend(declared.filter(|_| message["level"] == "error").cloned());
            }
        }
        names
    }

    /// The library that has been made is the one that later programs are linked with: under a name of its own,
    /// as evcxr is about to give it another. It is the same file, so it is loaded once.
    pub fn keep(
        &self,
        library: &Path,
        folder: &Path,
        known: &mut BTreeMap<String, Shared>,
    ) -> Result<()> {
        let Some(first) = self.defined.values().next() else {
            return Ok(());
        };
        let folder = folder.join(LIBRARIES);
        std::fs::create_dir_all(&folder)?;
        let kept = folder.join(format!("lib{first}.so"));
        let _ = std::fs::remove_file(&kept);
        std::fs::hard_link(library, &kept)?;
        for (what, symbol) in &self.defined {
            let shared = Shared {
                symbol: symbol.clone(),
                library: kept.clone(),
            };
            known.insert(what.clone(), shared);
        }
        Ok(())
    }
}
