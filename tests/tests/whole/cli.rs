//! `cargo lab` as its users call it: what it answers, and with which exit code.

use end_to_end::commands::BoundedOutput;
use end_to_end::processes::{Guard, MARK, wait_until, wait_until_begun, with_variable};
use end_to_end::{books, cargo_lab, repository, said};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Runs a notebook made of one cell, behind one that passes; returns the exit code and the report.
fn run(cell: &str, tags: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notebook = books::write(
        folder.path(),
        "one.ipynb",
        &[("let ready = 1;", &[]), (cell, tags)],
    );
    let output = cargo_lab(&["run"]).arg(notebook).bounded_output();
    (output.status.code().unwrap_or(-1), said(&output))
}

#[test]
fn a_cell_that_writes_to_stderr_fails_unless_it_is_tagged() {
    let (code, report) = run("eprintln!(\"a warning\");", &[]);
    assert!(
        code == 1 && report.contains("a warning") && report.contains("cell 2"),
        "{report}"
    );
    let (code, report) = run("eprintln!(\"a warning\");", &["stderr-expected"]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_cell_tagged_to_fail_must_fail() {
    assert_eq!(run("panic!(\"as announced\");", &["raises-exception"]).0, 0);
    let (code, report) = run("let fine = 2;", &["raises-exception"]);
    assert!(code == 1 && report.contains("did not fail"), "{report}");
}

#[test]
fn a_failure_names_the_notebook_the_cell_its_source_and_its_output() {
    let (code, report) = run("println!(\"so far\");\nlet wrong: i32 = \"text\";", &[]);
    assert_eq!(code, 1);
    for part in [
        "one.ipynb",
        "cell 2",
        "let wrong: i32 = \"text\";",
        "mismatched types",
    ] {
        assert!(report.contains(part), "{part:?} is not in: {report}");
    }
}

#[test]
fn a_cell_that_ends_its_process_and_too_much_output_are_failures() {
    let (code, report) = run("std::process::exit(3);", &[]);
    assert!(
        code == 1 && report.contains("ended with exit code 3"),
        "{report}"
    );
    let (code, report) = run(
        "for number in 0..200_000 { println!(\"line {number}\"); }",
        &[],
    );
    assert!(code == 5 && report.contains("1 MiB"), "{report}");
}

/// Under JupyterLab that folder is everybody's.
#[test]
fn a_cell_that_empties_the_folder_for_temporary_files_fails() {
    let (code, report) = run(
        "for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() { let _ = std::fs::remove_file(entry.path()); }",
        &[],
    );
    assert!(
        code == 1 && report.contains("removed other programs' files"),
        "{report}"
    );
}

#[test]
fn a_time_limit_ends_a_cell() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notebook = books::write(
        folder.path(),
        "endless.ipynb",
        &[("loop { std::hint::spin_loop() }", &[])],
    );
    let output = cargo_lab(&["run", "--timeout", "2"])
        .arg(&notebook)
        .bounded_output();
    assert_eq!(output.status.code(), Some(5));
    assert!(
        said(&output).contains("time limit of 2 s"),
        "{}",
        said(&output)
    );
}

#[test]
fn bad_input_gets_one_sentence_and_the_other_notebooks_still_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a writable folder")
    };
    write("broken.ipynb", "{\"cells\": [");
    write("empty.ipynb", "");
    write(
        "python.ipynb",
        &std::fs::read_to_string(books::write(folder.path(), "x.ipynb", &[("1", &[])]))
            .expect("a file")
            .replace("rust", "python")
            .replace("Rust", "Python"),
    );
    books::write(folder.path(), "x.ipynb", &[("1 + 1", &[])]);
    let output = cargo_lab(&["run"]).arg(folder.path()).bounded_output();
    let report = said(&output);
    assert_eq!(output.status.code(), Some(3), "{report}");
    for name in ["broken", "empty", "python"] {
        assert!(
            report
                .lines()
                .any(|line| line.contains(&format!("{name}.ipynb"))),
            "{name}: {report}"
        );
    }
    assert!(
        !report.contains("panicked") && !report.contains("backtrace"),
        "{report}"
    );
    let output = cargo_lab(&["run", "no-such-notebook.ipynb"]).bounded_output();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("no-such-notebook.ipynb"),
        "{}",
        said(&output)
    );
}

