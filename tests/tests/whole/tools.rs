//! The tools that people run notebooks with: each passes on a good notebook, and takes each kind of
//! failure for a failure. (nbgrader: grader.rs. JupyterLab: browser.rs.)

use end_to_end::commands::{self, each};
use end_to_end::{books, repository, tool};
use lab::environment::Environment;
use lab::home::Home;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a notebook does in its first cell of two.
struct Case {
    name: &'static str,
    /// In one line, as a console takes it.
    code: &'static str,
    /// What a tool then shows.
    says: &'static [&'static str],
}

const CASES: [Case; 6] = [
    Case {
        name: "passes",
        code: "let x = 20; println!(\"{}\", x + 1); assert_eq!(x + 1, 21);",
        says: &[],
    },
    Case {
        name: "panics",
        code: "let x = 20; assert_eq!(x + 1, 22, \"x is {x}\");",
        says: &[
            "panic: assertion `left == right` failed: x is 20",
            "right: 22",
            "--> cell [",
        ],
    },
    Case {
        name: "does-not-compile",
        code: "let text: String = 5;",
        says: &[
            "error[E0308]: mismatched types",
            "expected `String`, found integer",
        ],
    },
    Case {
        name: "question-mark",
        code: "std::fs::File::open(\"/nonexistent\")?;",
        says: &["Err: No such file or directory (os error 2)"],
    },
    Case {
        name: "exits",
        code: "std::process::exit(0);",
        says: &["Exit: the process that runs the cells ended with exit code 0"],
    },
    Case {
        name: "is-killed",
        code: "unsafe { support::libc::kill(support::libc::getpid(), 9) }; std::thread::park();",
        says: &["SIGKILL: the process that runs the cells was killed by SIGKILL"],
    },
];

const LAST: &str = "println!(\"behind {}\", 6 * 7);";

/// What tells nbclient's kinds of failure apart has been seen once `jupyter execute` saw all six.
const SHORT: &[Case] = CASES.split_at(4).0;

/// Runs a tool on a notebook for each case; `command` makes its command line and says where it
/// writes the notebook, if it does so for one that failed too.
fn check(cases: &[Case], command: impl Fn(&Path, &Path) -> (Command, Option<PathBuf>) + Sync) {
    repository();
    each(cases, |case| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cells: [(&str, &[&str]); 2] = [(case.code, &[]), (LAST, &[])];
        let notebook = books::write(folder.path(), "notebook.ipynb", &cells);
        let (mut command, written) = command(&notebook, folder.path());
        let ran = commands::run(command.current_dir(folder.path()), "");
        let passes = case.says.is_empty();
        assert_eq!(ran.passed, passes, "{}: {}", case.name, ran.said);
        for words in case.says {
            assert!(
                ran.said.contains(words),
                "{}: {words:?} is not in {}",
                case.name,
                ran.said
            );
        }
        if let Some(written) = written {
            let text = std::fs::read_to_string(&written).unwrap_or_default();
            assert_eq!(text.contains("21\\n\""), passes, "{}: {text}", case.name);
            assert_eq!(text.contains("behind 42"), passes, "{}: {text}", case.name);
        }
    });
}

#[test]
fn jupyter_execute() {
    check(&CASES, |notebook, _| {
        let mut command = tool("jupyter");
        command.args(["execute", "--inplace"]).arg(notebook);
        (command, Some(notebook.to_owned()))
    });
}

#[test]
fn jupyter_nbconvert() {
    check(SHORT, |notebook, _| {
        let mut command = tool("jupyter");
        command
            .args(["nbconvert", "--to", "notebook", "--execute", "--inplace"])
            .arg(notebook);
        (command, Some(notebook.to_owned()))
    });
}

#[test]
fn papermill() {
    check(SHORT, |notebook, folder| {
        let mut command = tool("papermill");
        let written = folder.join("milled.ipynb");
        command.arg("--no-progress-bar").arg(notebook).arg(&written);
        (command, Some(written))
    });
}

