//! What rust-analyzer is told of a cell's dependencies, so that a kernel starts sooner.
//!
//! evcxr asks rust-analyzer for the types of variables, and rust-analyzer reads and expands the
//! sources of every package below the cell's. Most of what `support` is built of is never named in
//! a cell: those packages are listed in its manifest, under `[package.metadata.cells]` as
//! `unseen`, and taken out of cargo's answer. A package that something else needs as well stays.
//! The compiler is told of everything.

use serde_json::Value;
use std::collections::HashSet;

/// What `cargo metadata` answered, without the packages that no cell names.
pub fn for_cells(mut metadata: Value) -> Value {
    // Asked with `--no-deps`, cargo tells of no dependencies: there is nothing to take out.
    if metadata["resolve"].is_null() {
        return metadata;
    }
    let unseen: Vec<(String, String)> = items(&metadata["packages"])
        .flat_map(|package| {
            let names = items(&package["metadata"]["cells"]["unseen"]);
            names.map(|name| (text(&package["id"]), text(name)))
        })
        .collect();
    let names: HashSet<(String, String)> = items(&metadata["packages"])
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    for node in changeable(&mut metadata["resolve"]["nodes"]) {
        let owner = text(&node["id"]);
        let is_seen = |id: &Value| {
            !unseen
                .iter()
                .any(|(by, name)| *by == owner && names.contains(&(text(id), name.clone())))
        };
        changeable(&mut node["deps"]).retain(|dependency| is_seen(&dependency["pkg"]));
        changeable(&mut node["dependencies"]).retain(is_seen);
    }
    let reached = reached_from_root(&metadata["resolve"]);
    changeable(&mut metadata["resolve"]["nodes"])
        .retain(|node| reached.contains(&text(&node["id"])));
    changeable(&mut metadata["packages"]).retain(|package| reached.contains(&text(&package["id"])));
    metadata
}

fn reached_from_root(resolve: &Value) -> HashSet<String> {
    let mut reached = HashSet::new();
    let mut next = vec![text(&resolve["root"])];
    while let Some(id) = next.pop() {
        let node = items(&resolve["nodes"]).find(|node| node["id"] == id.as_str());
        if reached.insert(id) {
            let below = node
                .into_iter()
                .flat_map(|node| items(&node["dependencies"]));
            next.extend(below.map(text));
        }
    }
    reached
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn changeable(list: &mut Value) -> &mut Vec<Value> {
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    list.as_array_mut().expect("it is a list now")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: &str, below: &[&str]) -> Value {
        let deps: Vec<_> = below.iter().map(|id| json!({"pkg": id})).collect();
        json!({"id": id, "dependencies": below, "deps": deps})
    }

    fn answer(of_cell: &[&str]) -> Value {
        let package = |id: &str| json!({"id": id, "name": id, "metadata": null});
        let mut packages: Vec<_> = ["cell", "support", "nix", "serde", "syn"]
            .map(package)
            .into();
        packages[1]["metadata"] = json!({"cells": {"unseen": ["serde"]}});
        let nodes = [
            node("cell", of_cell),
            node("support", &["nix", "serde"]),
            node("nix", &[]),
            node("serde", &["syn"]),
            node("syn", &[]),
        ];
        json!({"packages": packages, "resolve": {"root": "cell", "nodes": nodes}})
    }

    fn left(metadata: &Value) -> Vec<String> {
        items(&metadata["packages"])
            .map(|package| text(&package["id"]))
            .collect()
    }

    #[test]
    fn what_no_cell_names_goes_with_all_that_is_below_it() {
        let metadata = for_cells(answer(&["support"]));
        assert_eq!(left(&metadata), ["cell", "support", "nix"]);
        let support = &metadata["resolve"]["nodes"][1];
        assert_eq!(support["dependencies"], json!(["nix"]));
        assert_eq!(support["deps"], json!([{"pkg": "nix"}]));
    }

    #[test]
    fn an_answer_without_dependencies_is_left_as_it_is() {
        let answer = json!({"packages": [{"id": "cell", "name": "cell"}], "resolve": null});
        assert_eq!(for_cells(answer.clone()), answer);
    }

    #[test]
    fn what_the_reader_asks_for_himself_stays() {
        let metadata = for_cells(answer(&["support", "serde"]));
        assert_eq!(left(&metadata), ["cell", "support", "nix", "serde", "syn"]);
    }
}
