//! Gradescope's `results.json`: one for each submission, as its autograders hand over.
//!
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/> has the format.

use super::report::{self, Summary};
use super::verdict::{Graded, Tested};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;

/// Writes `results.json` where one submission was graded, and else `results/NUMBER-NAME.json` for each.
/// What could not be graded has none: Gradescope then says that the autograder failed, and keeps no score.
///
/// # Errors
/// When they cannot be written.
pub fn publish(summary: &Summary, folder: &Path) -> Result<()> {
    let one = folder.join("results.json");
    let several = folder.join("results");
    // Those of an earlier grading would be taken for this one's.
    let _ = std::fs::remove_file(&one);
    let _ = std::fs::remove_dir_all(&several);
    let write = |path: &Path, graded: &Graded| {
        let text = serde_json::to_string_pretty(&results(graded))? + "\n";
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    };
    if let ([graded], []) = (&summary.graded[..], &summary.not_graded[..]) {
        return write(&one, graded);
    }
    if summary.graded.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(&several)
        .with_context(|| format!("{} cannot be made", several.display()))?;
    for (number, graded) in (1..).zip(&summary.graded) {
        let name = file_name(&report::name(graded));
        write(&several.join(format!("{number:03}-{name}.json")), graded)?;
    }
    Ok(())
}

/// Folders of students may be called anything.
fn file_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let all: Vec<char> = name.chars().map(plain).collect();
    all[all.len().saturating_sub(60)..].iter().collect()
}

fn results(graded: &Graded) -> Value {
    let verdict = &graded.verdict;
    let mut output: Vec<&str> = verdict.reason.iter().map(String::as_str).collect();
    output.extend(verdict.notes.iter().map(String::as_str));
    json!({
        "score": verdict.points,
        "execution_time": graded.seconds.round() as u64,
        "output": output.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        // What a program prints is nobody's business but its author's, and stands nowhere here.
        "stdout_visibility": "hidden",
        "tests": verdict.tests.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(test: &Tested) -> Value {
    let reason = escaped(test.reason.as_deref().unwrap_or_default());
    let picture = test.picture.as_ref().map(|picture| {
        let (words, svg) = (escaped(&picture.words), STANDARD.encode(&picture.svg));
        format!("<p><img alt=\"{words}\" src=\"data:image/svg+xml;base64,{svg}\"></p>")
    });
    json!({
        "name": test.title,
        "number": test.id,
        "score": test.points,
        "max_score": test.most,
        "status": if test.passed { "passed" } else { "failed" },
        "output": format!("{reason}{}", picture.unwrap_or_default()),
        "output_format": "html",
        "visibility": "visible",
    })
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::verdict::{Picture, Verdict};

    fn graded(student: &str) -> Graded {
        let test = |id: &str, passed: bool| Tested {
            id: id.to_owned(),
            title: format!("{id} is right"),
            points: if passed { 2.0 } else { 0.0 },
            most: 2.0,
            passed,
            reason: (!passed).then(|| "3 was expected, and <4> came".to_owned()),
            picture: (!passed).then(|| Picture {
                svg: "<svg/>".to_owned(),
                words: "2 \"lanes\"".to_owned(),
            }),
            seconds: 0.25,
            doubt: None,
        };
        Graded {
            notebook: "sum.ipynb".into(),
            student: Some(student.to_owned()),
            verdict: Verdict {
                assignment: "sum".to_owned(),
                points: 2.0,
                most: 4.0,
                reason: None,
                notes: vec!["a note".to_owned()],
                tests: vec![test("one", true), test("two", false)],
                seed: 7,
                sandbox: true,
                resources: Default::default(),
                doubt: None,
            },
            seconds: 1.6,
            unchanged: false,
        }
    }

    #[test]
    fn one_submission_is_written_as_gradescope_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut summary = Summary {
            graded: vec![graded("ada")],
            ..Summary::default()
        };
        publish(&summary, folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
        let results: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(results["score"], 2.0);
        assert_eq!(results["output"], "a note");
        let [one, two] = &results["tests"].as_array().unwrap()[..] else {
            panic!("{results}");
        };
        assert_eq!(
            (&one["status"], &one["output"]),
            (&json!("passed"), &json!(""))
        );
        assert_eq!(
            (&two["status"], &two["max_score"]),
            (&json!("failed"), &json!(2.0))
        );
        let shown = "3 was expected, and &lt;4&gt; came<p><img alt=\"2 &quot;lanes&quot;\" src=\"data:image/svg+xml;base64,PHN2Zy8+\"></p>";
        assert_eq!(two["output"], shown);
        // Nothing of an earlier grading is left.
        summary.graded.push(graded("../../O'Brien"));
        publish(&summary, folder.path()).unwrap();
        assert!(!folder.path().join("results.json").exists());
        let mut names: Vec<_> = std::fs::read_dir(folder.path().join("results"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["001-ada.json", "002-______O_Brien.json"]);
        summary.graded.clear();
        publish(&summary, folder.path()).unwrap();
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