#[test]
fn saving_twice_changes_nothing_and_out_writes_pages() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells: [(&str, &[&str]); 2] = [("let x = 2;", &[]), ("println!(\"{}\", x);\nx * 21", &[])];
    let notebook = books::write(folder.path(), "saved.ipynb", &cells);
    let other = books::write(folder.path(), "other.ipynb", &cells[..1]);
    let mut book: Value =
        serde_json::from_slice(&std::fs::read(&other).expect("a notebook")).expect("JSON");
    let link = json!({
        "cell_type": "markdown", "id": "link", "metadata": {},
        "source": "See [the other](saved.ipynb#cell-id=cell-1).",
    });
    book["cells"].as_array_mut().expect("cells").push(link);
    std::fs::write(&other, book.to_string()).expect("a writable folder");
    let save = || {
        let output = cargo_lab(&["run", "--save"])
            .arg(&notebook)
            .bounded_output();
        assert!(output.status.success(), "{}", said(&output));
        std::fs::read(&notebook).expect("the notebook")
    };
    let first = save();
    let book: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(
        book["cells"][1]["outputs"][1]["data"]["text/plain"][0],
        "42"
    );
    assert_eq!(first, save(), "the second save changes nothing");
    let out = folder.path().join("out");
    let output = cargo_lab(&["run"])
        .args([&notebook, &other])
        .arg("--out")
        .arg(&out)
        .bounded_output();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        std::fs::read_to_string(out.join("saved.html"))
            .expect("a page")
            .contains("42")
    );
    assert!(out.join("saved.ipynb").is_file());
    let page = |name: &str| std::fs::read_to_string(out.join(name)).expect("a page");
    assert!(page("other.html").contains("href=\"saved.html#cell-id=cell-1\""));
    assert!(page("saved.html").contains("id=\"cell-id=cell-1\""));
}

#[test]
fn ctrl_c_ends_a_run_within_two_seconds_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notebook = books::write(
        folder.path(),
        "endless.ipynb",
        &[("loop { std::hint::spin_loop() }", &[])],
    );
    let mark = folder.path().to_string_lossy().into_owned();
    let _guard = Guard::of(&mark);
    let program = lab_program();
    let mut run = std::process::Command::new(program)
        .args(["run", "--timeout", "300"])
        .arg(&notebook)
        .env(MARK, &mark)
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab starts");
    let mut lines = BufReader::new(run.stdout.take().expect("a pipe")).lines();
    lines
        .next()
        .expect("a line that says it has started")
        .expect("text");
    wait_until_begun("the cells' process computes", || {
        with_variable(MARK, &mark).into_iter().any(is_computing)
    });
    let started = Instant::now();
    kill(Pid::from_raw(run.id() as i32), Signal::SIGINT).expect("it runs");
    let status = run.wait().expect("a child");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(status.code(), Some(130));
    wait_until("no process is left", || {
        with_variable(MARK, &mark).is_empty()
    });
}

#[test]
fn a_second_set_up_changes_nothing() {
    let root = repository();
    let state = || {
        let files = ["installed.json", "config/init.evcxr", "rust-src/version"];
        files.map(|file| {
            std::fs::metadata(root.join(".lab").join(file))
                .and_then(|file| file.modified())
                .expect(file)
        })
    };
    let before = state();
    let output = cargo_lab(&["setup"]).bounded_output();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(before, state());
}

#[test]
fn a_machine_without_a_c_compiler_is_told_so_in_one_sentence() {
    let nothing = tempfile::tempdir().expect("a temporary folder");
    let output = std::process::Command::new(lab_program())
        .arg("setup")
        .env("PATH", nothing.path())
        .bounded_output();
    assert_eq!(output.status.code(), Some(1));
    let report = said(&output);
    assert!(
        report.contains("No C compiler")
            && report.contains("apt-get install")
            && report.lines().count() == 1,
        "{report}"
    );
}

#[test]
fn the_environment_has_the_pins_of_environment_yml() {
    let home = lab::home::Home::at(&repository()).expect("the repository");
    let pins = lab::environment::pins(&home).expect("pins");
    assert!(
        pins.iter().any(|pin| pin.starts_with("jupyterlab==")),
        "{pins:?}"
    );
    let output = end_to_end::tool("python")
        .args(["-m", "pip", "freeze", "--disable-pip-version-check"])
        .bounded_output();
    let normal = |name: &str| name.to_lowercase().replace('_', "-");
    let installed: Vec<String> = said(&output).lines().map(normal).collect();
    for pin in &pins {
        assert!(
            installed.contains(&normal(pin)),
            "{pin} is not what is installed: {installed:?}"
        );
    }
    // conda's toolchain is the one that rustup takes.
    let text = |file: &str| std::fs::read_to_string(home.root.join(file)).expect(file);
    let channel = text("rust-toolchain.toml").lines().find_map(|line| {
        line.strip_prefix("channel = ")
            .map(|v| v.trim_matches('"').to_owned())
    });
    assert!(text("environment.yml").contains(&format!("- rust={} ", channel.expect("a channel"))));
}

/// The program itself, without cargo in between, which would take the signal for itself.
pub(crate) fn lab_program() -> std::path::PathBuf {
    assert!(cargo_lab(&["--version"]).bounded_output().status.success());
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), Into::into);
    Path::new(&target).join("debug/lab")
}

/// Whether a process runs cells and has used half a second of processor time.
fn is_computing(pid: i32) -> bool {
    let is_cells = std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|e| String::from_utf8_lossy(&e).contains("EVCXR_IS_RUNTIME=1"));
    is_cells && lab::proc::process(pid).is_some_and(|stat| stat.ticks > 50)
}
