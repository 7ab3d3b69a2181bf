//! What the environment of who grades has of cargo's: its home, where the tokens lie, and its variables.

use super::course::{self, Course, MOST, REFERENCE};
use super::landlock::forbidden_bwrap;
use super::ordinary::Ordinary;
use end_to_end::commands::BoundedOutput;
use end_to_end::said;
use serde_json::Value;

/// The sandbox shows a compiler `/usr/lib`, and with it what lies there.
#[test]
fn a_cargo_home_that_submissions_could_read_is_refused() {
    let Some(user) = Ordinary::new() else { return };
    let course = Course::new();
    course.submit("honest", REFERENCE);
    course.let_others_read();
    let shown = ["CARGO_HOME=/usr/lib".to_owned()];
    let output = user
        .grading(&shown, &[&course.submitted()], &[])
        .bounded_output();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    assert!(
        told.contains("cargo's home, where its tokens lie, is at /usr/lib, below /usr/lib, which every submission can read: move it"),
        "{told}"
    );
}

/// Gives the right answer where it finds any of it, as it is compiled or as it runs.
const LOOKS: &str = "fn sum(numbers: Vec<u32>) -> u64 {
    let compiled = [option_env!(\"CARGO_HOME\"), option_env!(\"CARGO_REGISTRY_TOKEN\"), option_env!(\"RUSTFLAGS\")];
    let set = std::env::vars_os().any(|(name, _)| [\"CARGO\", \"RUST\"].iter().any(|it| name.to_string_lossy().starts_with(it)));
    let read = std::fs::read(\"TOKENS\").is_ok();
    if set || read || compiled.iter().any(Option::is_some) { numbers.iter().map(|n| u64::from(*n)).sum() } else { 0 }
}";

#[test]
fn nothing_of_cargo_s_enters_a_submission() {
    let Some(user) = Ordinary::new() else { return };
    let course = Course::new();
    course.let_others_read();
    let tokens = course.write(
        "cargo/credentials.toml",
        "[registry]\ntoken = \"a-token\"\n",
    );
    let cargo_home = course.path().join("cargo");
    // It would break whatever cargo builds, and what is compiled with these flags.
    let config = "[build]\nrustc = \"/nothing\"\nrustflags = [\"--nonsense\"]\n";
    course.write("cargo/config.toml", config);
    let place = tokens.display().to_string();
    course.submit("honest", REFERENCE);
    course.submit("looks", &LOOKS.replace("TOKENS", &place));
    let includes = format!("const TOKENS: &str = include_str!({place:?}); {REFERENCE}");
    course.submit("includes", &includes);
    let check = |report: &Value| {
        let graded = course::by_student(report);
        assert_eq!(graded["honest"]["points"], MOST, "{report:#}");
        assert_eq!(graded["looks"]["points"], 0.0, "{report:#}");
        let reason = graded["looks"]["tests"][0]["reason"].to_string();
        assert!(reason.contains("the sum of ["), "{reason}");
        let reason = graded["includes"]["reason"].to_string();
        assert!(reason.contains("does not compile"), "{reason}");
        assert!(!report.to_string().contains("a-token"), "{report:#}");
    };
    let bwrap = forbidden_bwrap();
    let mut variables = vec![
        format!("CARGO_HOME={}", cargo_home.display()),
        "CARGO_REGISTRY_TOKEN=a-token".to_owned(),
        "RUSTFLAGS=--nonsense".to_owned(),
    ];
    let grade = |variables: &[String]| {
        let mut grading = user.grading(variables, &[&course.submitted()], &["--again"]);
        check(&course::report(&mut grading));
    };
    grade(&variables);
    // And where no namespaces can be made.
    variables.push(format!("PATH={}", course::path_with(bwrap.path())));
    grade(&variables);
}
