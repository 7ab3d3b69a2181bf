//! The items of a session, and what a type is made of.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{ImplItem, Item, TraitItem, Type};

/// Attributes that change nothing about what a value of a type looks like in memory.
const OF_NO_ACCOUNT: [&str; 12] = [
    "allow",
    "cold",
    "default",
    "deny",
    "derive",
    "doc",
    "expect",
    "inline",
    "must_use",
    "non_exhaustive",
    "serde",
    "warn",
];

pub struct Items<'a> {
    pub text: &'a str,
    pub tokens: TokenStream,
    pub all: Vec<(Range<usize>, Item)>,
    parts: BTreeMap<String, Part>,
}

/// An item that types may be made of.
#[derive(Default)]
struct Part {
    /// Its text, as far as it matters.
    text: String,
    /// The names in it.
    names: BTreeSet<String>,
}

impl<'a> Items<'a> {
    /// Nothing if it is no Rust.
    pub fn parse(text: &'a str) -> Option<Items<'a>> {
        let tokens: TokenStream = text.parse().ok()?;
        let file: syn::File = syn::parse2(tokens.clone()).ok()?;
        let all = file
            .items
            .into_iter()
            .map(|item| (item.span().byte_range(), item));
        let mut items = Items {
            text,
            tokens,
            all: all.collect(),
            parts: BTreeMap::new(),
        };
        let mut parts = BTreeMap::new();
        for (_, item) in &items.all {
            add(item, None, &mut parts);
        }
        items.parts = parts;
        Some(items)
    }

    /// The item that a place is in, and its text.
    pub fn around(&self, at: usize) -> Option<(&'a str, &Item)> {
        let (range, item) = self.all.iter().find(|(range, _)| range.contains(&at))?;
        Some((&self.text[range.clone()], item))
    }

    /// The session's own items that `names` lead to, with what stands for the text of each.
    pub fn made_of(&self, names: BTreeSet<String>) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        let mut next: Vec<String> = names.into_iter().collect();
        while let Some(name) = next.pop() {
            if !found.contains_key(&name)
                && let Some(part) = self.parts.get(&name)
            {
                next.extend(part.names.iter().cloned());
                found.insert(name, number(&part.text));
            }
        }
        found.retain(|name, _| !self.parts[name].text.is_empty());
        found
    }

    /// Makes each macro known by its path in the whole program, as a function is: otherwise it is known
    /// only behind its definition, and evcxr writes items in any order.
    pub fn macros_by_path(&self) -> String {
        let macros = self.all.iter().filter_map(|(_, item)| match item {
            Item::Macro(item) if item.mac.path.is_ident("macro_rules") => {
                let exported = item
                    .attrs
                    .iter()
                    .any(|attribute| attribute.path().is_ident("macro_export"));
                // That is what `macro_export` does, too.
                item.ident.as_ref().filter(|_| !exported)
            }
            _ => None,
        });
        let names: Vec<String> = macros.map(ToString::to_string).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("pub(crate) use {{{}}};", names.join(", ")),
        }
    }
}

/// A number for a text: another one for another text.
pub fn number(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    let first = hash.iter().take(8);
    first.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The names in it that may be of the session's own: of a path the first, and no field or method.
pub fn names(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // What stands before: the marks since the last name, and that name.
    let (mut marks, mut last) = (String::new(), String::new());
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let goes_on = marks.ends_with("::") || marks == ".";
                if !goes_on || ["crate", "self", "super"].contains(&last.as_str()) {
                    found.insert(name.clone());
                }
                marks.clear();
                last = name;
            }
            TokenTree::Punct(mark) => marks.push(mark.as_char()),
            TokenTree::Group(group) => {
                found.extend(names(group.stream()));
                marks.clear();
                last.clear();
            }
            TokenTree::Literal(_) => marks.clear(),
        }
    }
    found
}

