//! The judge's `main`.

use crate::bounds::Walls;
use crate::doubt::{Doubt, Doubts};
use crate::draw::Random;
use crate::starter::Starter;
use crate::test::{Judge, Verdict};
use crate::witness::Witness;
use crate::words;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// A hidden test: its cell's id, and its code.
pub type Test = (&'static str, fn(&mut Judge) -> Verdict);

/// Characters of a sentence, which may quote a whole answer.
const LONGEST: usize = 4000;

/// Judges one submission. `cargo lab grade` starts it with
/// `--seed N --work FOLDER --memory BYTES [--patience N] [--landlock | --no-sandbox] -- COMMAND…` and reads one line for each
/// test: its id, how it ended, its seconds and a sentence, with tabs between. It ended as `passed`,
/// `failed`, `killed` (perhaps by the machine), `busy` (others had the processors), `machine` (the
/// program was never started) or `broken` (the test itself panicked). With `--explored PROGRAM` that
/// one stands for the command's last word where every schedule is tried; `--unexplored SENTENCE` says
/// why there is none. With `--pictures FOLDER` the run of a test that failed is drawn to `ID.svg`, and
/// told in `ID.txt`.
///
/// Blocks until all tests have ended.
pub fn run(tests: &[Test]) -> ExitCode {
    let Some((seed, starter, pictures)) = arguments() else {
        eprintln!("a judge is started by `cargo lab grade`");
        return ExitCode::from(2);
    };
    // A test's panic is told on its line.
    std::panic::set_hook(Box::new(|_| {}));
    for (number, (id, test)) in (0..).zip(tests) {
        let started = Instant::now();
        let doubts = Doubts::default();
        let random = Random::from_seed(mixed(seed, id));
        let mut judge = Judge::new(starter.clone(), number, random, doubts.clone());
        let verdict = catch_unwind(AssertUnwindSafe(|| test(&mut judge)));
        let picture = judge.shown();
        drop(judge);
        let (word, sentence) = match (verdict, doubts.worst()) {
            (Ok(Ok(())), _) => ("passed", String::new()),
            (Ok(Err(failed)), None) => ("failed", failed.to_string()),
            (Ok(Err(failed)), Some(Doubt::Killed)) => ("killed", failed.to_string()),
            (Ok(Err(failed)), Some(Doubt::Busy)) => ("busy", failed.to_string()),
            (Ok(Err(failed)), Some(Doubt::Machine)) => ("machine", failed.to_string()),
            (Err(panic), _) => ("broken", message(&*panic)),
        };
        if matches!(word, "failed" | "killed" | "busy")
            && let Some((folder, picture)) = pictures.as_ref().zip(picture)
        {
            // A verdict without a picture is one all the same.
            let _ = picture.write(folder, id);
        }
        let sentence = words::short(&sentence, LONGEST);
        let seconds = started.elapsed().as_secs_f64();
        let said = writeln!(std::io::stdout(), "{id}\t{word}\t{seconds:.3}\t{sentence}");
        if said.is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Each test draws from numbers of its own: a test that is added changes no other's inputs.
fn mixed(seed: u64, id: &str) -> u64 {
    // FNV-1a.
    id.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

fn arguments() -> Option<(u64, Starter, Option<PathBuf>)> {
    let mut given = std::env::args().skip(1);
    let (mut seed, mut work, mut memory, mut walls) = (None, None, None, Walls::Namespaces);
    let (mut explored, mut pictures) = (None, None);
    let mut patience = 1;
    while let Some(name) = given.next() {
        match name.as_str() {
            "--seed" => seed = given.next()?.parse().ok(),
            "--work" => work = given.next().map(PathBuf::from),
            "--memory" => memory = given.next()?.parse().ok(),
            "--patience" => patience = given.next()?.parse().ok()?,
            "--landlock" => walls = Walls::Landlock,
            "--no-sandbox" => walls = Walls::None,
            "--explored" => explored = Some(Ok(given.next()?)),
            "--unexplored" => explored = Some(Err(given.next()?)),
            "--pictures" => pictures = given.next().map(PathBuf::from),
            "--" => break,
            _ => return None,
        }
    }
    let command: Vec<String> = given.collect();
    let starter = Starter {
        command: (!command.is_empty()).then_some(command)?,
        work: work?,
        memory: memory?,
        walls,
        explored,
        witness: Witness::default(),
        patience,
    };
    Some((seed?, starter, pictures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_draw_from_numbers_of_their_own() {
        assert_ne!(mixed(1, "a"), mixed(1, "b"));
        assert_ne!(mixed(1, "a"), mixed(2, "a"));
        assert_eq!(mixed(1, "a"), mixed(1, "a"));
    }
}
