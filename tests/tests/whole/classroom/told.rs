//! What a submission may put into the sentences about it, and how it may talk to the judge: nothing
//! of what is hidden is quoted, nothing moves a terminal, and nobody's label fills the judge.

use super::course::{self, Course, MOST, REFERENCE};

/// Whole solution cells that quote files: one that is not to be read, and the hidden part.
fn quoting() -> Vec<(String, String)> {
    let sum = "fn sum(n: Vec<u32>) -> u64 { n.iter().map(|n| u64::from(*n)).sum() }";
    let files = [
        "HIDDEN",
        "/source/questions.rs",
        "questions.rs",
        "/source/main.rs",
    ];
    let ways = [
        (
            "const-panic",
            "const _: () = panic!(\"{}\", include_str!(\"FILE\"));",
        ),
        ("compile-error", "compile_error!(include_str!(\"FILE\"));"),
        (
            "compile-error-by-another-name",
            "use std::compile_error as other; other!(include_str!(\"FILE\"));",
        ),
        (
            "in-a-macro",
            "macro_rules! m { ($e:expr) => { compile_error!(include_str!($e)); } }\nm!(\"FILE\");",
        ),
        (
            "env",
            "const A: &str = env!(\"NONE\", include_str!(\"FILE\"));",
        ),
        ("include", "include!(\"FILE\");"),
        ("path", "#[path = \"FILE\"] mod other;"),
        (
            "at-run-time",
            "static A: std::sync::LazyLock<()> = std::sync::LazyLock::new(|| panic!(\"{}\", include_str!(\"FILE\"))); pub fn other() { std::sync::LazyLock::force(&A); }",
        ),
    ];
    let mut all = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for (name, way) in ways {
            let text = format!("{}\n{sum}", way.replace("FILE", file));
            all.push((format!("{name}-{number}"), text));
        }
    }
    all
}

/// Statements at the begin of a function that gives 0.
const TALKING: [(&str, &str, &str); 4] = [
    (
        "a-long-label",
        "let _ = program::connect(&\"x\".repeat(4 << 20));",
        "",
    ),
    (
        "a-slow-label",
        "{ use std::io::Write; let address = std::env::var(\"JUDGE_SOCKET\").unwrap();
        let mut slow = std::os::unix::net::UnixStream::connect(address).unwrap();
        let _ = slow.write_all(&100u32.to_le_bytes());
        thread::spawn(move || while slow.write_all(b\"x\").is_ok() { thread::sleep(Duration::from_millis(900)); });
        let mut all: Vec<Vec<u8>> = Vec::new();
        loop { all.push(vec![1; 8 << 20]); thread::sleep(Duration::from_millis(20)); } }",
        "the program occupied more than 512 MB of memory",
    ),
    (
        "last-words",
        "panic!(\"\\u{1b}[31mred\\u{202e}kcab\\u{200b}\\u{0}\\u{fffe}end\")",
        "[31mredkcab end",
    ),
    (
        "many-words",
        "panic!(\"{}\", \"many words \".repeat(1 << 16))",
        "many words",
    ),
];

#[test]
fn sentences_are_short_plain_and_quote_nothing_that_is_hidden() {
    let course = Course::new();
    // The judge waits for connections: what a label does is seen.
    let mut book = course::source();
    let many = &mut book["cells"][2]["source"];
    let text = many.as_str().expect("a text").replace(
        "let sum: u64 = judge.ask(\"sum\", (&numbers,))?;",
        "judge.begin(\"sum\", (&numbers,))?;\nif let Some(other) = judge.connection_or_asleep()? { return Err(Failed::new(format!(\"nobody asked for {}\", other.label()))); }\nlet sum: u64 = judge.answer()?;",
    );
    *many = text.into();
    let program = &mut book["cells"][4]["source"];
    let text = program.as_str().expect("a text").replace(
        "// BEGIN HIDDEN TESTS\n",
        "// BEGIN HIDDEN TESTS\n// the-hidden-part\n",
    );
    *program = text.into();
    course.write("source/sum/sum.ipynb", book.to_string());
    let hidden = course.write("hidden.txt", "the-hidden-part of a file\n");
    for (name, text) in quoting() {
        course.submit(
            &name,
            &text.replace("HIDDEN", &hidden.display().to_string()),
        );
    }
    for (name, statements, _) in TALKING {
        course.submit(
            name,
            &format!("use ::judge::program;\n#[allow(unreachable_code)] fn sum(_: Vec<u32>) -> u64 {{ {statements}; 0 }}"),
        );
    }
    course.submit("\u{202e}honest", REFERENCE);
    let out = course.path().join("out");
    let place = out.display().to_string();
    let graded = course.grade(&["--out", &place]);
    assert_eq!(graded["\u{202e}honest"]["points"], MOST, "{graded:#?}");
    for (student, one) in &graded {
        assert!(!one.to_string().contains("the-hidden-part"), "{one:#}");
        for test in one["tests"].as_array().expect("a list") {
            let reason = test["reason"].as_str().unwrap_or_default();
            println!("{student}: {reason}");
            assert!(reason.chars().count() <= 601, "{student}: {reason}");
            let odd = |c: char| c.is_control() || "\u{202e}\u{200b}\u{fffe}".contains(c);
            assert!(!reason.contains(odd), "{student}: {reason:?}");
        }
    }
    for (student, _, expected) in TALKING {
        let reason = graded[student]["tests"][0]["reason"]
            .as_str()
            .expect("a reason");
        assert_eq!(graded[student]["points"], 0.0);
        assert!(reason.contains(expected), "{student}: {reason}");
    }
    let xml = std::fs::read_to_string(out.join("grades.xml")).expect("a file");
    assert!(!xml.contains(|c: char| c.is_control() && c != '\n') && !xml.contains('\u{202e}'));
}
