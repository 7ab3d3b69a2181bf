//! The same scenarios as in `semantics.py`, compared line by line.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::rc::{Rc, Weak};

use super::{Finally, Log, text};
use support::coroutine::{CloseError, Coroutine, Exit, State, Stop, Yielder};

/// Where a scenario ends otherwise than in Python, and how. The module's table says so.
const DIFFERENCES: [(&str, &str, &str); 3] = [
    ("close twice", "ok, ok", "ok, twice"),
    ("throw after the end", "raise boom", "stop None"),
    (
        "yield from, over",
        "yield 9, result None",
        "raise cannot yield from another: the coroutine has returned: make a new one to begin again",
    ),
];

#[test]
fn every_scenario_ends_as_in_python() {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/coroutine/semantics.py");
    let output = Command::new("python3").arg(program).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let python = String::from_utf8(output.stdout).unwrap();
    let python: Vec<(String, String)> = python
        .lines()
        .map(|line| line.split_once(": ").expect("a name and an outcome"))
        .map(|(name, outcome)| (name.to_string(), outcome.to_string()))
        .collect();
    let mut ours: BTreeMap<&str, String> = scenarios().into_iter().collect();
    for (name, theirs) in &python {
        let here = ours.remove(name.as_str());
        let here = here.unwrap_or_else(|| panic!("{name:?} was not played"));
        match DIFFERENCES.iter().find(|(of, ..)| of == name) {
            Some((_, there, otherwise)) => assert_eq!(
                (theirs.as_str(), here.as_str()),
                (*there, *otherwise),
                "{name}"
            ),
            None => assert_eq!(&here, theirs, "{name}: ours, Python's"),
        }
    }
    assert!(python.len() >= 30, "{python:?}");
    assert!(ours.is_empty(), "not played in Python: {ours:?}");
}

/// What came of a call, in words that are the same in Python.
fn outcome<Y: Debug, R: Debug>(call: impl FnOnce() -> Result<Y, Stop<R>>) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => format!("yield {value:?}"),
        Ok(Err(Stop::Returned(result))) => format!("stop {result:?}").replace("()", "None"),
        Ok(Err(Stop::Over(_))) => "stop None".into(),
        Ok(Err(Stop::Running)) => "running".into(),
        Ok(Err(Stop::NotStarted)) => "not started".into(),
        Ok(Err(_)) => "unknown".into(),
        Err(panic) => format!("raise {}", text(&*panic)),
    }
}

fn closed<Y: 'static, S: 'static, R: 'static>(gen_: &Coroutine<Y, S, R>) -> String {
    match catch_unwind(AssertUnwindSafe(|| gen_.close())) {
        Ok(Ok(())) => "ok".into(),
        Ok(Err(CloseError::Running)) => "running".into(),
        Ok(Err(CloseError::Yielded)) => "ignored".into(),
        Ok(Err(CloseError::Twice)) => "twice".into(),
        Ok(Err(_)) => "unknown".into(),
        Err(panic) => format!("raise {}", text(&*panic)),
    }
}

fn state<Y: 'static, S: 'static, R: 'static>(gen_: &Coroutine<Y, S, R>) -> String {
    match gen_.state() {
        State::Created => "created",
        State::Running => "running",
        State::Suspended => "suspended",
        _ => "closed",
    }
    .into()
}

type Ints<R = ()> = Coroutine<i32, i32, R>;

fn one_two(log: &Log) -> Ints<i32> {
    let log = log.clone();
    Coroutine::new(move |co| {
        log.push("start");
        let _finally = Finally(log, "finally");
        co.yield_(1);
        co.yield_(2);
        5
    })
}

fn echo(log: &Log) -> Ints<i32> {
    let log = log.clone();
    Coroutine::new(move |co| {
        let mut last = 0;
        loop {
            let got = co.yield_(last);
            log.push(got.map_or("got None".into(), |got| format!("got {got}")));
            last = got.unwrap_or(0);
        }
    })
}

/// A yield with Python's `except`.
fn yield_or(co: &Yielder<'_, i32, i32>, n: i32) -> Result<(), Box<dyn std::any::Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| co.yield_(n))).map(drop)
}

fn stubborn(log: &Log) -> Ints {
    let log = log.clone();
    Coroutine::new(move |co| {
        if yield_or(co, 1).is_err_and(|panic| panic.is::<Exit>()) {
            log.push("exit");
            co.yield_(2);
        }
        log.push("on");
        co.yield_(3);
    })
}

fn agreeable() -> Ints {
    Coroutine::new(|co| {
        let _ = yield_or(co, 1);
    })
}

fn angry() -> Ints {
    Coroutine::new(|co| {
        if yield_or(co, 1).is_err() {
            resume_unwind(Box::new("angry"));
        }
    })
}

