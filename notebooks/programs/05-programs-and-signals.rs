//! A shell, and signals that are read like data
//!
//! A line's programs are forked, and in each new process pipes and files become stdin
//! and stdout before the program takes over. Look at the codes, one for each program of
//! a line (128 and a signal's number if that ended it), and at the end of three
//! programs, of which one SIGCHLD tells.

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, dup2_stdin, dup2_stdout, execvp, fork};
use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::{env, error::Error, fs, io, mem, process};

type Redirect = Option<OwnedFd>; // `None`: the same as ours

/// The way from our code to the program's, in the new process. Returns
/// only if it has failed.
fn take_over(
    words: &[CString],
    input: Redirect,
    output: Redirect,
) -> nix::Result<Infallible> {
    input.map(dup2_stdin).transpose()?;
    output.map(dup2_stdout).transpose()?;
    // std ignores SIGPIPE, and `exec` keeps what is ignored or blocked.
    // SAFETY: no handler is set.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
    SigSet::empty().thread_set_mask()?;
    alarm::set(10); // `exec` keeps this as well: no program outlives it
    execvp(words.first().ok_or(Errno::ENOENT)?, words)
}

fn start(command: &str, input: Redirect, output: Redirect) -> io::Result<Pid> {
    let words: Result<Vec<_>, _> =
        command.split_whitespace().map(CString::new).collect();
    // Made before the fork: the child has as little to do as possible.
    let words = words?;
    // SAFETY: this program has no thread but this one, so no lock can be held by a
    // thread that does not exist in the child.
    match unsafe { fork() }? {
        // Our ends of the pipes close when this function returns. While anybody holds
        // the writing end, the reader waits.
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let _ = take_over(&words, input, output);
            process::exit(127) // a shell's code for "no such program"
        }
    }
}

/// Runs a line. Returns the programs' codes; behind `&` it waits for none, and
/// puts them into `jobs`.
fn shell(line: &str, jobs: &mut Vec<Pid>) -> io::Result<Vec<i32>> {
    let behind = line.ends_with('&');
    let (mut children, mut input) = (Vec::new(), None);
    let mut commands = line.trim_end_matches('&').split('|').peekable();
    while let Some(command) = commands.next() {
        let (mut next, mut output) = (None, None);
        let (command, file) = command.split_once('>').unwrap_or((command, ""));
        if !file.is_empty() {
            output = Some(fs::File::create(file.trim())?.into());
        } else if commands.peek().is_some() {
            let (reader, writer) = io::pipe()?;
            (next, output) = (Some(reader.into()), Some(writer.into()));
        }
        children.push(start(command, mem::replace(&mut input, next), output)?);
    }
    if behind {
        jobs.append(&mut children);
    }
    let code = |child| match waitpid(child, None)? {
        WaitStatus::Exited(_, code) => Ok(code),
        WaitStatus::Signaled(_, signal, _) => Ok(128 + signal as i32),
        other => Err(io::Error::other(format!("{other:?} is no end"))),
    };
    children.into_iter().map(code).collect()
}

/// The signals are blocked, so no handler runs: they wait in a descriptor, which
/// an event loop would give to `poll` beside its sockets, and what deals with
/// them is ordinary code.
fn read_signals() -> Result<(), Box<dyn Error>> {
    let wanted: SigSet = [Signal::SIGCHLD, Signal::SIGTERM].into_iter().collect();
    wanted.thread_block()?;
    let signals = SignalFd::new(&wanted)?;
    let (mut jobs, mut ended, mut is_told) = (Vec::new(), 0, false);
    for _ in 0..3 {
        shell("sleep 0.1 &", &mut jobs)?;
    }
    for &job in &jobs {
        // As if the loop were busy until all three have ended. Nobody has asked
        // how, they are zombies.
        waitid(Id::Pid(job), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    }
    while !is_told || ended < jobs.len() {
        let number = signals.read_signal()?.ok_or("no signal")?.ssi_signo as i32;
        if number == Signal::SIGTERM as i32 {
            println!("SIGTERM: read like data, and the loop ends by itself");
            is_told = true;
            continue;
        }
        // A signal is a mark and no counter: ask until no ended child is left.
        while waitpid(None, Some(WaitPidFlag::WNOHANG))
            .is_ok_and(|end| end.pid().is_some())
        {
            ended += 1;
        }
        println!("one SIGCHLD: {ended} programs have ended");
        assert_eq!(ended, 3);
        kill(Pid::this(), Signal::SIGTERM)?; // as systemd does it to stop a service
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    alarm::set(10); // a wait that lasts for ever would end this program
    let file = env::temp_dir().join(format!("shell-{}", process::id()));
    for (line, codes, text) in [
        ("seq 9 | sort -r | head -n 2", vec![0, 0, 0], "9\n8\n"),
        ("yes | head -n 1", vec![128 + 13, 0], "y\n"), // SIGPIPE is number 13
        ("no-such-program", vec![127], ""),
    ] {
        let ends = shell(&format!("{line} > {}", file.display()), &mut Vec::new())?;
        let written = fs::read_to_string(&file)?;
        fs::remove_file(&file)?;
        println!("{line}: {ends:?}, {written:?}");
        assert_eq!((ends, &written[..]), (codes, text));
    }
    read_signals()
}
