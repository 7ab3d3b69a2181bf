//! Text that is made for parsers: it brings nobody down, and costs nobody else points.

use super::course::{Course, MOST, REFERENCE};

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
    let graded = course.grade(&[]);
    let expected = right().len() + wrong().len() + 3;
    assert_eq!(graded.len(), expected, "nobody is dropped");
    for (student, one) in graded {
        println!("{student}: {}", one["tests"][0]["reason"]);
        let is_right = right().iter().any(|(name, _)| *name == student);
        let points = if is_right { MOST } else { 0.0 };
        assert_eq!(one["points"], points, "{student}");
    }
}
