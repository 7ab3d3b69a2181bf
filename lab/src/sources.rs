//! What rust-analyzer is told of a cell's dependencies, so that a kernel starts sooner.
//!
//! evcxr asks rust-analyzer for the types of variables, and rust-analyzer reads and expands the
//! sources of every package below the cell's. Most of what `support` is built of is never named in
//! a cell: those packages are listed in its manifest, under `[package.metadata.cells]` as
//! `unseen`, and taken out of cargo's answer. A package that something else needs as well stays.
//! The compiler is told of everything. And of what is read, all but the reader's own is read as its
//! [`outline`].

use crate::outline;
use crate::template::{FAMILY, hex};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

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

/// The same packages, of which those that a reader does not write are read as their [outlines](outline),
/// made once in `folder`. One of which there is none, as that cannot be written, is read as it is.
pub fn outlined(mut metadata: Value, folder: &Path) -> Value {
    for package in changeable(&mut metadata["packages"]) {
        let is_family = FAMILY.contains(&&*text(&package["name"]));
        if is_family || !package["source"].is_null() {
            // It is a help to the reader, and to nobody a need.
            let _ = outline_package(package, folder);
        }
    }
    metadata
}

fn outline_package(package: &mut Value, folder: &Path) -> io::Result<()> {
    let is_library = |target: &&Value| items(&target["kind"]).any(|kind| kind == "lib");
    let library = items(&package["targets"]).find(is_library).cloned();
    let source = library
        .as_ref()
        .map(|library| PathBuf::from(text(&library["src_path"])));
    let place = source
        .as_deref()
        .and_then(|source| Some((source.parent()?, source.file_name()?)));
    let (Some(mut library), Some((sources, file))) = (library, place) else {
        return Ok(()); // a macro's crate, of which only rustc knows what it does
    };
    let number = &hex(&Sha256::digest(sources.as_os_str().as_encoded_bytes())[..4]);
    let name = format!(
        "{}-{}-{number}",
        text(&package["name"]),
        text(&package["version"])
    );
    let outline = folder.join(&name);
    if !outline.is_dir() {
        fs::create_dir_all(folder)?;
        let unfinished = tempfile::tempdir_in(folder)?;
        outline::copy(sources, &unfinished.path().join("src"))?;
        let made = fs::rename(unfinished.path(), &outline);
        // Another kernel may have been quicker.
        if !outline.is_dir() {
            made?;
        }
    }
    library["src_path"] = outline.join("src").join(file).to_string_lossy().into();
    package["targets"] = vec![library].into();
    package["manifest_path"] = outline.join("Cargo.toml").to_string_lossy().into();
    Ok(())
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
    fn others_crates_are_read_as_outlines_and_the_readers_own_as_they_are() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [source, outlines] = ["src", "outlines"].map(|name| folder.path().join(name));
        fs::create_dir(&source).expect("a writable folder");
        let file = source.join("lib.rs");
        fs::write(&file, "pub fn f() { 1 }").expect("a writable folder");
        let package = |name: &str, source: Value, kind: &str| {
            let target = json!({"kind": [kind], "src_path": file});
            json!({"name": name, "version": "1.0.0", "source": source, "targets": [target]})
        };
        let packages = [
            package("of-registry", "registry".into(), "lib"),
            package("support", Value::Null, "lib"),
            package("readers-own", Value::Null, "lib"),
            package("of-macros", "registry".into(), "proc-macro"),
        ];
        let answer = json!({"packages": packages});
        // The second time, the outlines are there.
        for _ in 0..2 {
            let seen = outlined(answer.clone(), &outlines);
            let read: Vec<String> = items(&seen["packages"])
                .map(|package| text(&package["targets"][0]["src_path"]))
                .map(|file| fs::read_to_string(file).expect("a file"))
                .collect();
            let [whole, outline] = ["pub fn f() { 1 }", "pub fn f() {}"];
            assert_eq!(read, [outline, outline, whole, whole]);
        }
        // Where there is no room for them, all are read as they are.
        assert_eq!(outlined(answer.clone(), &file), answer);
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
