//! Text that is made for parsers: it brings nobody down, and costs nobody else points.

use super::course::{self, Course, MOST, REFERENCE};
use serde_json::json;
use std::collections::BTreeMap;

const SUM: &str = "numbers.iter().map(|n| u64::from(*n)).sum()";

/// Solutions that are right, however they are written.
fn right() -> Vec<(&'static str, String)> {
    let brackets = |count: usize| (" (".repeat(count), ")".repeat(count));
    let (open, close) = brackets(700);
    vec![
        ("plain", REFERENCE.to_owned()),
        (
            "700-brackets",
            format!("fn sum(numbers: Vec<u32>) -> u64 {{ {open} {SUM} {close} }}"),
        ),
        (
            "a-function-by-a-macro",
            format!(
                "macro_rules! make {{ ($name:ident) => {{ fn $name(numbers: Vec<u32>) -> u64 {{ {SUM} }} }} }}\nmake!(sum);\nprintln!(\"{{}}\", sum(vec![1]));"
            ),
        ),
    ]
}

/// Solutions that are nothing.
fn wrong() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        "(",
        "[",
        "{",
        "!",
        "&",
        "- ",
        "|| ",
        "if x {} else ",
        "a = ",
        "/*",
        "r#",
        "<T as ",
        "return ",
    ]
    .into_iter()
    .map(|piece| {
        let name: Vec<String> = piece.bytes().map(|byte| byte.to_string()).collect();
        let text = piece.repeat((200 << 10) / piece.len());
        (
            name.join("-"),
            format!("fn sum(_: Vec<u32>) -> u64 {{ {text} }}"),
        )
    })
    .collect();
    let types = "Vec<".repeat(50_000);
    all.push((
        "types".to_owned(),
        format!("fn sum(_: {types}) -> u64 {{ 0 }}"),
    ));
    all
}

#[test]
fn nothing_that_is_written_brings_the_grading_down() {
    let course = Course::new();
    for (name, text) in right() {
        course.submit(name, &text);
    }
    for (name, text) in wrong() {
        course.submit(&name, &text);
    }
    // A notebook in which a parser finds as much as it can.
    for (name, piece) in [
        ("objects", "{\"a\":0},"),
        ("lists", "[],"),
        ("texts", "\"\","),
    ] {
        let pieces = piece.repeat((9 << 20) / piece.len());
        let text = format!("{{\"cells\": [{}null]}}", pieces);
        course.write(&format!("submitted/{name}/sum/sum.ipynb"), text);
    }
    let report = course::grade(&[&course.path().join("submitted")], &["--again"]);
    assert_eq!(report["not_graded"], json!([]));
    let graded = report["graded"].as_array().expect("a list");
    let points: BTreeMap<&str, f64> = graded
        .iter()
        .map(|one| {
            let student = one["student"].as_str().expect("a name");
            println!("{student}: {}", one["tests"][0]["reason"]);
            (student, one["points"].as_f64().expect("a number"))
        })
        .collect();
    assert_eq!(
        points.len(),
        right().len() + wrong().len() + 3,
        "nobody is dropped"
    );
    for (student, points) in points {
        let is_right = right().iter().any(|(name, _)| *name == student);
        assert_eq!(points, if is_right { MOST } else { 0.0 }, "{student}");
    }
}
