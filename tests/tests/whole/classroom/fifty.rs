//! Verdicts beside a program that takes all the processor time there is: every reference solution and
//! every wrong one, again and again, with the same verdict each time. It takes hours, so it runs when it
//! is asked for, and `ROUNDS` says how often (50):
//!
//! ```sh
//! ROUNDS=50 cargo test -p end-to-end --test whole fifty -- --ignored --nocapture
//! ```

use super::course::grade;
use super::wrong::{failed, submit, submit_all};
use end_to_end::repository;
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Takes a core, or its share of one.
struct Busy(Child);

impl Busy {
    fn start() -> Busy {
        let mut shell = Command::new("sh");
        // It ends with this test, whatever ends that: its stdin is closed then.
        shell.args(["-c", "while :; do :; done & cat; kill $!"]);
        Busy(
            shell
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("a shell"),
        )
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "takes hours"]
fn verdicts_do_not_change_beside_a_busy_program() {
    let rounds = std::env::var("ROUNDS").ok();
    let rounds: u32 = rounds.map_or(50, |it| it.parse().expect("ROUNDS is a number"));
    let root = repository();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut expected = submit_all(folder.path());
    let sources = std::fs::read_dir(root.join("notebooks/assignments/source"));
    for source in sources.expect("a folder").flatten() {
        let name = source.file_name().to_string_lossy().into_owned();
        let place = folder.path().join(&name).join("reference");
        let notebook = submit(&root, &name, &place, str::to_owned);
        expected.insert(notebook.display().to_string(), Vec::new());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let _busy: Vec<Busy> = (0..cores).map(|_| Busy::start()).collect();
    let mut not_judged: BTreeMap<String, u32> = BTreeMap::new();
    for round in 1..=rounds {
        let started = Instant::now();
        let report = grade(&[folder.path()], &["--again"]);
        let failed = failed(report["graded"].as_array().expect("a list"));
        // One that could not be judged has lost nothing, and is told.
        for one in report["not_graded"].as_array().expect("a list") {
            *not_judged.entry(one["reason"].to_string()).or_default() += 1;
        }
        let other: Vec<_> = failed
            .iter()
            .filter(|(at, tests)| expected[*at] != **tests)
            .collect();
        println!(
            "round {round}: {} verdicts in {} s, {} others than expected; not judged so far: {not_judged:?}",
            failed.len(),
            started.elapsed().as_secs(),
            other.len()
        );
        assert!(other.is_empty(), "{other:#?}");
        assert!(
            failed.len() * 10 >= expected.len() * 9,
            "most are judged: {not_judged:#?}"
        );
    }
}