fn failing(log: &Log) -> Ints<i32> {
    let log = log.clone();
    Coroutine::new(move |co| {
        co.yield_(1);
        let _finally = Finally(log, "finally");
        resume_unwind(Box::new("boom"))
    })
}

fn catching(log: &Log) -> Ints<i32> {
    let log = log.clone();
    Coroutine::new(move |co| {
        match yield_or(co, 1) {
            Err(panic) if panic.is::<Exit>() => resume_unwind(panic),
            Err(panic) => log.push(format!("caught {}", text(&*panic))),
            Ok(()) => {}
        }
        co.yield_(2);
        0
    })
}

/// A coroutine that calls this about itself, once.
fn within(log: &Log, call: impl FnOnce(&Ints) -> String + 'static) -> Rc<Ints> {
    let log = log.clone();
    Rc::new_cyclic(|own: &Weak<Ints>| {
        let own = own.clone();
        Coroutine::new(move |co| {
            {
                let own = own.upgrade().expect("somebody resumed it");
                log.push(state(&own));
                log.push(call(&own));
            }
            co.yield_(1);
        })
    })
}

fn outer(log: &Log, inner: Ints<i32>) -> Ints {
    let log = log.clone();
    Coroutine::new(move |co| {
        let _finally = Finally(log.clone(), "outer");
        let result = co.yield_from(inner);
        log.push(format!("result {result}"));
        co.yield_(9);
    })
}

fn scenarios() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut tell = |name, log: &Log| all.push((name, log.lines().join(", ")));
    next_and_the_end(&mut tell);
    sends(&mut tell);
    closes(&mut tell);
    from_within(&mut tell);
    panics(&mut tell);
    delegation(&mut tell);
    all
}

type Tell<'a> = &'a mut dyn FnMut(&'static str, &Log);

/// The outcomes first, then what the body noted meanwhile: as `tell` in Python.
fn lines(steps: &[String], notes: &Log, more: &[String]) -> Log {
    let log = Log::default();
    steps.iter().for_each(|step| log.push(step));
    notes.lines().iter().for_each(|note| log.push(note));
    more.iter().for_each(|step| log.push(step));
    log
}

fn next<R: Debug + 'static>(gen_: &Ints<R>) -> String {
    outcome(|| gen_.next())
}

fn send<R: Debug + 'static>(gen_: &Ints<R>, n: i32) -> String {
    outcome(|| gen_.send(n))
}

fn boom<R: Debug + 'static>(gen_: &Ints<R>) -> String {
    outcome(|| gen_.throw("boom"))
}

fn next_and_the_end(tell: Tell) {
    let none = Log::default();
    let gen_ = one_two(&none);
    let steps: Vec<_> = (0..5).map(|_| next(&gen_)).collect();
    tell(
        "to the end and beyond",
        &lines(&steps, &Log::default(), &[]),
    );
    let steps: Vec<_> = one_two(&none)
        .into_iter()
        .map(|n| format!("yield {n}"))
        .collect();
    tell("for", &lines(&steps, &Log::default(), &[]));
    let gen_ = one_two(&none);
    assert_eq!((&gen_).into_iter().next(), Some(1));
    tell(
        "for, left early",
        &lines(&[next(&gen_), next(&gen_)], &Log::default(), &[]),
    );
    let empty: Ints = Coroutine::new(|_| ());
    tell(
        "no yield at all",
        &lines(&[next(&empty)], &Log::default(), &[]),
    );
}

fn sends(tell: Tell) {
    let log = Log::default();
    let gen_ = echo(&log);
    let steps = [next(&gen_), send(&gen_, 7), next(&gen_), send(&gen_, 8)];
    tell("send", &lines(&steps, &log, &[]));
    let log = Log::default();
    let gen_ = echo(&log);
    let steps = [send(&gen_, 7), state(&gen_)];
    tell(
        "send before the start",
        &lines(&steps, &log, &[next(&gen_)]),
    );
    let gen_ = one_two(&log);
    (&gen_).into_iter().for_each(drop);
    tell(
        "send after the end",
        &lines(&[send(&gen_, 7)], &Log::default(), &[]),
    );
}

