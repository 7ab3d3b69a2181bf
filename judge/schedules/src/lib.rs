//! The trusted half of a program that tries a solution in every schedule.
//!
//! `cargo lab grade` makes such a program of three: the student's text with the teacher's scenarios
//! around it, a crate that knows nothing but `explored-std`; `interleavings`, which searches; and this
//! one, which has the line to the judge. The student's crate is compiled before the program's `main`
//! and has no name for anything here. What a scenario comes to is written down by `Debug` of the
//! teacher's types and handed over; what it should have come to, the judge alone knows.
//!
//! For: `cargo lab grade`. Not for: exploring a program of one's own, which is `interleavings`.

mod filter;
#[path = "../../src/found.rs"]
mod found;
#[allow(dead_code, reason = "only the judge gathers messages from pieces")]
#[path = "../../src/frame.rs"]
mod frame;

use found::{Asked, Fails, Found, MOST_ENDS, MOST_STEPS, Plain};
use interleavings::{Bound, Doing, Failure, Report, Search, Sketch};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::File;
use std::os::fd::{FromRawFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The same as the ordinary program's, in `judge/src/program.rs`.
const QUESTIONS: RawFd = 200;
const ANSWERS: RawFd = 201;
/// Longer than the judge waits: it is the number of schedules that ends a search, so that a busy machine
/// changes no verdict.
const TIME: Duration = Duration::from_secs(60);

/// So many schedules are tried at first.
const FIRST: u64 = 100;

/// One scenario with its arguments: what it comes to, encoded and in words.
pub type Scenario = Arc<dyn Fn() -> (Vec<u8>, String) + Send + Sync>;

/// A scenario, its arguments decoded; `None` where they are of other types.
pub fn scenario<I, E>(input: &[u8], run: fn(I) -> E) -> Option<Scenario>
where
    I: DeserializeOwned + Clone + Send + Sync + 'static,
    E: Serialize + Debug + 'static,
{
    let input: I = rmp_serde::from_slice(input).ok()?;
    Some(Arc::new(move || {
        let end = run(input.clone());
        // What cannot be encoded is no end that the judge knows.
        let bytes = rmp_serde::to_vec(&end).unwrap_or_default();
        (bytes, format!("{end:?}"))
    }))
}

/// Answers questions until there are no more. From here on the process can do nothing else.
///
/// Ends the process where it is not understood, or where the system has no filters.
pub fn serve(scenario_of: fn(&str, &[u8]) -> Option<Scenario>) {
    if let Err(error) = filter::only_the_line(QUESTIONS, ANSWERS) {
        eprintln!("system calls cannot be filtered here: {error}");
        std::process::exit(1);
    }
    // SAFETY: the judge put a pipe at this number before the program began, and nothing else in this
    // process was told of it. If there is none, reading fails and the program ends.
    let mut questions = unsafe { File::from_raw_fd(QUESTIONS) };
    // SAFETY: as above.
    let mut answers = unsafe { File::from_raw_fd(ANSWERS) };
    while let Ok(message) = frame::read(&mut questions) {
        let Some(answer) = answer(&message, scenario_of) else {
            break;
        };
        if frame::write(&mut answers, &answer).is_err() {
            break;
        }
    }
    // A schedule that came to no end does not keep the program.
    std::process::exit(0);
}

fn answer(message: &[u8], scenario_of: fn(&str, &[u8]) -> Option<Scenario>) -> Option<Vec<u8>> {
    let (number, question, input): (u64, String, Vec<u8>) = rmp_serde::from_slice(message).ok()?;
    let asked: Asked = rmp_serde::from_slice(&input).ok()?;
    let scenario = scenario_of(&question, &asked.2)?;
    let found = rmp_serde::to_vec(&explore(scenario, asked)).ok()?;
    rmp_serde::to_vec(&(number, found)).ok()
}

/// Tries every schedule up to the first that fails; where an end is given, up to the first that comes to it.
fn explore(scenario: Scenario, (key, most, _, wanted): Asked) -> Found {
    let ends = Arc::new(Mutex::new(BTreeSet::new()));
    let into = Arc::clone(&ends);
    let program = move || {
        let (end, words) = scenario();
        if wanted.as_ref() == Some(&end) {
            panic!("it ends in {words}");
        }
        let mut ends = into.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() <= MOST_ENDS {
            ends.insert(end);
        }
    };
    let program = Arc::new(program);
    let mut bound = FIRST.min(most);
    let report = loop {
        let program = Arc::clone(&program);
        let search = Search::new().reduced().time(TIME).depth(MOST_STEPS);
        let report = search.schedules(bound).run(move || program());
        // Schedules that are given up take longest, and one of them is enough: so more are tried only
        // where there was none.
        let goes_on = matches!(report.bound(), Some(Bound::Schedules(_))) && report.cut() == 0;
        if !goes_on || bound == most {
            break report;
        }
        bound = bound.saturating_mul(10).min(most);
    };
    let ends = std::mem::take(&mut *ends.lock().unwrap_or_else(PoisonError::into_inner));
    let words = short(report.to_string().lines().next().unwrap_or_default());
    let tried = (report.schedules(), report.passed(), words);
    let fails = report.failure().map(|failure| fails(failure, &report));
    (key, tried, ends.into_iter().collect(), fails)
}

fn fails(failure: &Failure, report: &Report) -> Fails {
    let steps = failure.steps().iter().take(MOST_STEPS);
    let steps = steps.map(|step| (short(step.thread()), short(step.operation())));
    let picture = report.run().map(|run| plain(run.sketch()));
    (
        short(failure.message()),
        short(failure.thread().unwrap_or_default()),
        steps.collect(),
        picture.unwrap_or_default(),
    )
}

/// Names and messages are the student's: what is handed over has a length.
fn short(text: &str) -> String {
    text.chars().take(500).collect()
}

fn plain(sketch: &Sketch) -> Plain {
    let lanes = sketch.lanes.iter();
    let lanes = lanes.map(|lane| {
        (
            short(&lane.name),
            lane.parent,
            lane.began,
            lane.ended,
            lane.panicked,
        )
    });
    let stretches = sketch.stretches.iter().map(|one| {
        let doing = match one.doing {
            Doing::Held => 0,
            Doing::Waited => 1,
            Doing::Step => 2,
        };
        (one.lane, doing, short(&one.label), one.from, one.to)
    });
    (lanes.collect(), stretches.collect())
}
