//! When the machine fails, nobody loses points by it: whatever fails by itself is tried again
//! alone, then told as not graded, and never kept.

use super::course::{self, Course, MOST, REFERENCE};
use end_to_end::commands::BoundedOutput;
use end_to_end::{cargo_lab, repository, said};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A bwrap that fails as a shell snippet says, which knows `$kind` (`compile` or `run`), `$count`
/// (calls of this kind so far) and `$bwrap` (the real one).
struct Faults {
    folder: tempfile::TempDir,
}

impl Faults {
    fn new(plan: &str) -> Faults {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = folder.path().display();
        let real = real("bwrap");
        let script = format!(
            "#!/bin/sh\nbwrap={real}\ncase \"$*\" in *' compile '*) kind=compile;; *' /program') kind=run;; *) exec $bwrap \"$@\";; esac\necho >> {at}/$kind; count=$(wc -l < {at}/$kind)\n{plan}\nexec $bwrap \"$@\"\n"
        );
        let bwrap = folder.path().join("bwrap");
        std::fs::write(&bwrap, script).expect("disk space");
        std::fs::set_permissions(&bwrap, PermissionsExt::from_mode(0o755)).expect("a file");
        Faults { folder }
    }

    /// The only submission of the course: what is written, and whether all could be graded.
    fn grade(&self, course: &Course, options: &[&str]) -> (Value, bool) {
        let path = course::path_with(self.folder.path());
        let mut command = grading(course, options);
        let output = command.env("PATH", path).bounded_output();
        let report = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        (report, output.status.success())
    }
}

fn grading(course: &Course, options: &[&str]) -> Command {
    let mut command = cargo_lab(&["grade", "--json", "--jobs", "1"]);
    command.args(options).arg(course.submitted());
    command
}

fn real(program: &str) -> String {
    let output = Command::new("which").arg(program).bounded_output();
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let path = Path::new(&path).canonicalize();
    path.expect("it is installed").display().to_string()
}

/// A course with one submission, which nobody has graded before.
fn course(solution: &str) -> Course {
    let course = Course::new();
    course.submit(
        "ada",
        &format!("{solution}\n// {}", course.path().display()),
    );
    course
}

/// The reference solution compiles once and runs twice before anybody else's does.
const FAULTS: [(&str, &str, &str); 4] = [
    (
        "a sandbox for the compiler that cannot be made",
        "[ $kind = compile ] && [ $count -ge 2 ] && { echo 'bwrap: no namespace' >&2; exit 1; }",
        "the compiler's sandbox could not be made: bwrap: no namespace",
    ),
    (
        "a sandbox for the program that cannot be made",
        "[ $kind = run ] && [ $count -ge 3 ] && { echo 'bwrap: no namespace' >&2; exit 1; }",
        "the program could not be started; its last words: bwrap: no namespace",
    ),
    (
        "a compiler that is killed",
        "[ $kind = compile ] && [ $count -ge 2 ] && { echo stands >&2; kill -9 $$; }",
        "the compiler was ended before it was done",
    ),
    (
        "a linker that is killed",
        "[ $kind = compile ] && [ $count -ge 2 ] && { args=$1; fd=$2; shift 2; exec $bwrap $args $fd --ro-bind KILLED LINKER \"$@\"; }",
        "cannot be linked: signal: 9 (SIGKILL)",
    ),
];

#[test]
fn a_machine_that_fails_costs_nobody_points() {
    let killed = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(killed.path(), "#!/bin/sh\nkill -9 $$\n").expect("disk space");
    std::fs::set_permissions(killed.path(), PermissionsExt::from_mode(0o755)).expect("a file");
    let killed = killed.into_temp_path();
    for (name, plan, reason) in FAULTS {
        let plan = plan
            .replace("KILLED", &killed.display().to_string())
            .replace("LINKER", &real("cc"));
        let course = course(REFERENCE);
        let (report, all) = Faults::new(&plan).grade(&course, &[]);
        assert!(!all, "{name}: {report:#}");
        assert_eq!(report["graded"], json!([]), "{name}");
        let said = report["not_graded"][0]["reason"]
            .as_str()
            .expect("a reason");
        assert!(said.contains(reason), "{name}: {said}");
        assert_eq!(report["not_graded"][0]["student"], "ada");
        // Once it is a moment's failure only, and the machine's later recovery: nothing was kept.
        let once = plan.replace("-ge", "-eq");
        let (report, all) = Faults::new(&once).grade(&course, &[]);
        assert!(all, "{name}: {report:#}");
        assert_eq!(report["graded"][0]["points"], MOST, "{name}: {report:#}");
        assert_eq!(report["graded"][0]["unchanged"], false);
    }
}

