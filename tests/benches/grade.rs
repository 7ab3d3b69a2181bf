//! What grading costs: thirty different submissions of one assignment, as a class hands them in.
//! `cargo test -p end-to-end --bench grade`, as tests are compiled.

use end_to_end::{cargo_lab, repository, said};
use serde_json::Value;
use std::time::Instant;

const STUDENTS: u32 = 30;

fn main() {
    let source = repository().join("notebooks/assignments/source/word-count/word-count.ipynb");
    let book: Value =
        serde_json::from_slice(&std::fs::read(source).expect("the source")).expect("JSON");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for student in 0..STUDENTS {
        let mut book = book.clone();
        for cell in book["cells"].as_array_mut().into_iter().flatten() {
            if cell["metadata"]["nbgrader"]["solution"] == true {
                let lines = cell["source"].as_array_mut().expect("lines");
                // The time as well: no earlier run has this text's verdict.
                lines.insert(
                    0,
                    format!("// {student} {:?}\n", std::time::SystemTime::now()).into(),
                );
            }
        }
        let place = folder.path().join(format!("{student}"));
        std::fs::create_dir(&place).expect("a writable folder");
        std::fs::write(place.join("word-count.ipynb"), book.to_string()).expect("disk space");
    }
    println!(
        "{:32} {:>9} {:>16}",
        "word-count", "seconds", "per submission"
    );
    for (what, submissions) in [
        ("one, with all that it needs", 1),
        ("the other 29", 29),
        ("all again", 30),
    ] {
        let mut command = cargo_lab(&["grade", "--json"]);
        if submissions == 1 {
            command.arg(folder.path().join("0"));
        } else {
            command.arg(folder.path());
        }
        let started = Instant::now();
        let output = command.output().expect("cargo");
        let seconds = started.elapsed().as_secs_f64();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        for graded in report["graded"].as_array().expect("a list") {
            assert_eq!(graded["points"], graded["most"], "{graded:#}");
        }
        let each = seconds / f64::from(submissions);
        println!("{what:32} {seconds:9.2} {each:16.2}");
    }
}
