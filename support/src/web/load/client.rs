//! One client: a connection, and where it is with its requests. Nothing in here blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, socket};

use super::answer::{Parsed, parse};
use super::drive::Plan;
use super::report::{Failure, Raw};

/// What shows up where an answer is wrong.
const SHOWN: usize = 100;

pub(super) struct Client {
    number: usize,
    request: String,
    body: String,
    /// Requests still to be made, the present one included.
    left: usize,
    /// When the present one began; 0 while there is none.
    pub begun: u64,
    step: Step,
    stream: Option<TcpStream>,
    /// Part of an answer.
    inbox: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Connecting,
    /// So many bytes of the request have been sent.
    Sending(usize),
    Receiving,
    /// The answer is there; the server is to close.
    Closing,
    /// Has made all its requests, or has no connection.
    Resting,
}

/// What a client wants next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// To be told when something happens on its connection.
    Wait,
    /// A new connection.
    Open,
    /// Nothing any more.
    Nothing,
}

impl Client {
    pub fn new(number: usize, plan: &Plan, requests: usize) -> Client {
        let fill = |text: &str| text.replace("{n}", &number.to_string());
        let close = if plan.keep_alive {
            ""
        } else {
            "Connection: close\r\n"
        };
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\n{close}\r\n",
            fill(&plan.path),
            plan.address
        );
        Client {
            number,
            request,
            body: fill(&plan.body),
            left: requests,
            begun: 0,
            step: Step::Resting,
            stream: None,
            inbox: Vec::new(),
        }
    }

    /// Begins a request with a new connection.
    pub fn open(&mut self, plan: &Plan, epoll: &Epoll, now: u64, raw: &mut Raw) -> Want {
        self.close(raw);
        self.begun = now;
        match self.begin_to_connect(plan.address, epoll) {
            Ok(()) => Want::Wait,
            Err(error) => self.fail(Failure::of(&error), raw),
        }
    }

    fn begin_to_connect(&mut self, address: SocketAddrV4, epoll: &Epoll) -> io::Result<()> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket: OwnedFd = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        // Told once of each change: nothing has to be registered anew from step to step.
        let events = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        match connect(socket.as_raw_fd(), &SockaddrIn::from(address)) {
            // Even where it is connected at once, the first event tells.
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        epoll.add(&socket, EpollEvent::new(events, self.number as u64))?;
        self.stream = Some(TcpStream::from(socket));
        self.step = Step::Connecting;
        Ok(())
    }

    /// Something has happened on the connection: goes on as far as that leads.
    pub fn go_on(&mut self, plan: &Plan, now: u64, room: &mut [u8], raw: &mut Raw) -> Want {
        loop {
            let progress = match self.step {
                Step::Connecting => self.connected(raw),
                Step::Sending(from) => self.send(from),
                Step::Receiving | Step::Closing => return self.receive(plan, now, room, raw),
                Step::Resting => return self.rest(room, raw),
            };
            match progress {
                // The answer's coming is an event of its own.
                Ok(()) if self.step == Step::Receiving => return Want::Wait,
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Want::Wait,
                Err(error) => return self.fail(Failure::of(&error), raw),
            }
        }
    }

    fn stream(&mut self) -> io::Result<&mut TcpStream> {
        let none = ErrorKind::NotConnected;
        self.stream.as_mut().ok_or_else(|| none.into())
    }

    fn connected(&mut self, raw: &mut Raw) -> io::Result<()> {
        let stream = self.stream()?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        // An event may come before the connection does.
        match stream.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => {
                return Err(ErrorKind::WouldBlock.into());
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        raw.opened();
        self.step = Step::Sending(0);
        Ok(())
    }

    fn send(&mut self, from: usize) -> io::Result<()> {
        let Client {
            stream, request, ..
        } = self;
        let stream = stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        let sent = from + stream.write(&request.as_bytes()[from..])?;
        self.step = match sent == request.len() {
            true => Step::Receiving,
            false => Step::Sending(sent),
        };
        Ok(())
    }

    /// Reads until nothing is left to be read.
    fn receive(&mut self, plan: &Plan, now: u64, room: &mut [u8], raw: &mut Raw) -> Want {
        loop {
            let length = match self.stream().and_then(|stream| stream.read(room)) {
                Ok(0) if self.step == Step::Closing => return self.next(raw),
                Ok(0) => return self.fail(Failure::Closed, raw),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Want::Wait,
                Err(error) => return self.fail(Failure::of(&error), raw),
            };
            // Mostly an answer comes in one piece.
            let piece = &room[..length];
            let inbox = std::mem::take(&mut self.inbox);
            let (whole, bytes) = match inbox.is_empty() {
                true => (Vec::new(), piece),
                false => ([inbox, piece.to_vec()].concat(), &[][..]),
            };
            let bytes = if whole.is_empty() { bytes } else { &whole };
            match self.judge(plan, bytes) {
                Ok(None) => self.inbox = bytes.to_vec(),
                Ok(Some(closes)) => {
                    raw.answered(now.saturating_sub(self.begun));
                    self.left -= 1;
                    match () {
                        () if !plan.keep_alive => self.step = Step::Closing,
                        () if closes || self.left == 0 => return self.next(raw),
                        () => {
                            self.begun = now;
                            self.step = Step::Sending(0);
                            return self.go_on(plan, now, room, raw);
                        }
                    }
                }
                Err(why) => {
                    raw.wrong(why);
                    self.left -= 1;
                    self.close(raw);
                    return self.next(raw);
                }
            }
        }
    }

    /// None if the answer is not whole yet; else whether the server will close.
    fn judge(&self, plan: &Plan, bytes: &[u8]) -> Result<Option<bool>, String> {
        match parse(bytes) {
            Parsed::Part => Ok(None),
            Parsed::Nonsense(why) => Err(why),
            _ if self.step == Step::Closing => Err("there was more than one answer".to_string()),
            Parsed::Whole { length, .. } if length < bytes.len() => {
                Err("there was more than one answer".to_string())
            }
            Parsed::Whole { status, .. } if status != plan.status => Err(format!(
                "the status was {status} in place of {}",
                plan.status
            )),
            Parsed::Whole { body, closes, .. } if body == self.body.as_bytes() => Ok(Some(closes)),
            Parsed::Whole { body, .. } => {
                let body = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
                Err(format!("the body was {body:?} in place of {:?}", self.body))
            }
        }
    }

    /// The present request has failed.
    pub fn fail(&mut self, failure: Failure, raw: &mut Raw) -> Want {
        // Its answer had come; the server merely did not close in good order.
        if self.step != Step::Closing {
            raw.failed(failure);
            self.left -= 1;
        }
        self.close(raw);
        self.next(raw)
    }

    /// Is done with this connection, or with all of its requests.
    fn next(&mut self, raw: &mut Raw) -> Want {
        self.begun = 0;
        if self.left > 0 {
            return Want::Open;
        }
        if self.step == Step::Closing {
            self.close(raw);
        }
        self.step = Step::Resting;
        Want::Nothing
    }

    /// A connection that is held may still be closed by the server.
    fn rest(&mut self, room: &mut [u8], raw: &mut Raw) -> Want {
        if !matches!(self.stream().and_then(|stream| stream.read(room)),
            Err(error) if error.kind() == ErrorKind::WouldBlock)
        {
            self.close(raw);
        }
        Want::Wait
    }

    /// All requests that it has not made have failed.
    pub fn give_up(&mut self, raw: &mut Raw) {
        while self.left > 0 {
            self.fail(Failure::TimedOut, raw);
        }
    }

    pub fn close(&mut self, raw: &mut Raw) {
        let was_open = !matches!(self.step, Step::Connecting);
        if self.stream.take().is_some() && was_open {
            raw.open -= 1;
        }
        self.inbox.clear();
        self.step = Step::Resting;
    }
}