fn closes(tell: Tell) {
    let log = Log::default();
    let gen_ = one_two(&log);
    next(&gen_);
    let steps = [closed(&gen_)];
    tell(
        "close",
        &lines(&steps, &log, &[state(&gen_), next(&gen_), send(&gen_, 1)]),
    );
    let log = Log::default();
    let gen_ = one_two(&log);
    let steps = [closed(&gen_)];
    tell(
        "close before the start",
        &lines(&steps, &log, &[state(&gen_), next(&gen_)]),
    );
    let log = Log::default();
    let gen_ = one_two(&log);
    (&gen_).into_iter().for_each(drop);
    tell("close after the end", &lines(&[closed(&gen_)], &log, &[]));
    let gen_ = one_two(&Log::default());
    tell(
        "close twice",
        &lines(&[closed(&gen_), closed(&gen_)], &Log::default(), &[]),
    );

    let log = Log::default();
    let gen_ = stubborn(&log);
    next(&gen_);
    let steps = [closed(&gen_), state(&gen_)];
    let noted = lines(&[], &log, &[]);
    tell(
        "yield while being closed",
        &lines(&steps, &noted, &[next(&gen_), closed(&gen_), state(&gen_)]),
    );
    let gen_ = agreeable();
    next(&gen_);
    tell(
        "return while being closed",
        &lines(
            &[closed(&gen_), state(&gen_), next(&gen_)],
            &Log::default(),
            &[],
        ),
    );
    let gen_ = angry();
    next(&gen_);
    tell(
        "raise while being closed",
        &lines(
            &[closed(&gen_), state(&gen_), next(&gen_)],
            &Log::default(),
            &[],
        ),
    );

    let log = Log::default();
    let gen_ = one_two(&log);
    next(&gen_);
    drop(gen_);
    tell("dropped", &log);
    let log = Log::default();
    drop(one_two(&log));
    let said = if log.lines().is_empty() {
        "nothing"
    } else {
        "something"
    };
    tell(
        "dropped before the start",
        &lines(&[said.into()], &Log::default(), &[]),
    );
}

fn from_within(tell: Tell) {
    for (name, call) in [
        ("next from within", next as fn(&Ints) -> String),
        ("close from within", closed),
        ("throw from within", boom),
    ] {
        let log = Log::default();
        let gen_ = within(&log, call);
        tell(name, &lines(&[next(&gen_)], &log, &[state(&gen_)]));
    }
}

fn panics(tell: Tell) {
    let log = Log::default();
    let gen_ = failing(&log);
    let steps = [next(&gen_), next(&gen_)];
    tell(
        "raise",
        &lines(&steps, &log, &[state(&gen_), next(&gen_), closed(&gen_)]),
    );
    let log = Log::default();
    let gen_ = catching(&log);
    next(&gen_);
    let steps = [boom(&gen_)];
    let last = next(&gen_).replace("stop 0", "stop None");
    tell("throw, caught", &lines(&steps, &log, &[last]));
    let log = Log::default();
    let gen_ = one_two(&log);
    next(&gen_);
    let steps = [boom(&gen_)];
    tell(
        "throw, not caught",
        &lines(&steps, &log, &[state(&gen_), next(&gen_)]),
    );
    let log = Log::default();
    let gen_ = one_two(&log);
    let steps = [boom(&gen_)];
    tell(
        "throw before the start",
        &lines(&steps, &log, &[state(&gen_), next(&gen_)]),
    );
    let gen_ = one_two(&log);
    (&gen_).into_iter().for_each(drop);
    tell(
        "throw after the end",
        &lines(&[boom(&gen_)], &Log::default(), &[]),
    );
}

fn delegation(tell: Tell) {
    let log = Log::default();
    let steps: Vec<_> = outer(&log, one_two(&log))
        .into_iter()
        .map(|n| format!("yield {n}"))
        .collect();
    tell("yield from", &lines(&steps, &log, &[]));
    let log = Log::default();
    let gen_ = outer(&log, echo(&log));
    let steps = [next(&gen_), send(&gen_, 7), next(&gen_)];
    tell("yield from, send", &lines(&steps, &log, &[]));
    let log = Log::default();
    let gen_ = outer(&log, one_two(&log));
    next(&gen_);
    tell("yield from, close", &lines(&[closed(&gen_)], &log, &[]));
    let log = Log::default();
    let gen_ = outer(&log, catching(&log));
    next(&gen_);
    tell("yield from, throw", &lines(&[boom(&gen_)], &log, &[]));
    let log = Log::default();
    let gen_ = outer(&log, failing(&log));
    next(&gen_);
    tell(
        "yield from, raise",
        &lines(&[next(&gen_)], &log, &[state(&gen_)]),
    );
    let log = Log::default();
    let inner = one_two(&log);
    next(&inner);
    let gen_ = outer(&log, inner);
    tell(
        "yield from, begun",
        &lines(&[next(&gen_), next(&gen_)], &log, &[]),
    );
    let inner = one_two(&Log::default());
    (&inner).into_iter().for_each(drop);
    let gen_ = outer(&Log::default(), inner);
    tell(
        "yield from, over",
        &lines(&[next(&gen_)], &Log::default(), &[]),
    );
}
