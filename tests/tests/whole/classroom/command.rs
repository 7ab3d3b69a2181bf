//! `cargo lab grade` itself: exit codes, files, what is graded again.

use super::course::{Course, MOST, REFERENCE, STUB, grade};
use super::landlock::forbidden_bwrap;
use end_to_end::commands::BoundedOutput;
use end_to_end::{cargo_lab, repository, said};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;

#[test]
fn only_what_changed_is_graded_again() {
    let course = Course::new();
    let first = course.submit("first", REFERENCE);
    course.submit("second", STUB);
    let submitted = course.submitted();
    let unchanged = |report: &Value| -> Vec<bool> {
        let graded = report["graded"].as_array().expect("a list");
        graded.iter().map(|one| one["unchanged"] == true).collect()
    };
    // The title is the test's own, so that no earlier run has these verdicts.
    let source = course.path().join("source/sum/sum.ipynb");
    let retitle = |title: &str| {
        let text = std::fs::read_to_string(&source).expect("the source");
        let place = course.path().display().to_string();
        let text = text.replace("Many numbers.", &format!("Many numbers: {title} {place}"));
        std::fs::write(&source, text).expect("disk space");
    };
    retitle("once");
    assert_eq!(unchanged(&grade(&[&submitted], &[])), [false, false]);
    let again = grade(&[&submitted], &[]);
    assert_eq!(unchanged(&again), [true, true]);
    assert_eq!(again["graded"][0]["points"], MOST);
    // Outputs and other cells are no change; the solution is; so is a test.
    let text = std::fs::read_to_string(&first).expect("a submission");
    std::fs::write(&first, text.replace("sum(vec![1, 2])", "sum(vec![1, 1])")).expect("disk space");
    assert_eq!(unchanged(&grade(&[&submitted], &[])), [true, true]);
    course.submit("second", REFERENCE);
    // The first one's verdict is on the same text.
    let same = grade(&[&submitted], &[]);
    assert_eq!(unchanged(&same), [true, true]);
    assert_eq!(same["graded"][1]["points"], MOST);
    course.submit(
        "second",
        &REFERENCE.replace("numbers.iter()", "numbers.clone().iter()"),
    );
    assert_eq!(unchanged(&grade(&[&submitted], &[])), [true, false]);
    // A seed is asked for in order to see it happen.
    let seeded = grade(&[&first], &["--seed", "7"]);
    assert_eq!(unchanged(&seeded), [false]);
    assert_eq!(seeded["graded"][0]["seed"], 7);
}

#[test]
fn the_table_the_files_and_the_exit_code() {
    repository();
    let course = Course::new();
    let right = course.submit("right", REFERENCE);
    let wrong = course.submit("wrong", "fn sum(_: Vec<u32>) -> u64 { 1 }");
    let out = course.path().join("out");
    let mut command = cargo_lab(&["grade", "--out"]);
    let output = command.arg(&out).args([&right, &wrong]).bounded_output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields = |name: &str| -> Vec<String> {
        let line = told.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name} is not in {told}"));
        line.split_whitespace().take(4).map(str::to_owned).collect()
    };
    assert_eq!(fields("right"), ["right", "sum", "3/3", "2/2"]);
    assert_eq!(fields("wrong"), ["wrong", "sum", "0/3", "0/2"]);
    assert!(told.contains("many (2 points): the sum of ["), "{told}");
    let json: Value =
        serde_json::from_slice(&std::fs::read(out.join("grades.json")).expect("a file"))
            .expect("JSON");
    assert_eq!(json["graded"][0]["student"], "right");
    let xml = std::fs::read_to_string(out.join("grades.xml")).expect("a file");
    assert!(
        xml.contains("tests=\"4\"") && xml.contains("failures=\"2\""),
        "{xml}"
    );

    // One that belongs to no assignment does not keep the others from being graded.
    let unknown = course.write("submitted/right/other.ipynb", "{}");
    let output = cargo_lab(&["grade"])
        .args([&unknown, &right])
        .bounded_output();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("3/3")
            && said(&output).contains("no assignment has a notebook called other.ipynb")
    );
    let output = cargo_lab(&["grade", "--frobnicate"]).bounded_output();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn without_a_sandbox_grading_refuses_unless_it_is_told_not_to() {
    let course = Course::new();
    let right = course.submit("right", REFERENCE);
    // A search path with everything but bubblewrap, and no way to install it.
    let bin = course.path().join("bin");
    std::fs::create_dir(&bin).expect("a writable folder");
    for name in ["rustc", "cargo", "cc", "ld", "as", "cp", "sh", "cat"] {
        let path = std::env::var_os("PATH").expect("a search path");
        let found = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file());
        if let Some(program) = found {
            std::os::unix::fs::symlink(program, bin.join(name)).expect("a link");
        }
    }
    let program = repository().join("target/debug/lab");
    let run_with = |options: &[&str], landlock: bool| {
        let mut command = std::process::Command::new(&program);
        lab::template::without_callers_cargo(&mut command);
        command
            .env("PATH", &bin)
            .arg("grade")
            .args(options)
            .arg(&right);
        if !landlock {
            without_landlock(&mut command);
        }
        command.bounded_output()
    };
    let run = |options: &[&str]| run_with(options, true);
    let refused = run(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let sentence = said(&refused);
    assert!(
        sentence.contains("bubblewrap is missing: install it") && sentence.contains("--no-sandbox"),
        "{sentence}"
    );
    // One that is there, and may make no namespace, on a kernel without Landlock.
    let bwrap = bin.join("bwrap");
    std::fs::copy(forbidden_bwrap().path().join("bwrap"), &bwrap).expect("a writable folder");
    let refused = run_with(&[], false);
    assert_eq!(refused.status.code(), Some(1));
    let sentence = said(&refused);
    assert!(
        sentence.contains("cannot make one here (bwrap: No permissions to create new namespace), and its kernel has no Landlock either: ")
            && ["sysctl -w", "--cap-add SYS_ADMIN"]
                .iter()
                .any(|what_to_do| sentence.contains(what_to_do)),
        "{sentence}"
    );
    std::fs::remove_file(&bwrap).expect("an own file");
    let graded = run(&["--no-sandbox", "--json"]);
    let report: Value =
        serde_json::from_slice(&graded.stdout).unwrap_or_else(|_| panic!("{}", said(&graded)));
    assert_eq!(report["graded"][0]["points"], MOST, "{report:#}");
    assert_eq!(report["graded"][0]["sandbox"], false);
}

/// As on a kernel that does not know the call.
fn without_landlock(command: &mut std::process::Command) {
    const CREATE_RULESET: i64 = 444;
    const ENOSYS: u32 = 38;
    let filter = SeccompFilter::new(
        BTreeMap::from([(CREATE_RULESET, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(ENOSYS),
        std::env::consts::ARCH
            .try_into()
            .expect("a known processor"),
    );
    let filter: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    let set = move || apply_filter(&filter).map_err(std::io::Error::other);
    // SAFETY: it makes system calls on what was made before, as is asked of code between fork and exec.
    unsafe { command.pre_exec(set) };
}
