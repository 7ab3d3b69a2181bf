//! nbgrader's whole round on the real tools: release, submit, autograde, feedback, export.

use super::course::{self, Course, MOST, REFERENCE, STUB};
use serde_json::json;

#[test]
fn release_submit_autograde_feedback() {
    let course = Course::new();
    let must = |arguments: &[&str]| {
        let ran = course.nbgrader(arguments);
        assert!(ran.passed, "{arguments:?}: {}", ran.said);
    };
    must(&["generate_assignment", "sum"]);
    let release = std::fs::read_to_string(course.path().join("release/sum/sum.ipynb"));
    let release = release.expect("a release");
    assert!(release.contains("todo!()") && release.contains("Many numbers."));
    for hidden in ["u64::from", "judge.random", "judge.ask", "solution::sum"] {
        assert!(!release.contains(hidden), "{hidden} is released");
    }
    course.write("submitted/as-handed-out/sum/sum.ipynb", &release);
    let handed_out = serde_json::from_str(&release).expect("JSON");
    let submit = |student: &str, solution: &str| {
        course.submit_book(student, &course::with_solution(&handed_out, solution))
    };
    submit("right", REFERENCE);
    submit(
        "half",
        "fn sum(n: Vec<u32>) -> u64 { if n.len() > 10 { n.iter().map(|n| *n as u64).sum() } else { 1 } }",
    );
    submit(
        "does-not-compile",
        "fn sum(n: Vec<u32>) -> u64 { \"three\" }",
    );
    submit(
        "exits",
        "fn sum(_: Vec<u32>) -> u64 { std::process::exit(0) }",
    );
    submit(
        "steals",
        &format!(
            "fn sum(n: Vec<u32>) -> u64 {{ let _ = std::fs::write(\"{0}/gradebook.db\", \"\"); n.len() as u64 }}",
            course.path().display()
        ),
    );
    // Tests that are gone, copied, or have become something else count as they stand in the source.
    let mut book = course::with_solution(&handed_out, REFERENCE);
    let cells = book["cells"].as_array_mut().expect("cells");
    cells.truncate(3);
    cells[2]["cell_type"] = json!("markdown");
    cells.push(cells[1].clone());
    cells.reverse();
    course.submit_book("right-and-rearranged", &book);
    let mut book = course::with_solution(&handed_out, STUB);
    for cell in book["cells"]
        .as_array_mut()
        .expect("cells")
        .iter_mut()
        .skip(1)
    {
        cell["metadata"] =
            json!({ "tags": ["skip-execution"], "nbgrader": cell["metadata"]["nbgrader"] });
        cell["metadata"]["nbgrader"]["points"] = json!(100);
        cell["source"] = json!("100.0");
        cell["outputs"] = json!([{ "output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": { "text/plain": "100.0" } }]);
    }
    course.submit_book("wants-more", &book);
    course.write("submitted/no-notebook/sum/sum.ipynb", "{\"cells\": [");

    let ran = course.nbgrader(&["autograde", "sum"]);
    assert!(
        !ran.passed,
        "one submission is no notebook, and nbgrader says so: {}",
        ran.said
    );
    must(&["export", "--to", "grades.csv"]);
    let grades = std::fs::read_to_string(course.path().join("grades.csv")).expect("the grades");
    let expected = [
        ("as-handed-out", 0.0),
        ("does-not-compile", 0.0),
        ("exits", 0.0),
        ("half", 2.0),
        ("no-notebook", 0.0),
        ("right", MOST),
        ("right-and-rearranged", MOST),
        ("steals", 0.0),
        ("wants-more", 0.0),
    ];
    assert_eq!(
        scores(&grades),
        expected.map(|(name, score)| (name.to_owned(), score)),
        "{}",
        ran.said
    );

    must(&["generate_feedback", "sum"]);
    let feedback = |student: &str| {
        let page = course
            .path()
            .join(format!("feedback/{student}/sum/sum.html"));
        std::fs::read_to_string(page).expect("the feedback")
    };
    assert!(
        feedback("half").contains("three sums: "),
        "why a test failed"
    );
    // And the run that failed: drawn by the judge, as an image that can do nothing.
    let drawn = "<img alt=\"Your program in the test that fails, seen from outside: ";
    let (half, right) = (feedback("half"), feedback("right"));
    assert_eq!(half.matches(drawn).count(), 1, "one test failed");
    assert!(!right.contains("<img alt"), "nothing failed");
    assert!(half.contains("src=\"data:image/svg+xml;base64,"));
    let said = feedback("does-not-compile");
    assert!(said.contains("(cell \"sum\", line 1): E0308"), "{said}");
    for student in ["half", "right", "right-and-rearranged", "wants-more"] {
        for hidden in ["judge.random", "judge.ask", "solution::sum"] {
            // Colours are put between a page's words.
            let page = plain(&feedback(student));
            assert!(page.contains("Many numbers."), "the tests' titles");
            assert!(!page.contains(hidden), "{student} is shown {hidden}");
        }
    }
}

/// A page without its tags.
fn plain(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text += before;
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text + rest
}

/// Each student's, from nbgrader's `grades.csv`.
pub fn scores(grades: &str) -> Vec<(String, f64)> {
    let mut lines = grades
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let titles = lines.next().expect("a line of titles");
    let column = |title: &str| {
        let found = titles.iter().position(|one| *one == title);
        found.unwrap_or_else(|| panic!("no column {title}"))
    };
    let (student, score) = (column("student_id"), column("score"));
    let mut scores: Vec<(String, f64)> = lines
        .map(|line| {
            (
                line[student].to_owned(),
                line[score].parse().expect("a number"),
            )
        })
        .collect();
    scores.sort_by(|one, other| one.0.cmp(&other.0));
    scores
}
