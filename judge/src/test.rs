//! What a hidden test has in its hands.

use crate::asked::{Event, Program, Wanted};
use crate::connection::Connection;
use crate::doubt::Doubts;
use crate::draw::Random;
use crate::picture::Picture;
use crate::starter::Starter;
use crate::watch::Seen;
use std::fmt::{self, Debug, Display};
use std::net::TcpStream;
use std::time::Duration;
use support::processes::codec;
use support::serde::Serialize;
use support::serde::de::DeserializeOwned;

/// `Ok` where the property holds.
pub type Verdict = Result<(), Failed>;

/// How long a search may take. It ends by the number of schedules; this is for one that does not.
const EXPLORING: Duration = Duration::from_secs(30);

/// Why a test failed, in one sentence for the student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(String);

impl Failed {
    pub fn new(sentence: impl Into<String>) -> Failed {
        Failed(sentence.into())
    }

    pub(crate) fn of(error: impl std::error::Error) -> Failed {
        Failed(error.to_string())
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the text of a hidden test may end with: nothing, or a verdict.
pub trait Outcome {
    fn verdict(self) -> Verdict;
}

impl Outcome for () {
    fn verdict(self) -> Verdict {
        Ok(())
    }
}

impl Outcome for Verdict {
    fn verdict(self) -> Verdict {
        self
    }
}

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A test's own: random inputs, and a program of its own, started at the first question. What one
/// test does to its program, no other test meets.
pub struct Judge {
    /// Inputs come from here: other ones in each run.
    pub random: Random,
    starter: Starter,
    doubts: Doubts,
    started: u32,
    program: Option<Program>,
    listens: bool,
    limit: Duration,
    asleep: Duration,
    /// The program that tries every schedule; one of its own.
    explored: Option<Program>,
    /// What the student is shown of the run that failed.
    pub(crate) picture: Option<Picture>,
}

impl Judge {
    pub(crate) fn new(starter: Starter, number: u32, random: Random, doubts: Doubts) -> Judge {
        // What an earlier test has seen is none of this one's.
        starter.witness.begins();
        let limit = LIMIT * starter.patience;
        Judge {
            random,
            starter,
            doubts,
            started: number * 1000,
            program: None,
            listens: false,
            limit,
            asleep: Duration::from_secs(1),
            explored: None,
            picture: None,
        }
    }

    /// Asks and waits for the answer. The input is a tuple of the function's arguments, `(n,)` for
    /// one and `()` for none.
    ///
    /// # Errors
    /// When no answer comes within the limit (ten seconds, or one in which every thread of the
    /// program slept), when the program ends or sends something else.
    pub fn ask<A: DeserializeOwned>(
        &mut self,
        question: &str,
        input: impl Serialize,
    ) -> Result<A, Failed> {
        self.begin(question, input)?;
        self.answer()
    }

    /// Asks and does not wait: for what has to be watched, or given its connections, meanwhile.
    ///
    /// # Errors
    /// When the program cannot be started or does not take the question.
    pub fn begin(&mut self, question: &str, input: impl Serialize) -> Verdict {
        let mut bytes = Vec::new();
        codec::append(&input, &mut bytes).map_err(Failed::of)?;
        let limit = self.limit;
        self.program()?.send(question, bytes, limit)
    }

    /// Waits for the answer to the earliest question that has none.
    ///
    /// # Errors
    /// As [`ask`](Judge::ask).
    pub fn answer<A: DeserializeOwned>(&mut self) -> Result<A, Failed> {
        let wanted = Wanted {
            answer: true,
            connection: false,
            asleep: self.asleep,
            limit: self.limit,
        };
        match self.program()?.wait(wanted)? {
            Event::Answer(bytes) => codec::read(&bytes)
                .map_err(|_| Failed::new("the program's answer is of another type")),
            _ => Err(Failed::new(
                "the program does not answer: each of its threads sleeps, and nothing will wake them",
            )),
        }
    }

    /// Waits for the next connection that the program makes.
    ///
    /// # Errors
    /// When none comes: the program ended, or all of it sleeps, or the limit is over.
    pub fn connection(&mut self) -> Result<Connection, Failed> {
        let limit = self.asleep;
        self.connection_within(limit)?.ok_or_else(|| {
            Failed::new("the program waits where it should go on: each of its threads sleeps")
        })
    }

    /// The next connection that the program makes, or `None` once each of its threads sleeps, so
    /// that none will come: how a test finds that the program waits where it should. A thread in a
    /// timed sleep counts as asleep.
    ///
    /// # Errors
    /// When the program ended, or is still busy after the limit.
    pub fn connection_or_asleep(&mut self) -> Result<Option<Connection>, Failed> {
        self.connection_within(Duration::ZERO)
    }

    fn connection_within(&mut self, asleep: Duration) -> Result<Option<Connection>, Failed> {
        let wanted = Wanted {
            answer: false,
            connection: true,
            asleep,
            limit: self.limit,
        };
        match self.program()?.wait(wanted)? {
            Event::Connection(connection) => Ok(Some(connection)),
            _ => Ok(None),
        }
    }

    /// Waits until each thread of the program sleeps: whatever it was going to do, it has done.
    ///
    /// # Errors
    /// When it ended, or is still busy after the limit.
    pub fn wait_until_asleep(&mut self) -> Verdict {
        let wanted = Wanted {
            answer: false,
            connection: false,
            asleep: Duration::ZERO,
            limit: self.limit,
        };
        self.program()?.wait(wanted).map(drop)
    }

    /// The program's processes as the system shows them now, parents before children; the first is
    /// the one that was asked.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn processes(&mut self) -> Result<Vec<Seen>, Failed> {
        Ok(self.program()?.processes())
    }

    /// Gives the program a listener ([`program::listener`](crate::program::listener)) to which
    /// nobody but the judge can connect. Before the first question.
    ///
    /// # Errors
    /// When the program has been started.
    pub fn listen(&mut self) -> Verdict {
        self.listens = true;
        self.check(
            self.program.is_none(),
            "the test has to listen before it asks",
        )
    }

    /// A client of the program's listener, connected. Reads and writes wait without a limit: set one.
    ///
    /// # Errors
    /// When the test did not [`listen`](Judge::listen), or the program lets nobody in.
    pub fn client(&mut self) -> Result<TcpStream, Failed> {
        self.program()?.client()
    }

    /// Ends the program; the next question starts it anew.
    pub fn restart(&mut self) {
        self.program = None;
    }

    /// For waits from now on, in place of ten seconds. A program that is tried again, because others
    /// had the processors, has several times that.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit * self.starter.patience;
    }

