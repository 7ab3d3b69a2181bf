//! What is defined again and has no name of its own by which evcxr would know it: the earlier one goes.
//!
//! evcxr keeps every `impl` of a cell that has no named item before it, and so each run of such a cell
//! adds one more. Of two `impl`s of a trait for a type, and of two functions of the same name in the
//! `impl`s of a type, one holds: the running cell's, else the one that held before.

use super::items::{Items, number};
use super::state::State;
use super::text::Edits;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{ForeignItem, ImplItem, Item, ItemImpl};

pub fn may_be_in(items: &str) -> bool {
    let begins = |word: &str| {
        let found = items.match_indices(word);
        found.take(2).count() > 1
    };
    begins("impl") || begins("extern")
}

/// What can be defined once, as often as it is.
#[derive(Default)]
struct Found(BTreeMap<String, Vec<Range<usize>>>);

impl Found {
    fn add(&mut self, what: String, at: Range<usize>) {
        self.0.entry(what).or_default().push(at);
    }
}

pub fn mend(items: &Items, cell: &str, state: &mut State, edits: &mut Edits) {
    let mut found = Found::default();
    for (range, item) in &items.all {
        match item {
            Item::Impl(item) if item.trait_.is_some() => found.add(head(item), range.clone()),
            Item::Impl(item) => {
                for inner in &item.items {
                    let name = match inner {
                        ImplItem::Fn(function) => &function.sig.ident,
                        ImplItem::Const(constant) => &constant.ident,
                        _ => continue,
                    };
                    let what = format!("{} {name}", head(item));
                    found.add(what, inner.span().byte_range());
                }
            }
            Item::ForeignMod(item) => {
                for inner in &item.items {
                    let name = match inner {
                        ForeignItem::Fn(function) => &function.sig.ident,
                        ForeignItem::Static(variable) => &variable.ident,
                        _ => continue,
                    };
                    found.add(format!("extern {name}"), inner.span().byte_range());
                }
            }
            _ => {}
        }
    }
    let mut winners = BTreeMap::new();
    for (what, places) in found.0 {
        if places.len() < 2 {
            continue;
        }
        // Where nobody says which cell runs, the last that was added is the newest.
        let before = state.winners.get(&what).filter(|_| !cell.is_empty());
        let kept = winner(items.text, &places, cell, before);
        if let Some(last) = kept.last() {
            let text = &items.text[places[*last].clone()];
            winners.insert(what, format!("{:x}", number(text)));
        }
        for (at, place) in places.iter().enumerate() {
            if !kept.contains(&at) {
                edits.blank(place.clone(), items.text);
            }
        }
    }
    state.winners = winners;
}

/// What stands before its braces, without attributes.
fn head(item: &ItemImpl) -> String {
    let mut head = item.generics.to_token_stream();
    if let Some((of, _)) = &item.trait_ {
        head.extend(of.to_token_stream());
    }
    head.extend(quote::quote!(for));
    head.extend(item.self_ty.to_token_stream());
    head.extend(item.generics.where_clause.to_token_stream());
    head.to_string()
}

/// Which of the places stay. Where the cell itself has several, they do: that is a mistake of the
/// reader's, which rustc tells of.
fn winner(
    text: &str,
    places: &[Range<usize>],
    cell: &str,
    before: Option<&String>,
) -> BTreeSet<usize> {
    let mut of_cell: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, place) in places.iter().enumerate() {
        let text = &text[place.clone()];
        if cell.contains(text) {
            of_cell.entry(text).or_default().push(at);
        }
    }
    if of_cell.is_empty() {
        let held = |place: &Range<usize>| {
            before.is_some_and(|before| *before == format!("{:x}", number(&text[place.clone()])))
        };
        let last = places.iter().rposition(held).unwrap_or(places.len() - 1);
        return [last].into();
    }
    let typed = of_cell.into_iter().flat_map(|(text, all)| {
        let times = cell.matches(text).count();
        all.into_iter().rev().take(times)
    });
    typed.collect()
}
