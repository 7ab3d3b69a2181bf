//! The notebooks' Python programs, and how any Python program is run beside a notebook.

mod ends;
mod programs;
/// What every server of the tutorial's pages has to answer.
#[path = "../../../../support/web/tests/web/routes.rs"]
mod routes;

use end_to_end::repository;
use std::time::Duration;
use support::python::{Python, python};

/// A program to be run by the environment's own interpreter.
fn prepared(program: &str, args: &[&str]) -> Python {
    let home = lab::home::Home::at(&repository()).expect("the repository");
    let installed = lab::installed::Installed::read(&home).expect("a set-up");
    python(program)
        .interpreter(installed.python)
        .args(args)
        .limit(Duration::from_secs(60))
        .quiet()
}
