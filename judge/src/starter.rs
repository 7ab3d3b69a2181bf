//! How a program is started: its sandbox, and what it is handed.

use crate::bounds::Walls;
use crate::clients::{Clients, Reach};
use crate::door::Door;
use crate::doubt::{Doubt, Doubts};
use crate::guarded::Guarded;
use crate::program;
use crate::test::Failed;
use crate::witness::Witness;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use support::libc;
use support::nix::fcntl::{FcntlArg, OFlag, fcntl};

/// How a program is started, and what it may use.
#[derive(Clone, Debug)]
pub(crate) struct Starter {
    /// A command that puts the program into its sandbox. It is given `--socket FILE` or `--handed`, and
    /// `--listen` for a program that is to be a server.
    pub command: Vec<String>,
    /// For the sockets; the judge's own.
    pub work: PathBuf,
    /// Bytes of memory that all processes of it may occupy.
    pub memory: u64,
    pub walls: Walls,
    /// How many times the usual limits of time it has.
    pub patience: u32,
    /// The program that tries every schedule, or why there is none.
    pub explored: Option<Result<String, String>>,
    /// Keeps what is seen of its programs.
    pub witness: Witness,
}

impl Starter {
    /// The same for the program that tries every schedule: it stands where the ordinary one does, at the
    /// command's end.
    ///
    /// # Errors
    /// Why there is none, in a sentence for the student.
    pub fn of_explored(&self) -> Result<Starter, String> {
        let none = || Err("the assignment has no scenarios to try".to_owned());
        let program = self.explored.clone().unwrap_or_else(none)?;
        let mut starter = self.clone();
        if let Some(last) = starter.command.last_mut() {
            *last = program;
        }
        Ok(starter)
    }

    /// Starts a program.
    ///
    /// # Errors
    /// When the system refuses, or no sandbox comes of it.
    pub fn start(&self, number: u32, listens: bool, doubts: &Doubts) -> Result<Started, Failed> {
        let cannot = |error: std::io::Error| {
            doubts.add(Doubt::Machine);
            Failed::new(format!("the program could not be started: {error}"))
        };
        let handed = self.walls == Walls::Landlock;
        let (door, theirs) = match handed {
            true => Door::handed().map(|(door, theirs)| (door, Some(theirs))),
            false => Door::named(&self.work.join(format!("socket-{number}"))).map(|it| (it, None)),
        }
        .map_err(cannot)?;
        let (question_reader, questions) = std::io::pipe().map_err(cannot)?;
        let (answers, answer_writer) = std::io::pipe().map_err(cannot)?;
        let (printed, printer) = std::io::pipe().map_err(cannot)?;
        let (stands, standing) = std::io::pipe().map_err(cannot)?;
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .stdin(Stdio::null())
            .stdout(printer.try_clone().map_err(cannot)?)
            .stderr(printer);
        let mut given = vec![
            (question_reader.as_raw_fd(), program::QUESTIONS),
            (answer_writer.as_raw_fd(), program::ANSWERS),
            (standing.as_raw_fd(), program::STANDS),
        ];
        match (&door, &theirs) {
            (Door::Named { address, .. }, _) => drop(command.arg("--socket").arg(address)),
            (_, Some(theirs)) => {
                command.arg("--handed");
                given.push((theirs.as_raw_fd(), program::HANDED));
            }
            (_, None) => {}
        }
        let listener = match (listens, handed) {
            (false, _) => Ok(None),
            // The sandbox sends over it what reaches the listener, and puts the listener in its place.
            (true, false) => UnixStream::pair()
                .map(|(ours, theirs)| Some((OwnedFd::from(theirs), Reach::Sent(ours)))),
            (true, true) => {
                let guarded = Guarded::new().map_err(|error| {
                    let why = "its listener cannot be shut to the machine's other programs";
                    std::io::Error::other(format!("it is a server, and {why}: {error}"))
                });
                let (listener, clients) = Clients::of(guarded.map_err(cannot)?);
                Ok(Some((listener, Reach::Made(clients))))
            }
        }
        .map_err(cannot)?;
        if let Some((theirs, _)) = &listener {
            command.arg("--listen");
            given.push((theirs.as_raw_fd(), program::LISTENER));
        }
        let file = |end: OwnedFd| -> Result<File, Failed> {
            fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|e| cannot(e.into()))?;
            Ok(File::from(end))
        };
        let (questions, answers) = (file(questions.into())?, file(answers.into())?);
        let (printed, stands) = (file(printed.into())?, file(stands.into())?);
        // SAFETY: `hand_over` makes system calls only, as is asked of code between fork and exec.
        unsafe { command.pre_exec(move || hand_over(&mut given)) };
        // From here on nothing fails: whoever has the child ends it.
        let child = command.spawn().map_err(cannot)?;
        self.witness.begins();
        Ok(Started {
            child,
            questions,
            answers,
            printed,
            stands,
            door,
            reach: listener.map(|(_, reach)| reach),
        })
    }
}

/// A program that has just been started: the judge's ends, none of which waits.
pub(crate) struct Started {
    pub child: Child,
    pub questions: File,
    pub answers: File,
    /// What it prints.
    pub printed: File,
    /// What the sandbox says of itself: one byte once it stands.
    pub stands: File,
    pub door: Door,
    /// Of a server.
    pub reach: Option<Reach>,
}

/// Above all numbers at which a program looks.
const ABOVE: RawFd = 210;

/// In the child, before the sandbox is made: puts the ends where the program looks for them.
fn hand_over(given: &mut [(RawFd, RawFd)]) -> std::io::Result<()> {
    let done = |number| match number {
        -1 => Err(std::io::Error::last_os_error()),
        number => Ok(number),
    };
    // A server's judge has hundreds of sockets: one end may lie where another one belongs.
    for (from, _) in given.iter_mut() {
        // SAFETY: a system call on numbers.
        *from = done(unsafe { libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, ABOVE) })?;
    }
    for (from, to) in given {
        // SAFETY: a system call on two numbers; the copy does not close on exec, as it must not.
        done(unsafe { libc::dup2(*from, *to) })?;
    }
    // SAFETY: a system call without pointers.
    done(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use support::nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC;

    #[test]
    fn an_end_that_lies_where_another_belongs_is_not_lost() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let null = File::open("/dev/null").unwrap();
        let place = fcntl(&writer, F_DUPFD_CLOEXEC(program::ANSWERS)).unwrap();
        let mut given = [(null.as_raw_fd(), place), (place, program::QUESTIONS)];
        let mut shell = Command::new("sh");
        let path = format!("/proc/self/fd/{}", program::QUESTIONS);
        shell.args(["-c", "echo it came > \"$0\""]).arg(path);
        // SAFETY: `hand_over` makes system calls only, as is asked of code between fork and exec.
        unsafe { shell.pre_exec(move || hand_over(&mut given)) };
        assert!(shell.status().unwrap().success());
        support::nix::unistd::close(place).unwrap();
        drop(writer);
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        assert_eq!(said, "it came\n");
    }
}
