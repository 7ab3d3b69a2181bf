//! A variable goes when what its type is made of is defined anew.
//!
//! evcxr stores each variable with its type, and finds it again by that type's name: a value of
//! yesterday's `struct` would be read as one of today's, from safe code. So a variable whose type
//! has anything of the session's own in it is stored in a wrapper whose type also says how that was
//! defined. Where it is now defined in another way, evcxr's own check finds another type.

use super::items::{Items, names};
use super::state::State;
use super::text::Edits;
use crate::stock::program::{CHECKS, GONE, OF, STORES, TAKES};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The wrapper.
const KEPT: &str = "EvcxrKept";
const WRAPPER: &str = "struct EvcxrKept<T, const DEFINED: u64>(T);";

pub fn may_be_in(items: &str, program: &str) -> bool {
    let defines = ["struct ", "enum ", "union ", "trait ", "type ", "const "];
    [STORES, CHECKS, TAKES]
        .iter()
        .any(|line| program.contains(line))
        && defines.iter().any(|word| items.contains(word))
}

/// `program` is the whole; its first `begin` bytes are items.
pub fn mend(items: &Items, program: &str, begin: usize, state: &mut State, edits: &mut Edits) {
    let mut stored = BTreeMap::new();
    let mut gone = BTreeMap::new();
    let mut told_at = None;
    let mut wraps = false;
    let mut at = begin;
    for line in program[begin..].split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some(found) = line.find(GONE) {
            told_at = Some(start + found..start + found + GONE.len());
        }
        let Some((does, variable)) = Line::read(line) else {
            continue;
        };
        let made_of = match variable.of.parse() {
            Ok(tokens) => items.made_of(names(tokens)),
            Err(_) => continue,
        };
        if made_of.is_empty() {
            continue;
        }
        wraps = true;
        let of = start + variable.place.start..start + variable.place.end;
        let wrapper = format!("{KEPT}<{}, {}>", variable.of, fingerprint(&made_of));
        edits.replace(of, wrapper);
        let end = start + line.trim_end().len();
        match does {
            Does::Store => {
                // `…(stringify!(name), name);`
                let value = end - ");".len() - variable.name.len()..end - ");".len();
                edits.replace(value, format!("{KEPT}({})", variable.name));
                stored.insert(variable.name.to_owned(), made_of);
            }
            Does::Check => {
                if let Some(before) = state.variables.get(variable.name) {
                    let others = others(before, &made_of);
                    gone.insert(variable.name.to_owned(), others);
                }
            }
            Does::Take => edits.insert(end - ";".len(), ".0"),
        }
    }
    // A cell of items alone stores none, and they stay.
    state.variables.extend(stored);
    if wraps {
        edits.append(WRAPPER);
        if let Some(place) = told_at.filter(|_| !gone.is_empty()) {
            edits.replace(place, tells(&gone));
        }
    }
}

enum Does {
    Store,
    Check,
    Take,
}

/// A line of evcxr's about a variable.
struct Line<'a> {
    name: &'a str,
    of: &'a str,
    /// Where the type stands in the line.
    place: Range<usize>,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<(Does, Line<'a>)> {
        let (does, from) = if line.starts_with(STORES) {
            (Does::Store, STORES.len())
        } else if line.starts_with(CHECKS) {
            (Does::Check, CHECKS.len())
        } else if line.starts_with("let ") {
            (Does::Take, line.find(TAKES)? + TAKES.len())
        } else {
            return None;
        };
        let to = line.rfind(OF)?;
        let rest = &line[to + OF.len()..];
        let line = Line {
            name: &rest[..rest.find(')')?],
            of: line.get(from..to)?,
            place: from..to,
        };
        Some((does, line))
    }
}

fn fingerprint(made_of: &BTreeMap<String, u64>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in made_of {
        hash.update(name.as_bytes());
        hash.update(text.to_le_bytes());
    }
    format!("0x{}", crate::template::hex(&hash.finalize()[..8]))
}

/// What is not as it was.
fn others(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<String> {
    let is_other = |name: &&String| before.get(*name) != now.get(*name);
    let all: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    all.into_iter().filter(is_other).cloned().collect()
}

/// A statement in the place of evcxr's, in its function's words. It begins with evcxr's sentence, as
/// `support` looks for that before it believes that a variable is lost.
fn tells(gone: &BTreeMap<String, Vec<String>>) -> String {
    let arms = gone.iter().filter(|(_, others)| !others.is_empty());
    let arms = arms.map(|(name, others)| {
        let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        let verb = if others.len() == 1 { "has" } else { "have" };
        let why = format!(" {} {verb} been defined anew since.", others.join(" and "));
        format!("{name:?} => {why:?}, ")
    });
    let arms: String = arms.collect();
    format!(
        r#"eprintln!("The type of the variable {{name}} was redefined, so was lost.{{}} Run the cell that makes it again.", match name {{ {arms}_ => "" }});"#
    )
}