/// Adds what types can be made of, under its own name or, in a module, under that of the outermost one
/// too: a type within is named by either.
fn add(item: &Item, outer: Option<&str>, parts: &mut BTreeMap<String, Part>) {
    let mut under = |name: &str, tokens: TokenStream| {
        let tokens = of_account(tokens);
        let part = parts.entry(name.to_owned()).or_default();
        part.text.push_str(&tokens.to_string());
        part.text.push('\n');
        part.names.extend(names(tokens));
        // Where one in a module has the name of another, both count.
        part.names.extend(outer.map(str::to_owned));
    };
    match item {
        Item::Const(item) => under(&item.ident.to_string(), item.to_token_stream()),
        Item::Enum(item) => under(&item.ident.to_string(), item.to_token_stream()),
        Item::Struct(item) => under(&item.ident.to_string(), item.to_token_stream()),
        Item::Type(item) => under(&item.ident.to_string(), item.to_token_stream()),
        Item::Union(item) => under(&item.ident.to_string(), item.to_token_stream()),
        // What it calculates may be a length.
        Item::Fn(item) if item.sig.constness.is_some() => {
            under(&item.sig.ident.to_string(), item.to_token_stream());
        }
        Item::Macro(item) => {
            if let Some(name) = &item.ident {
                under(&name.to_string(), item.to_token_stream());
            }
        }
        Item::Trait(item) => {
            // Of a method's body nothing depends.
            let inner = item.items.iter().map(|item| match item {
                TraitItem::Fn(method) => method.sig.to_token_stream(),
                other => other.to_token_stream(),
            });
            let mut tokens = item.generics.to_token_stream();
            tokens.extend(item.supertraits.to_token_stream());
            tokens.extend(inner);
            under(&item.ident.to_string(), tokens);
        }
        Item::Impl(item) => {
            let types: TokenStream = item
                .items
                .iter()
                .filter(|item| matches!(item, ImplItem::Const(_) | ImplItem::Type(_)))
                .map(ToTokens::to_token_stream)
                .collect();
            if !types.is_empty() {
                for name in [type_name(&item.self_ty), trait_name(item)]
                    .into_iter()
                    .flatten()
                {
                    under(&name, types.clone());
                }
            }
        }
        Item::Use(item) => {
            let mut tree = &item.tree;
            let name = loop {
                match tree {
                    syn::UseTree::Path(path) => tree = &path.tree,
                    syn::UseTree::Rename(rename) => break Some(rename.rename.to_string()),
                    syn::UseTree::Name(name) => break Some(name.ident.to_string()),
                    _ => break None,
                }
            };
            // It leads to something; that it stands there matters to nobody.
            if let Some(name) = name {
                let leads_to = names(item.tree.to_token_stream());
                let part = parts.entry(name).or_default();
                part.names.extend(leads_to);
            }
        }
        Item::Mod(item) => {
            let name = item.ident.to_string();
            let outer = outer.unwrap_or(&name).to_owned();
            for item in item.content.iter().flat_map(|(_, items)| items) {
                add(item, Some(&outer), parts);
            }
            let inner = item.content.iter().flat_map(|(_, items)| items);
            let part = inner.fold(BTreeMap::new(), |mut parts, item| {
                add(item, None, &mut parts);
                parts
            });
            let whole = parts.entry(name).or_default();
            for part in part.into_values() {
                whole.text.push_str(&part.text);
                whole.names.extend(part.names);
            }
        }
        _ => {}
    }
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn trait_name(of: &syn::ItemImpl) -> Option<String> {
    let (path, _) = of.trait_.as_ref()?;
    Some(path.segments.last()?.ident.to_string())
}

/// Without attributes that do not matter.
fn of_account(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            kept.push(token);
            continue;
        };
        let is_attribute = group.delimiter() == Delimiter::Bracket
            && matches!(kept.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '#');
        if is_attribute
            && let Some(TokenTree::Ident(name)) = group.stream().into_iter().next()
            && OF_NO_ACCOUNT.iter().any(|other| name == other)
        {
            kept.pop();
            continue;
        }
        let inner = proc_macro2::Group::new(group.delimiter(), of_account(group.stream()));
        kept.push(inner.into());
    }
    kept.into_iter().collect()
}
