//! The program while it runs: what goes in, what comes out, and what it does meanwhile.

use crate::connection::{Connection, take_what_came};
use crate::frame::{self, Gathered};
use crate::program;
use crate::test::Failed;
use crate::watch::{self, Seen};
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use support::libc;
use support::nix::errno::Errno;
use support::nix::fcntl::{FcntlArg, OFlag, fcntl};
use support::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::nix::sys::signal::{Signal, kill};
use support::nix::unistd::Pid;
use support::processes::codec;

/// How a program is started, and what it may use.
#[derive(Clone, Debug)]
pub(crate) struct Starter {
    /// A command that puts the program into its sandbox. It is given `--socket FILE`.
    pub command: Vec<String>,
    /// For the sockets; the judge's own.
    pub work: PathBuf,
    /// Bytes of memory that all processes of it may occupy.
    pub memory: u64,
    /// Whether there is a sandbox, whose own two processes are not the program's.
    pub sandboxed: bool,
}

/// The most that a program may print. Nobody reads it but for its last words.
const MOST_PRINTED: u64 = 10 << 20;
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
    socket: UnixListener,
    asked: u64,
    answered: u64,
    starter: Starter,
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
        listener: Option<&TcpListener>,
    ) -> Result<Program, Failed> {
        let cannot = |error: std::io::Error| {
            Failed::new(format!("the program could not be started: {error}"))
        };
        let address = starter.work.join(format!("socket-{number}"));
        let socket = UnixListener::bind(&address).map_err(cannot)?;
        std::fs::set_permissions(&address, Permissions::from_mode(0o777)).map_err(cannot)?;
        socket.set_nonblocking(true).map_err(cannot)?;
        let (question_reader, question_writer) = std::io::pipe().map_err(cannot)?;
        let (answer_reader, answer_writer) = std::io::pipe().map_err(cannot)?;
        let (printed, printer) = std::io::pipe().map_err(cannot)?;
        let mut command = Command::new(&starter.command[0]);
        command
            .args(&starter.command[1..])
            .arg("--socket")
            .arg(&address)
            .env(program::SOCKET, &address)
            .stdin(Stdio::null())
            .stdout(printer.try_clone().map_err(cannot)?)
            .stderr(printer);
        let mut given = vec![
            (question_reader.as_raw_fd(), program::QUESTIONS),
            (answer_writer.as_raw_fd(), program::ANSWERS),
        ];
        given.extend(listener.map(|listener| (listener.as_raw_fd(), program::LISTENER)));
        // SAFETY: `hand_over` makes system calls only, as is asked of code between fork and exec.
        unsafe { command.pre_exec(move || hand_over(&given)) };
        let child = command.spawn().map_err(cannot)?;
        let file = |end: OwnedFd| -> Result<File, Failed> {
            fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|e| cannot(e.into()))?;
            Ok(File::from(end))
        };
        Ok(Program {
            child,
            questions: Some(file(question_writer.into())?),
            answers: file(answer_reader.into())?,
            came: Gathered::default(),
            printed: file(printed.into())?,
            last_words: Vec::new(),
            printed_bytes: 0,
            socket,
            asked: 0,
            answered: 0,
            starter: starter.clone(),
        })
    }

    /// Sends a question without waiting for its answer.
    pub fn send(&mut self, question: &str, input: Vec<u8>, limit: Duration) -> Result<(), Failed> {
        self.asked += 1;
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
                    self.look_after()?;
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
            let sleeps = watch::asleep(&before, &now);
            before = now;
            if wanted.connection
                && let Ok((stream, _)) = self.socket.accept()
            {
                return Connection::accepted(stream, wanted.limit).map(Event::Connection);
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
            self.look_after()?;
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

    /// Until something comes, and never long.
    fn pause(&self, wanted: Wanted) {
        let mut fds = Vec::with_capacity(2);
        if wanted.answer {
            fds.push(PollFd::new(self.answers.as_fd(), PollFlags::POLLIN));
        }
        if wanted.connection {
            fds.push(PollFd::new(self.socket.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut fds, step(STEP));
    }

    fn answer(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        let (number, answer): (u64, Vec<u8>) = codec::read(message)
            .map_err(|_| Failed::new("what came from the program is no answer"))?;
        self.answered += 1;
        if number != self.answered {
            return Err(Failed::new(
                "what came from the program is the answer to another question",
            ));
        }
        Ok(answer)
    }

    /// Takes what was printed, and ends a program that prints or occupies too much.
    fn look_after(&mut self) -> Result<(), Failed> {
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
            self.kill();
            return Err(Failed::new(format!(
                "the program printed more than {} MB",
                MOST_PRINTED >> 20
            )));
        }
        let occupied: u64 = self.processes().iter().map(|seen| seen.memory).sum();
        if occupied > self.starter.memory {
            self.kill();
            return Err(Failed::new(format!(
                "the program occupied more than {} MB of memory",
                self.starter.memory >> 20
            )));
        }
        Ok(())
    }

    /// The program's processes, parents before children.
    pub fn processes(&self) -> Vec<Seen> {
        let outer = self.child.id() as i32;
        let mut all = watch::below(outer);
        if self.starter.sandboxed {
            // The sandbox is a process outside and one inside, the inner one's only parent.
            let inner = all.first().map(|seen| seen.pid);
            all.retain(|seen| Some(seen.pid) != inner);
        } else {
            all.splice(0..0, watch::look(outer, 0));
        }
        all
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
        let _ = self.look_after();
        let how = status.map_or("closed its answers".to_owned(), ended_how);
        let words = last_words(&self.last_words);
        let words = if words.is_empty() {
            words
        } else {
            format!("; its last words: {words}")
        };
        Failed::new(format!("the program {how} before it answered{words}"))
    }

    /// Ends all processes of it.
    fn kill(&mut self) {
        for seen in self.processes() {
            let _ = kill(Pid::from_raw(seen.pid), Signal::SIGKILL);
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

/// In the child, before the sandbox is made: puts the ends where the program looks for them.
fn hand_over(given: &[(RawFd, RawFd)]) -> std::io::Result<()> {
    for &(from, to) in given {
        // SAFETY: a system call on two numbers; the copy does not close on exec, as it must not.
        if unsafe { libc::dup2(from, to) } == -1 {
            return Err(std::io::Error::last_os_error());
        }
    }
    // SAFETY: a system call without pointers.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } == -1 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
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

fn ended_how(status: ExitStatus) -> String {
    // The sandbox tells a signal as 128 and its number, as shells do.
    let code = status.code();
    let signal = status
        .signal()
        .or(code.and_then(|code| code.checked_sub(128)));
    match signal.filter(|signal| *signal > 0).map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU)) => "used more processor time than it may".to_owned(),
        Some(Ok(signal)) => format!("was ended by {signal}"),
        // What Rust's panics end a program with.
        _ if code == Some(101) => "panicked".to_owned(),
        _ => format!("ended with exit code {}", code.unwrap_or_default()),
    }
}

/// The last lines of what was printed, made harmless: they stand in reports.
fn last_words(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("note: run with"))
        .collect();
    let last = lines[lines.len().saturating_sub(2)..].join(" ");
    let clean: String = last
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let surplus = clean.chars().count().saturating_sub(300);
    clean.trim().chars().skip(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_one_short_harmless_line() {
        assert_eq!(last_words(b"a\n\x1b[31mb\n\nc\n"), " [31mb c".trim());
        assert!(last_words(&b"x".repeat(5000)).len() <= 300);
        assert_eq!(last_words(b""), "");
    }

    #[test]
    fn ends_are_told_in_words() {
        let told = |status: i32| ended_how(ExitStatus::from_raw(status));
        assert_eq!(told(3 << 8), "ended with exit code 3");
        assert_eq!(told(101 << 8), "panicked");
        assert_eq!(told(9), "was ended by SIGKILL");
        assert_eq!(told((128 + 9) << 8), "was ended by SIGKILL");
        assert_eq!(
            told((128 + 24) << 8),
            "used more processor time than it may"
        );
    }
}
