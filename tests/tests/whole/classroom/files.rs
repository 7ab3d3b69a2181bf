//! What a student may put in place of a file: links, pipes, folders. Nothing behind a link is
//! collected, graded or shown to them, and nobody waits for a pipe.

use super::course::{self, Course, MOST, REFERENCE, STUB};
use nix::sys::stat::Mode;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

fn pipe(at: &Path) {
    nix::unistd::mkfifo(at, Mode::S_IRWXU).expect("a pipe");
}

fn folder(at: PathBuf) -> PathBuf {
    fs::create_dir_all(&at).expect("a writable folder");
    at
}

#[test]
fn nothing_but_files_is_collected() {
    let course = Course::new();
    let exchange = tempfile::tempdir().expect("a temporary folder");
    let open = PermissionsExt::from_mode(0o777);
    fs::set_permissions(exchange.path(), open).expect("a folder");
    let inbound = folder(exchange.path().join("concurrency/inbound"));
    let came = |student: &str| inbound.join(format!("{student}+sum+2026-01-02 03:04:05 UTC"));
    let source = course.path().join("source/sum");
    let text = course::with_solution(&course::source(), STUB).to_string();

    let honest = folder(came("honest"));
    fs::write(honest.join("sum.ipynb"), &text).expect("disk space");
    fs::write(folder(honest.join("data")).join("a.txt"), "mine").expect("disk space");
    // Beside the notebook, links and a pipe.
    for name in ["a-file", "a-folder"] {
        let to = if name == "a-file" {
            source.join("sum.ipynb")
        } else {
            source.clone()
        };
        symlink(to, honest.join(name)).expect("a link");
    }
    pipe(&honest.join("a-pipe"));
    symlink(
        source.join("sum.ipynb"),
        folder(came("linker")).join("sum.ipynb"),
    )
    .expect("a link");
    symlink(&source, came("whole")).expect("a link");
    pipe(&folder(came("piper")).join("sum.ipynb"));
    fs::write(
        folder(came("large")).join("sum.ipynb"),
        vec![b' '; 101_000_000],
    )
    .expect("disk space");

    let root = format!("--Exchange.root={}", exchange.path().display());
    // Students' names are no accounts here.
    let any_owner = "--ExchangeCollect.check_owner=False";
    let ran = course.nbgrader(&["collect", "sum", &root, any_owner]);
    assert!(ran.passed, "{}", ran.said);
    let submitted = course.submitted();
    let collected = |place: &str| fs::read_to_string(submitted.join(place)).ok();
    assert_eq!(
        collected("honest/sum/sum.ipynb").as_deref(),
        Some(&*text),
        "{}",
        ran.said
    );
    assert_eq!(collected("honest/sum/data/a.txt").as_deref(), Some("mine"));
    let mut all: Vec<String> = glob::glob(&format!("{}/*/*/*", submitted.display()))
        .expect("a pattern")
        .flatten()
        .map(|path| {
            path.strip_prefix(&submitted)
                .expect("below")
                .display()
                .to_string()
        })
        .collect();
    all.sort();
    assert_eq!(
        all,
        ["honest/sum/data", "honest/sum/sum.ipynb"],
        "{}",
        ran.said
    );
    assert_eq!(
        ran.said.matches("Not collected: ").count(),
        7,
        "{}",
        ran.said
    );
}

#[test]
fn a_link_among_the_submitted_files_is_refused_and_shows_nobody_s_solution() {
    let course = Course::new();
    let must = |arguments: &[&str]| {
        let ran = course.nbgrader(arguments);
        assert!(ran.passed, "{arguments:?}: {}", ran.said);
    };
    must(&["generate_assignment", "sum"]);
    let mark = "// nobody else knows this line";
    course.submit("ada", &format!("{REFERENCE}\n{mark}"));
    let submitted = course.submitted();
    let hers = submitted.join("ada/sum/sum.ipynb");
    symlink(
        &hers,
        folder(submitted.join("linked-notebook/sum")).join("sum.ipynb"),
    )
    .expect("a link");
    symlink(
        submitted.join("ada/sum"),
        folder(submitted.join("linked-folder")).join("sum"),
    )
    .expect("a link");
    symlink(submitted.join("ada"), submitted.join("linked-student")).expect("a link");
    course.submit("linked-data", STUB);
    symlink(&hers, submitted.join("linked-data/sum/data.txt")).expect("a link");
    pipe(&folder(submitted.join("a-pipe/sum")).join("sum.ipynb"));
    course.submit("a-pipe-beside-it", STUB);
    pipe(&submitted.join("a-pipe-beside-it/sum/data.txt"));
    course.submit("a-pipe-for-the-time", STUB);
    pipe(&submitted.join("a-pipe-for-the-time/sum/timestamp.txt"));

    let ran = course.nbgrader(&["autograde", "sum"]);
    assert!(!ran.passed, "{}", ran.said);
    let refused = ran
        .said
        .matches("NbGraderException: a submission is not graded: ")
        .count();
    assert_eq!(refused, 7, "{}", ran.said);
    must(&["generate_feedback", "sum"]);
    for kind in ["autograded", "feedback"] {
        let mut names: Vec<String> = fs::read_dir(course.path().join(kind))
            .expect("a folder")
            .flatten()
            .filter(|student| {
                fs::read_dir(student.path()).is_ok_and(|mut below| below.next().is_some())
            })
            .map(|student| student.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["ada"], "{kind}: {}", ran.said);
    }
    must(&["export", "--to", "grades.csv"]);
    let grades = fs::read_to_string(course.path().join("grades.csv")).expect("the grades");
    for (student, score) in super::round::scores(&grades) {
        let expected = if student == "ada" { MOST } else { 0.0 };
        assert_eq!(score, expected, "{student}: {grades}");
    }
}
