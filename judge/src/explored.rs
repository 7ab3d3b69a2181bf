//! A verdict over all schedules: what a test asks of the program that tries them, and what it makes of
//! the answer.
//!
//! The program is one of its own (see `judge/schedules`): the student's text once more, against the
//! explorer's locks and threads. It says to which ends a scenario came and what fails; whether an end is
//! right is decided here.

use crate::found::{Asked, Fails, Found, MOST_ENDS, PlainLane, PlainStretch};
use crate::picture::Picture;
use crate::test::{Failed, Judge, Verdict};
use crate::words::short;
use std::fmt::Debug;
use support::interleavings::{Doing, Lane, Sketch, Stretch};
use support::processes::codec;
use support::serde::Serialize;
use support::serde::de::DeserializeOwned;

/// Many times what a scenario of a few threads and steps needs, and tried within a second or so.
const MOST_SCHEDULES: u64 = 10_000;
/// What is told in words; the picture has all of them.
const TOLD_STEPS: usize = 12;
/// What a picture has room for.
const MOST_LANES: usize = 12;
const MOST_STRETCHES: usize = 200;

impl Judge {
    /// Has every schedule of a scenario tried; the input is a tuple of its arguments. The test goes on
    /// if each comes to its end, and each end is right.
    ///
    /// A scenario is a public function of the cell `schedules`. What stands there, and the solution, is
    /// compiled against the explorer's `std::sync` and `std::thread`, with `unsafe` forbidden and nothing
    /// of the system within reach.
    ///
    /// # Errors
    /// With the first schedule that fails: who waits for whom, or which end it comes to, and its steps.
    /// When the solution cannot be compiled so, or 10,000 schedules are not all, or one has more than 200 steps.
    pub fn in_every_schedule<E: DeserializeOwned + Debug>(
        &mut self,
        scenario: &str,
        input: impl Serialize,
        about: &str,
        is_right: impl Fn(&E) -> bool,
    ) -> Verdict {
        let mut bytes = Vec::new();
        codec::append(&input, &mut bytes).map_err(Failed::of)?;
        let (tried, ends, fails) = self.explore(scenario, &bytes, None)?;
        if let Some(fails) = fails {
            return Err(self.fails(about, tried.0, fails));
        }
        if ends.len() > MOST_ENDS {
            return Err(Failed::new(format!(
                "{about}: the schedules come to more than {MOST_ENDS} different ends"
            )));
        }
        for end in ends {
            let known: E = codec::read(&end)
                .map_err(|_| Failed::new(format!("{about}: an end that is none")))?;
            if is_right(&known) {
                continue;
            }
            let (tried, _, fails) = self.explore(scenario, &bytes, Some(end))?;
            return Err(match fails {
                Some(fails) => self.fails(about, tried.0, fails),
                // It ended so a moment ago.
                None => Failed::new(format!(
                    "{about}: the program does not do the same again under the same schedule"
                )),
            });
        }
        self.check(
            tried.1,
            format!(
                "{about}: not every schedule can be tried, as your code takes too many steps for that: {}",
                short(&tried.2, 200)
            ),
        )
    }

    fn explore(&mut self, scenario: &str, input: &[u8], wanted: Option<Vec<u8>>) -> Answer {
        let key = self.random.next_u64();
        let asked: Asked = (key, MOST_SCHEDULES, input.to_vec(), wanted);
        let found: Found = self.ask_explored(scenario, &asked)?;
        if found.0 != key {
            return Err(Failed::new(
                "what came is no answer to the judge's question",
            ));
        }
        Ok((found.1, found.2, found.3))
    }

    /// Keeps the picture, and says what happened.
    fn fails(&mut self, about: &str, number: u64, (why, thread, steps, plain): Fails) -> Failed {
        let (why, thread) = (short(&why, 400), short(&thread, 40));
        self.picture = Some(Picture::of_schedule(&sketch(plain)));
        let why = match &*thread {
            "" | "main" => why,
            thread => format!("{thread}: {why}"),
        };
        let told: Vec<String> = steps
            .iter()
            .take(TOLD_STEPS)
            .map(|(thread, what)| format!("{}: {}", short(thread, 40), short(what, 60)))
            .collect();
        let more = match steps.len().saturating_sub(TOLD_STEPS) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let which = match number {
            1 => "the first schedule fails".to_owned(),
            number => format!("schedule {number} is the first that fails"),
        };
        let steps = match told.is_empty() {
            true => String::new(),
            false => format!(" (its steps: {}{more})", told.join("; ")),
        };
        Failed::new(format!("{about}: {which}: {why}{steps}"))
    }
}

type Answer = Result<(crate::found::Tried, Vec<Vec<u8>>, Option<Fails>), Failed>;

/// The data as a picture has them: bounded, for they come from the student's process.
fn sketch((lanes, stretches): crate::found::Plain) -> Sketch {
    let lanes: Vec<Lane> = lanes.into_iter().take(MOST_LANES).map(lane).collect();
    let known = lanes.len();
    let stretches = stretches.into_iter().filter(|one| one.0 < known);
    Sketch {
        stretches: stretches.take(MOST_STRETCHES).map(stretch).collect(),
        lanes,
    }
}

/// No picture has room for more steps.
fn step(number: usize) -> usize {
    number.min(crate::found::MOST_STEPS)
}

fn lane((name, parent, began, ended, panicked): PlainLane) -> Lane {
    Lane {
        name: short(&name, 30),
        parent: parent.min(MOST_LANES - 1),
        began: step(began),
        ended: ended.map(step),
        panicked,
    }
}

fn stretch((lane, doing, label, from, to): PlainStretch) -> Stretch {
    let from = step(from);
    Stretch {
        lane,
        doing: match doing {
            0 => Doing::Held,
            1 => Doing::Waited,
            _ => Doing::Step,
        },
        label: short(&label, 30),
        from,
        to: step(to).max(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_says_of_itself_is_bounded_before_it_is_drawn() {
        let name = "\u{1b}<svg onload=\"alert(1)\">\u{202e}".repeat(1000);
        let lanes = vec![(name.clone(), usize::MAX, usize::MAX, Some(usize::MAX), true); 5000];
        let stretches = vec![
            (7, 9, name.clone(), usize::MAX, 0),
            (usize::MAX, 0, name, 0, 1),
        ];
        let sketch = sketch((lanes, stretches));
        assert_eq!(
            (sketch.lanes.len(), sketch.stretches.len()),
            (MOST_LANES, 1)
        );
        let picture = Picture::of_schedule(&sketch);
        assert!(picture.svg.len() < 60_000, "{}", picture.svg.len());
        assert!(
            !picture.svg.contains("<svg onload") && !picture.svg.contains(['\u{1b}', '\u{202e}'])
        );
        assert!(picture.svg.contains("&lt;svg onload"), "{}", picture.svg);
    }
}
