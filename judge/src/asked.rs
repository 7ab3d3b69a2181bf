//! The program while it runs: what goes in, what comes out, and what it does meanwhile.

use crate::bounds::{Bounds, Walls};
use crate::clients::Clients;
use crate::connection::{Arriving, Connection, take_what_came};
use crate::door::Door;
use crate::doubt::{Doubt, Doubts};
use crate::ended::{ended_how, last_words};
use crate::frame::{self, Gathered};
use crate::starter::Starter;
use crate::test::Failed;
use crate::watch::{self, Seen};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};
use support::nix::errno::Errno;
use support::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::nix::sys::signal::{Signal, kill};
use support::nix::unistd::Pid;
use support::processes::codec;

/// The most that a program may print. Nobody reads it but for its last words.
const MOST_PRINTED: u64 = 10 << 20;
/// Connections that may be without a label at the same time.
const MOST_ARRIVING: usize = 256;
/// How long what keeps the program may take to end it.
const ENDING: Duration = Duration::from_secs(6);
/// Between two looks.
const STEP: Duration = Duration::from_millis(4);
/// Looks in a row that must find every thread asleep.
const LOOKS: u32 = 3;

pub(crate) struct Program {
    child: Child,
    questions: Option<File>,
    answers: File,
    came: Gathered,
    printed: File,
    last_words: Vec<u8>,
    printed_bytes: u64,
    /// What the sandbox says of itself: one byte once it stands.
    stands: File,
    door: Door,
    clients: Option<Clients>,
    arriving: Vec<Arriving>,
    asked: u64,
    answered: u64,
    starter: Starter,
    started: Instant,
    /// Whether it was ended for what it did, which no other program explains.
    took_too_much: bool,
    doubts: Doubts,
}

/// Why a wait ended.
pub(crate) enum Event {
    Answer(Vec<u8>),
    Connection(Connection),
    /// Every thread of the program sleeps, and none has asked for anything.
    Asleep,
}

/// What is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub answer: bool,
    pub connection: bool,
    /// Give up when the program has slept for so long.
    pub asleep: Duration,
    pub limit: Duration,
}

impl Program {
    pub fn start(
        starter: &Starter,
        number: u32,
        listens: bool,
        doubts: &Doubts,
    ) -> Result<Program, Failed> {
        let started = starter.start(number, listens, doubts)?;
        let mut program = Program {
            child: started.child,
            questions: Some(started.questions),
            answers: started.answers,
            came: Gathered::default(),
            printed: started.printed,
            last_words: Vec::new(),
            printed_bytes: 0,
            stands: started.stands,
            door: started.door,
            clients: None,
            arriving: Vec::new(),
            asked: 0,
            answered: 0,
            starter: starter.clone(),
            started: Instant::now(),
            took_too_much: false,
            doubts: doubts.clone(),
        };
        if let Some(reach) = started.reach {
            program.clients = Some(reach.clients()?);
        }
        Ok(program)
    }

    /// A client of the server that the program is.
    pub fn client(&mut self) -> Result<TcpStream, Failed> {
        let none = || Failed::new("the test has to listen before it asks");
        self.clients.as_mut().ok_or_else(none)?.connect()
    }

    /// Sends a question without waiting for its answer.
    pub fn send(&mut self, question: &str, input: Vec<u8>, limit: Duration) -> Result<(), Failed> {
        self.asked += 1;
        self.starter.witness.asked();
        let mut message = Vec::new();
        codec::append(&(self.asked, question, input), &mut message).map_err(Failed::of)?;
        let mut bytes = Vec::new();
        frame::write(&mut bytes, &message).map_err(Failed::of)?;
        let until = Instant::now() + limit;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let Some(questions) = &mut self.questions else {
                return Err(Failed::new("the program takes no more questions"));
            };
            match questions.write(rest) {
                Ok(length) => rest = &rest[length..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if Instant::now() > until {
                        return Err(self.too_late(limit));
                    }
                    wait_for(questions, PollFlags::POLLOUT, STEP);
                    self.look_after(&self.processes())?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err(self.ended()),
            }
        }
        Ok(())
    }