    /// # Errors
    /// With the sentence, unless `holds`.
    pub fn check(&self, holds: bool, sentence: impl Into<String>) -> Verdict {
        if holds {
            Ok(())
        } else {
            Err(Failed::new(sentence))
        }
    }

    /// # Errors
    /// Unless the two are equal: `about: … was expected, and … came`.
    pub fn same<T: PartialEq + Debug>(&self, came: T, expected: T, about: impl Display) -> Verdict {
        self.check(
            came == expected,
            format!(
                "{about}: {} was expected, and {} came",
                shown(&expected),
                shown(&came)
            ),
        )
    }

    /// What the student is shown if the test has failed: a schedule, else what was seen of the program.
    pub(crate) fn shown(&mut self) -> Option<Picture> {
        let seen = || self.starter.witness.timeline();
        let picture = self.picture.take();
        picture.or_else(|| seen().map(|timeline| Picture::of(&timeline)))
    }

    /// Asks the program that tries every schedule.
    pub(crate) fn ask_explored<A: DeserializeOwned>(
        &mut self,
        question: &str,
        input: &impl Serialize,
    ) -> Result<A, Failed> {
        let mut bytes = Vec::new();
        codec::append(input, &mut bytes).map_err(Failed::of)?;
        let starter = self.starter.of_explored().map_err(Failed::new)?;
        let limit = EXPLORING * starter.patience;
        let wanted = Wanted {
            answer: true,
            connection: false,
            asleep: self.asleep,
            limit,
        };
        self.started += 1;
        let program = match &mut self.explored {
            Some(program) => program,
            none => none.insert(Program::start(&starter, self.started, false, &self.doubts)?),
        };
        program.send(question, bytes, limit)?;
        match program.wait(wanted)? {
            Event::Answer(bytes) => {
                codec::read(&bytes).map_err(|_| Failed::new("what came is no answer"))
            }
            _ => Err(Failed::new("every thread of the search sleeps")),
        }
    }

    fn program(&mut self) -> Result<&mut Program, Failed> {
        if self.program.is_none() {
            self.started += 1;
            let program = Program::start(&self.starter, self.started, self.listens, &self.doubts)?;
            self.program = Some(program);
        }
        // It was put there above.
        self.program
            .as_mut()
            .ok_or_else(|| Failed::new("the program could not be started"))
    }
}

/// A value in at most two hundred characters.
fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shortened() {
        assert_eq!(shown(&vec![1, 2]), "[1, 2]");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 201);
    }
}
