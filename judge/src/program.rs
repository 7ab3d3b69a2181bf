//! The student's side: answers questions, and reaches the judge while it works.
//!
//! Nothing here has to be defended. A solution can call these functions, redefine them or talk to
//! the descriptors itself: it still has to give the right answers.

use crate::connection::Connection;
use crate::frame;
use std::fs::File;
use std::io::IoSlice;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use support::nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use support::processes::codec;
use support::serde::Serialize;
use support::serde::de::DeserializeOwned;

/// Descriptors far from those that a program opens by itself, so that "close all from 3" in a
/// lesson about processes does not meet them by accident.
pub(crate) const QUESTIONS: RawFd = 200;
pub(crate) const ANSWERS: RawFd = 201;
pub(crate) const LISTENER: RawFd = 202;
/// Where the sandbox says that it stands and becomes the program, which does not get this one.
pub(crate) const STANDS: RawFd = 203;
/// Where the judge takes ends of connections from, if it has no address.
pub(crate) const HANDED: RawFd = 204;
/// Where the judge waits for connections.
pub(crate) const SOCKET: &str = "JUDGE_SOCKET";

/// Answers questions until there are no more; `answer` gives `None` where it does not know the
/// question. The program that `cargo lab grade` makes of a solution calls it.
///
/// Blocks until the judge closes its end. Ends the process if the judge cannot be understood.
pub fn serve(answer: fn(&str, &[u8]) -> Option<Vec<u8>>) {
    // SAFETY: the judge put a pipe at this number before the program began, and nothing else in
    // this process was told of it. If there is none, reading fails and the program ends.
    let mut questions = unsafe { File::from_raw_fd(QUESTIONS) };
    // SAFETY: as above.
    let mut answers = unsafe { File::from_raw_fd(ANSWERS) };
    while let Ok(message) = frame::read(&mut questions) {
        let Ok((number, question, input)) = codec::read::<(u64, String, Vec<u8>)>(&message) else {
            break;
        };
        let Some(answer) = answer(&question, &input) else {
            eprintln!("the program is not asked \"{question}\": see the cell `program`");
            break;
        };
        let mut message = Vec::new();
        if codec::append(&(number, answer), &mut message).is_err()
            || frame::write(&mut answers, &message).is_err()
        {
            break;
        }
    }
    // A thread that still runs, or a child, does not keep the program.
    support::processes::exit(0);
}

/// One question: its input decoded, handed over, and the answer encoded.
///
/// # Panics
/// When the input is of another type than the function's parameters, or the answer cannot be sent.
pub fn call<I: DeserializeOwned, A: Serialize>(input: &[u8], ask: impl FnOnce(I) -> A) -> Vec<u8> {
    let input = codec::read(input).unwrap_or_else(|error| panic!("the question's input: {error}"));
    let mut answer = Vec::new();
    if let Err(error) = codec::append(&ask(input), &mut answer) {
        panic!("the answer: {error}");
    }
    answer
}

/// A connection to the judge, who sees its label and which process made it. The judge takes it by
/// [`Judge::connection`](crate::Judge::connection).
///
/// # Panics
/// When the program was not started by a judge.
pub fn connect(label: &str) -> UnixStream {
    let stream = match std::env::var_os(SOCKET) {
        Some(address) => UnixStream::connect(address),
        None => handed_over(),
    };
    let mut stream = stream.expect("the judge can be reached");
    frame::write(&mut stream, label.as_bytes()).expect("the judge listens");
    stream
}

/// Where a program may connect to nothing: makes both ends, and hands one to the judge.
fn handed_over() -> std::io::Result<UnixStream> {
    let (own, judges) = UnixStream::pair()?;
    let end = [judges.as_raw_fd()];
    let (message, rights) = ([IoSlice::new(b".")], [ControlMessage::ScmRights(&end)]);
    sendmsg::<()>(HANDED, &message, &rights, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(own)
}

/// Tells the judge `label` and waits until the judge replies. Blocks this thread only.
///
/// # Panics
/// When the judge gives no reply, or one of another type.
pub fn request<A: DeserializeOwned>(label: &str) -> A {
    let mut stream = connect(label);
    let message = frame::read(&mut stream).expect("the judge replies");
    codec::read(&message).unwrap_or_else(|error| panic!("the judge's reply: {error}"))
}

/// A listener to which the judge connects; for a test that called
/// [`Judge::listen`](crate::Judge::listen). Once in each process.
pub fn listener() -> TcpListener {
    // SAFETY: the sandbox put a listening socket at this number before the program began; each
    // process takes it once. If there is none, accepting fails.
    unsafe { TcpListener::from_raw_fd(LISTENER) }
}

/// Sends the judge a value over a connection.
///
/// # Errors
/// When the judge has closed it.
pub fn send(stream: &mut UnixStream, value: &impl Serialize) -> std::io::Result<()> {
    Connection::write_value(stream, value)
}