#[test]
fn papermill_puts_parameters_into_rust() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells: [(&str, &[&str]); 2] = [
        (
            "let n: i32 = 1; // how many\nlet name = \"\"; let list = vec![0.0];",
            &["parameters"],
        ),
        ("println!(\"{} {name} {list:?}\", n + 1);", &[]),
    ];
    let notebook = books::write(folder.path(), "notebook.ipynb", &cells);
    let milled = folder.path().join("milled.ipynb");
    let mut mill = tool("papermill");
    mill.arg("--no-progress-bar").arg(&notebook).arg(&milled);
    mill.args([
        "-p",
        "n",
        "3",
        "-r",
        "name",
        r#"a "b" \c"#,
        "-y",
        "list: [0.5, 1.0]",
    ]);
    let ran = commands::run(mill.current_dir(folder.path()), "");
    assert!(ran.passed, "{}", ran.said);
    let written = std::fs::read_to_string(&milled).expect("the notebook");
    assert!(written.contains("let n = 3;"), "{written}");
    assert!(written.contains(r#"4 a \"b\" \\c [0.5, 1.0]"#), "{written}");
    let mut help = tool("papermill");
    let ran = commands::run(help.arg("--help-notebook").arg(&notebook), "");
    assert!(ran.said.contains("n: i32 (default 1)"), "{}", ran.said);
    assert!(ran.said.contains("how many"), "{}", ran.said);
}

/// evcxr writes its own kernelspec over one that it takes for an old one of its own: from then on a
/// notebook that panics would pass.
#[test]
fn the_kernelspec_survives_its_kernel() {
    let home = Home::at(&repository()).expect("the repository");
    let environment = Environment::existing(&home);
    let ours = environment.kernels().join("rust");
    let jupyter = environment.prefix.join("share/jupyter");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut copy = tool("jupyter");
    copy.args(["kernelspec", "install", "--user", "--name", "rust"])
        .arg(&ours);
    let ran = commands::run(copy.env("XDG_DATA_HOME", folder.path()), "");
    assert!(ran.passed, "{}", ran.said);
    let copied = folder.path().join("jupyter/kernels/rust");
    let read = |folder: &Path| std::fs::read(folder.join("kernel.json")).expect("a kernelspec");
    let before = read(&ours);
    for (name, value) in [
        ("JUPYTER_PATH", jupyter.as_path()),
        ("XDG_DATA_HOME", folder.path()),
    ] {
        let cells: [(&str, &[&str]); 1] = [(CASES[1].code, &[])];
        let notebook = books::write(folder.path(), "notebook.ipynb", &cells);
        let mut execute = tool("jupyter");
        execute.arg("execute").arg(&notebook).env(name, value);
        let ran = commands::run(&mut execute, "");
        assert!(!ran.passed, "{name}: {}", ran.said);
        assert!(
            ran.said.contains("panic: assertion"),
            "{name}: {}",
            ran.said
        );
        for folder in [&ours, &copied] {
            assert!(read(folder) == before, "{name}: {}", folder.display());
        }
    }
}

#[test]
fn pytest_nbmake() {
    check(SHORT, |notebook, _| {
        let mut command = tool("python");
        command
            .args([
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--nbmake",
                "--nbmake-kernel=rust",
            ])
            .arg(notebook);
        (command, None)
    });
}

/// It runs all that it is given as one cell, and gives that ten seconds, a fresh kernel's start
/// among them: too few for a busy machine, so here it is given more.
#[test]
fn jupyter_run() {
    const MORE_TIME: &str =
        "import jupyter_client.runapp as app; app.OUTPUT_TIMEOUT = 120; app.main()";
    repository();
    each(&CASES, |case| {
        let mut command = tool("python");
        command.args(["-c", MORE_TIME, "--kernel", "rust"]);
        let ran = commands::run(&mut command, &[case.code, LAST].join("\n"));
        let passes = case.says.is_empty();
        assert_eq!(ran.passed, passes, "{}: {}", case.name, ran.said);
        assert_eq!(
            ran.said.contains("21\nbehind 42"),
            passes,
            "{}: {}",
            case.name,
            ran.said
        );
        for words in case.says {
            assert!(
                ran.said.contains(words),
                "{}: {words:?} is not in {}",
                case.name,
                ran.said
            );
        }
    });
}

/// A line of stdin is a cell. A console goes on after an error, so it is seen by what is shown.
#[test]
fn jupyter_console() {
    let mut command = tool("jupyter");
    command.args([
        "console",
        "--kernel=rust",
        "--simple-prompt",
        "--no-confirm-exit",
    ]);
    let input: String = CASES
        .iter()
        .map(|case| format!("{}\n{LAST}\n", case.code))
        .collect();
    let ran = commands::run(&mut command, &format!("{input}6 * 7\n"));
    assert!(ran.passed, "{}", ran.said);
    let mut shown: Vec<&str> = ran.said.split("In [").skip(1).collect();
    // The last prompt met the end of stdin.
    assert_eq!(shown.len(), 2 * CASES.len() + 2, "{}", ran.said);
    for (at, case) in CASES.iter().enumerate() {
        let (cell, next) = (shown[2 * at], shown[2 * at + 1]);
        assert!(
            cell.starts_with(&format!("{}]: ", 2 * at + 1)),
            "counted from 1: {}",
            ran.said
        );
        for words in case
            .says
            .iter()
            .chain(case.says.is_empty().then_some(&"21\n"))
        {
            assert!(
                cell.contains(words),
                "{}: {words:?} is not in {cell}",
                case.name
            );
        }
        assert!(next.contains("behind 42\n"), "after {}: {next}", case.name);
    }
    assert!(
        shown.split_off(2 * CASES.len())[0].contains("Out[13]: 42"),
        "{}",
        ran.said
    );
}