    pub fn wait(&mut self, wanted: Wanted) -> Result<Event, Failed> {
        let started = Instant::now();
        let (mut before, mut asleep_since, mut looks) = (Vec::new(), None::<Instant>, 0);
        loop {
            // In this order: what a program did before it fell asleep is found before its sleep.
            let now = self.processes();
            self.starter.witness.looked(&now);
            let sleeps = watch::asleep(&before, &now);
            before = now;
            if wanted.connection
                && let Some(connection) = self.arrived(wanted.limit)?
            {
                return Ok(Event::Connection(connection));
            }
            if wanted.answer {
                let closed =
                    take_what_came(&mut self.answers, &mut self.came).map_err(Failed::of)?;
                if let Some(message) = self.came.next().map_err(Failed::new)? {
                    return self.answer(&message).map(Event::Answer);
                }
                if closed {
                    return Err(self.ended());
                }
            }
            self.look_after(&before)?;
            looks = if sleeps { looks + 1 } else { 0 };
            if looks < LOOKS {
                asleep_since = None;
            } else if asleep_since.get_or_insert_with(Instant::now).elapsed() >= wanted.asleep {
                return Ok(Event::Asleep);
            }
            if !wanted.answer && self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(self.ended());
            }
            if started.elapsed() > wanted.limit {
                return Err(self.too_late(wanted.limit));
            }
            self.pause(wanted);
        }
    }

    /// The connection that has waited longest, of those whose label is whole.
    fn arrived(&mut self, limit: Duration) -> Result<Option<Connection>, Failed> {
        while self.arriving.len() < MOST_ARRIVING
            && let Some(stream) = self.door.accept()
        {
            self.arriving.push(Arriving::new(stream)?);
        }
        for place in 0..self.arriving.len() {
            if self.arriving[place].is_whole(limit)? {
                let witness = self.starter.witness.clone();
                let bounds = Some(self.bounds());
                let whole = self.arriving.remove(place);
                return whole.arrived(limit, witness, bounds).map(Some);
            }
        }
        Ok(None)
    }

    /// Until something comes, and never long.
    fn pause(&self, wanted: Wanted) {
        let mut fds = Vec::with_capacity(2);
        if wanted.answer {
            fds.push(PollFd::new(self.answers.as_fd(), PollFlags::POLLIN));
        }
        if wanted.connection {
            fds.push(PollFd::new(self.door.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut fds, step(STEP));
    }

    fn answer(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        let (number, answer): (u64, Vec<u8>) = codec::read(message)
            .map_err(|_| Failed::new("what came from the program is no answer"))?;
        self.answered += 1;
        self.starter.witness.answered();
        if number != self.answered {
            return Err(Failed::new(
                "what came from the program is the answer to another question",
            ));
        }
        Ok(answer)
    }

    /// Takes what was printed, and ends a program that prints or, as was seen, occupies too much.
    fn look_after(&mut self, seen: &[Seen]) -> Result<(), Failed> {
        let mut piece = [0; 65536];
        for _ in 0..64 {
            let Ok(length @ 1..) = self.printed.read(&mut piece) else {
                break;
            };
            self.printed_bytes += length as u64;
            self.last_words.extend_from_slice(&piece[..length]);
            let surplus = self.last_words.len().saturating_sub(2000);
            self.last_words.drain(..surplus);
        }
        if self.printed_bytes > MOST_PRINTED {
            self.took_too_much = true;
            self.kill();
            return Err(Failed::new(format!(
                "the program printed more than {} MB",
                MOST_PRINTED >> 20
            )));
        }
        let Some(exceeded) = self.bounds().exceeded(seen) else {
            return Ok(());
        };
        self.took_too_much = true;
        self.kill();
        Err(Failed::new(exceeded))
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            outer: self.child.id() as i32,
            walls: self.starter.walls,
            memory: self.starter.memory,
        }
    }

    /// The program's processes, parents before children.
    pub fn processes(&self) -> Vec<Seen> {
        self.bounds().processes()
    }

    fn too_late(&mut self, limit: Duration) -> Failed {
        self.kill();
        Failed::new(format!(
            "no answer came within {} s",
            limit.as_secs_f64().round()
        ))
    }

    /// The program closed its answers: what became of it.
    pub fn ended(&mut self) -> Failed {
        self.questions = None;
        // It ends by itself now, or did: a moment is enough, and the sandbox ends the rest.
        let until = Instant::now() + Duration::from_secs(1);
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                _ if Instant::now() > until => break None,
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        self.kill();
        let _ = self.look_after(&[]);
        let killed = [Some(9), Some(128 + 9)];
        if !self.stood() {
            self.doubts.add(Doubt::Machine);
        } else if status.is_some_and(|it| killed.contains(&it.signal().or(it.code()))) {
            self.doubts.add(Doubt::Killed);
        }
        let how = status.map_or("closed its answers".to_owned(), ended_how);
        let words = last_words(&self.last_words);
        let words = if words.is_empty() {
            words
        } else {
            format!("; its last words: {words}")
        };
        if self.doubts.worst() == Some(Doubt::Machine) {
            return Failed::new(format!("the program could not be started{words}"));
        }
        Failed::new(format!("the program {how} before it answered{words}"))
    }

    /// Whether the sandbox was made and became the program.
    fn stood(&mut self) -> bool {
        let mut said = [0; 2];
        // A second byte says that the program itself could not be started.
        matches!(self.stands.read(&mut said), Ok(1))
    }

    /// Ends all processes of it.
    fn kill(&mut self) {
        let all = self.processes();
        if !self.took_too_much && watch::starved(&all, self.started.elapsed()) {
            self.doubts.add(Doubt::Busy);
        }
        for seen in all {
            let _ = kill(Pid::from_raw(seen.pid), Signal::SIGKILL);
        }
        if self.starter.walls == Walls::Landlock {
            // It ends whatever is left, and then itself.
            let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
            let until = Instant::now() + ENDING;
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn step(time: Duration) -> PollTimeout {
    PollTimeout::from(u8::try_from(time.as_millis()).unwrap_or(u8::MAX))
}

fn wait_for(file: &File, what: PollFlags, time: Duration) {
    match poll(&mut [PollFd::new(file.as_fd(), what)], step(time)) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(_) => std::thread::sleep(time),
    }
}
