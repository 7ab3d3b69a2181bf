//! One client's requests, answered with ordinary reads and writes that block.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use httparse::Status;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::site::{Answer, Site};
use super::tasks::{HEAD, PATIENCE};

/// So many headers a request may have, as with hyper.
const HEADERS: usize = 100;

/// What a server throws away of a request that it has refused, before it closes.
const LEFT_OVER: usize = 1 << 20;

/// A request's head, as far as a site needs it.
struct Head {
    method: String,
    path: String,
    /// No more requests after this one.
    last: bool,
    length: usize,
}

enum Parsed {
    Whole(Head),
    Part,
    Refused(&'static str),
}

enum Woken {
    ToRead,
    ToStop,
    TooLate,
}

/// Answers requests until either side has had enough: the client closes or asks to, is silent
/// for too long, or talks nonsense; or the server is to stop and nobody waits for an answer.
///
/// # Errors
///
/// The client's connection broke off, which is nobody's business but its own.
pub(super) fn converse(mut stream: TcpStream, stop: BorrowedFd, site: &Site) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A client that does not take its answer must not hold a thread for ever.
    stream.set_write_timeout(Some(PATIENCE))?;
    // Holds what has come and is not dealt with: part of a head, or the next requests.
    let mut inbox = Vec::new();
    loop {
        let until = Instant::now() + PATIENCE;
        let head = loop {
            match parse(&inbox) {
                Parsed::Whole(head) => break head,
                Parsed::Refused(status) => return refuse(stream, status),
                Parsed::Part => {}
            }
            // Who has begun a request may finish it.
            let stop = inbox.is_empty().then_some(stop);
            match wait(stream.as_fd(), stop, until)? {
                Woken::ToRead => {}
                Woken::ToStop => return Ok(()),
                Woken::TooLate if inbox.is_empty() => return Ok(()),
                Woken::TooLate => return refuse(stream, "408 Request Timeout"),
            }
            let mut piece = [0; 8 * 1024];
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                length => inbox.extend_from_slice(&piece[..length]),
            }
        };
        let answer = site.answer(&head.method, &head.path);
        let stopping = matches!(
            wait(stop, None, Instant::now())?,
            Woken::ToRead | Woken::ToStop
        );
        let last = head.last || stopping;
        stream.write_all(&text(&answer, &head.method, last))?;
        if last {
            return part(stream);
        }
        inbox.drain(..head.length);
    }
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Complete(length)) => {
            let path = request.path.map(without_authority);
            let (Some(method), Some(path)) = (request.method, path) else {
                return Parsed::Refused("400 Bad Request");
            };
            let has = |name: &str, value: &str| {
                request.headers.iter().any(|header| {
                    header.name.eq_ignore_ascii_case(name)
                        && header.value.eq_ignore_ascii_case(value.as_bytes())
                })
            };
            let sends_body = request.headers.iter().any(|header| {
                header.name.eq_ignore_ascii_case("transfer-encoding")
                    || header.name.eq_ignore_ascii_case("content-length") && header.value != b"0"
            });
            Parsed::Whole(Head {
                method: method.to_string(),
                path: path.to_string(),
                // No page takes a body. Rather than to look for its end, part.
                last: sends_body || request.version == Some(0) || has("connection", "close"),
                length,
            })
        }
        Ok(Status::Partial) if bytes.len() >= HEAD => {
            Parsed::Refused("431 Request Header Fields Too Large")
        }
        Ok(Status::Partial) => Parsed::Part,
        Err(httparse::Error::TooManyHeaders) => {
            Parsed::Refused("431 Request Header Fields Too Large")
        }
        Err(_) => Parsed::Refused("400 Bad Request"),
    }
}

/// "/a" of "http://host/a?b" and of "/a?b".
fn without_authority(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    path.split('?').next().unwrap_or_default()
}

/// The answer as it is sent: one piece, so one write.
fn text(answer: &Answer, method: &str, last: bool) -> Vec<u8> {
    let allow = if answer.allow {
        "allow: GET,HEAD\r\n"
    } else {
        ""
    };
    let close = if last { "connection: close\r\n" } else { "" };
    let mut text = format!(
        "HTTP/1.1 {}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n{allow}{close}\r\n",
        answer.status,
        answer.body.len()
    );
    if method != "HEAD" {
        text.push_str(&answer.body);
    }
    text.into_bytes()
}

fn refuse(mut stream: TcpStream, status: &'static str) -> io::Result<()> {
    stream.write_all(&text(&Answer::bare(status), "", true))?;
    part(stream)
}

/// Closes so that the answer arrives: with bytes unread, a close would be a reset, and that
/// may overtake the answer.
fn part(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut left = LEFT_OVER;
    let mut piece = [0; 8 * 1024];
    while left > 0 {
        match stream.read(&mut piece)? {
            0 => break,
            length => left = left.saturating_sub(length),
        }
    }
    Ok(())
}

/// Waits for the client, for the word to stop, or for the end of patience.
fn wait(client: BorrowedFd, stop: Option<BorrowedFd>, until: Instant) -> io::Result<Woken> {
    let wanted = |fd| PollFd::new(fd, PollFlags::POLLIN);
    // One, where there is no word to wait for: the client in both places would seem to be that word
    // whenever its bytes come between a look at the first place and one at the second.
    let mut both = [wanted(client), wanted(stop.unwrap_or(client))];
    let fds = &mut both[..if stop.is_some() { 2 } else { 1 }];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Rounded up, lest it spin through the last millisecond.
        let left = left.as_micros().div_ceil(1000);
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(fds, timeout) {
            Ok(0) if Instant::now() >= until => return Ok(Woken::TooLate),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) if fds[0].any() == Some(true) => return Ok(Woken::ToRead),
            Ok(_) => return Ok(Woken::ToStop),
            Err(errno) => return Err(errno.into()),
        }
    }
}
