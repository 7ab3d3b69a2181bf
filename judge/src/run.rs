//! The judge's `main`.

use crate::asked::Starter;
use crate::draw::Random;
use crate::test::{Judge, Verdict};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// A hidden test: its cell's id, and its code.
pub type Test = (&'static str, fn(&mut Judge) -> Verdict);

/// Judges one submission. `cargo lab grade` starts it with
/// `--seed N --work FOLDER --memory BYTES [--no-sandbox] -- COMMAND…` and reads one line for each
/// test: its id, `passed`, `failed` or `broken`, its seconds and a sentence, with tabs between.
///
/// Blocks until all tests have ended.
pub fn run(tests: &[Test]) -> ExitCode {
    let Some((seed, starter)) = arguments() else {
        eprintln!("a judge is started by `cargo lab grade`");
        return ExitCode::from(2);
    };
    // A test's panic is told on its line.
    std::panic::set_hook(Box::new(|_| {}));
    for (number, (id, test)) in (0..).zip(tests) {
        let started = Instant::now();
        let mut judge = Judge::new(starter.clone(), number, Random::from_seed(mixed(seed, id)));
        let verdict = catch_unwind(AssertUnwindSafe(|| {
            let verdict = test(&mut judge);
            drop(judge);
            verdict
        }));
        let (word, sentence) = match verdict {
            Ok(Ok(())) => ("passed", String::new()),
            Ok(Err(failed)) => ("failed", failed.to_string()),
            Err(panic) => ("broken", message(&*panic)),
        };
        let sentence: String = sentence
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
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

fn arguments() -> Option<(u64, Starter)> {
    let mut given = std::env::args().skip(1);
    let (mut seed, mut work, mut memory, mut sandboxed) = (None, None, None, true);
    while let Some(name) = given.next() {
        match name.as_str() {
            "--seed" => seed = given.next()?.parse().ok(),
            "--work" => work = given.next().map(PathBuf::from),
            "--memory" => memory = given.next()?.parse().ok(),
            "--no-sandbox" => sandboxed = false,
            "--" => break,
            _ => return None,
        }
    }
    let command: Vec<String> = given.collect();
    let starter = Starter {
        command: (!command.is_empty()).then_some(command)?,
        work: work?,
        memory: memory?,
        sandboxed,
    };
    Some((seed?, starter))
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
