//! One client's requests, answered with ordinary reads and writes that block.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use httparse::Status;

use crate::ready::ready;
use crate::site::{Answer, Site};
use crate::tasks::{HEAD, PATIENCE};

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

/// Answers requests until either side has had enough: the client closes or asks to, is silent
/// for too long, or talks nonsense; or the server is to stop and nobody waits for an answer.
///
/// # Errors
///
/// The client's connection broke off, which is nobody's business but its own.
pub(crate) fn converse(mut stream: TcpStream, stop: BorrowedFd, site: &Site) -> io::Result<()> {
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
            let woken = match inbox.is_empty() {
                true => ready([stream.as_fd(), stop], Some(until))?,
                false => ready([stream.as_fd()], Some(until))?,
            };
            match woken {
                Some(0) => {}
                None if !inbox.is_empty() => return refuse(stream, "408 Request Timeout"),
                // It is idle, or the server stops.
                _ => return Ok(()),
            }
            let mut piece = [0; 8 * 1024];
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                length => inbox.extend_from_slice(&piece[..length]),
            }
        };
        let answer = site.answer(&head.method, &head.path);
        let stopping = ready([stop], Some(Instant::now()))?.is_some();
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