#[test]
fn where_the_reference_solution_fails_nobody_is_graded() {
    let course = course(REFERENCE);
    let plan = "[ $kind = run ] && { echo 'bwrap: no namespace' >&2; exit 1; }";
    let (report, all) = Faults::new(plan).grade(&course, &[]);
    assert!(!all && report["graded"] == json!([]), "{report:#}");
    let said = report["not_graded"][0]["reason"]
        .as_str()
        .expect("a reason");
    let expected = "the reference solution of sum could not be graded here (it could not be judged, twice: the program could not be started; its last words: bwrap: no namespace): mend that, then grade again";
    assert_eq!(said, expected);
    // Or the assignment is wrong, and the teacher is told where.
    let mut book = course::source();
    book["cells"][0]["source"] = REFERENCE.replace("sum()", "sum::<u64>() + 1").into();
    course.write("source/sum/sum.ipynb", book.to_string());
    let report = course::grade(&[&course.submitted()], &[]);
    let said = report["not_graded"][0]["reason"]
        .as_str()
        .expect("a reason");
    assert!(
        said.starts_with("the reference solution of sum itself gets 0/3 here (the sum of ["),
        "{said}"
    );
    let report = course::grade(&[&course.path().join("source")], &[]);
    assert_eq!(report["graded"][0]["points"], 0.0, "{report:#}");
}

#[test]
fn a_judge_that_dies_is_not_a_zero() {
    let course = course("fn sum(_: Vec<u32>) -> u64 { 666 }");
    let mut book = course::source();
    let test = &mut book["cells"][3]["source"];
    let text = test.as_str().expect("a text").replace(
        "sums.push(sum);",
        "if sum == 666 { std::process::abort() }\nsums.push(sum);",
    );
    assert!(text.contains("abort"), "{text}");
    *test = text.into();
    course.write("source/sum/sum.ipynb", book.to_string());
    course.submit("ben", REFERENCE);
    let report = course::grade(&[&course.submitted()], &["--again"]);
    assert_eq!(report["graded"][0]["points"], MOST, "{report:#}");
    assert_eq!(report["graded"].as_array().map(Vec::len), Some(1));
    let said = report["not_graded"][0]["reason"]
        .as_str()
        .expect("a reason");
    assert!(
        said.ends_with("the judge ended before the test \"again\""),
        "{said}"
    );
}

#[test]
fn a_grading_that_is_killed_leaves_what_it_did_and_names_what_it_was_at() {
    repository();
    let course = course(REFERENCE);
    let waits = "fn sum(_: Vec<u32>) -> u64 { for _ in 0..1000 { thread::sleep(Duration::from_millis(100)) } 0 }";
    let at = course.submit("bob", waits);
    let out = course.path().join("out");
    let place = out.display().to_string();
    let mut command = grading(&course, &["--again", "--out", &place]);
    let mut grading = command.stdout(Stdio::null()).spawn().expect("cargo");
    let started = Instant::now();
    let report = loop {
        let text = std::fs::read(out.join("grades.json")).unwrap_or_default();
        let report: Value = serde_json::from_slice(&text).unwrap_or_default();
        if report["begun"][0] == at.display().to_string() {
            break report;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{report:#}");
        std::thread::sleep(Duration::from_millis(5));
    };
    grading.kill().expect("a child");
    grading.wait().expect("a child");
    assert_eq!(report["graded"][0]["student"], "ada");
    assert_eq!(report["graded"][0]["points"], MOST, "{report:#}");
    let xml = std::fs::read_to_string(out.join("grades.xml")).expect("a file");
    assert!(xml.contains("<testsuite name=\"ada\""), "{xml}");
}

#[test]
fn a_folder_that_is_a_link_has_a_row() {
    let course = course(REFERENCE);
    let submitted = course.submitted();
    std::fs::create_dir(submitted.join("eve")).expect("a folder");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(submitted.join(to), submitted.join(from)).expect("a link");
    };
    link("eve/sum", "ada/sum");
    link("mallory", "ada");
    let output = cargo_lab(&["grade"]).arg(&submitted).bounded_output();
    let table = String::from_utf8_lossy(&output.stdout);
    let words = |name: &str| -> Vec<&str> {
        let row = table.lines().find(|line| line.starts_with(name));
        row.unwrap_or_else(|| panic!("{name} has no row: {table}"))
            .split_whitespace()
            .collect()
    };
    assert_eq!(words("ada")[1..4], ["sum", "3/3", "2/2"], "{table}");
    assert_eq!(words("eve")[1..4], ["sum", "0/3", "0/2"], "{table}");
    assert_eq!(words("mallory")[2..4], ["not", "graded"], "{table}");
    assert_eq!(
        table.matches("the submission is a link").count(),
        2,
        "{table}"
    );
    assert_eq!(output.status.code(), Some(1), "{table}");
}
