//! All clients of a process, on one thread: a loop over what happens on their connections.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::ops::Range;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollTimeout};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

use super::client::{Client, Want};
use super::report::{Failure, Raw};

/// Connections that are begun before the next look at those that are there.
const BATCH: usize = 32;

/// How often one looks for requests whose time is up.
const SWEEP: u64 = 20_000_000;

/// What one process is to do.
pub(super) struct Plan {
    pub address: SocketAddrV4,
    pub path: String,
    pub body: String,
    pub status: u16,
    pub connections: Range<usize>,
    pub until: Until,
    pub timeout: Duration,
    pub keep_alive: bool,
    pub hold: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Each connection has made so many; at this time at the latest.
    Requests(usize, Duration),
    Time(Duration),
}

struct Drive<'a> {
    plan: &'a Plan,
    epoll: Epoll,
    clients: Vec<Client>,
    /// Those that want a new connection.
    to_open: VecDeque<usize>,
    /// Those that have not made all of their requests.
    active: usize,
    raw: Raw,
}

/// Runs them to their end. Allocates, makes system calls, and does nothing else: it may run in a
/// child of a process with many threads.
pub(super) fn run(plan: &Plan) -> Raw {
    let (requests, limit) = match plan.until {
        Until::Requests(requests, limit) => (requests, limit),
        Until::Time(limit) => (usize::MAX, limit),
    };
    let numbers = plan.connections.clone();
    let clients: Vec<Client> = numbers
        .map(|number| Client::new(number, plan, requests))
        .collect();
    let began = now();
    let drive = Drive {
        plan,
        epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("room for one more descriptor"),
        to_open: (0..clients.len()).collect(),
        active: clients.len(),
        clients,
        raw: Raw::new(began),
    };
    drive.run(began + limit.as_nanos() as u64)
}

impl Drive<'_> {
    fn run(mut self, end: u64) -> Raw {
        let mut events = [EpollEvent::empty(); 256];
        let mut room = vec![0; 64 * 1024];
        let mut swept = self.raw.began;
        while self.active > 0 {
            let time = now();
            if time >= end {
                self.give_up();
                break;
            }
            if time - swept > SWEEP {
                swept = time;
                self.sweep(time);
            }
            self.open(time);
            let wait = match self.to_open.is_empty() {
                true => EpollTimeout::from((SWEEP / 1_000_000) as u8),
                false => EpollTimeout::ZERO,
            };
            let count = match self.epoll.wait(&mut events, wait) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(errno) => panic!("the client cannot wait: {errno}"),
            };
            for event in &events[..count] {
                let place = event.data() as usize - self.plan.connections.start;
                let client = &mut self.clients[place];
                let want = client.go_on(self.plan, now(), &mut room, &mut self.raw);
                self.grant(place, want);
            }
        }
        self.raw.ended = now();
        self.raw.busy = busy();
        self.raw
    }

    /// Begins the connections that are wanted, some at a time.
    fn open(&mut self, time: u64) {
        for _ in 0..BATCH.min(self.to_open.len()) {
            let Some(place) = self.to_open.pop_front() else {
                return;
            };
            let want = self.clients[place].open(self.plan, &self.epoll, time, &mut self.raw);
            self.grant(place, want);
        }
    }

    fn grant(&mut self, place: usize, want: Want) {
        match want {
            Want::Wait => {}
            Want::Open => self.to_open.push_back(place),
            Want::Nothing => {
                self.active -= 1;
                if !self.plan.hold {
                    self.clients[place].close(&mut self.raw);
                }
            }
        }
    }

    /// Fails the requests whose time is up.
    fn sweep(&mut self, time: u64) {
        let timeout = self.plan.timeout.as_nanos() as u64;
        for place in 0..self.clients.len() {
            let client = &mut self.clients[place];
            if client.begun > 0 && time.saturating_sub(client.begun) > timeout {
                let want = client.fail(Failure::TimedOut, &mut self.raw);
                self.grant(place, want);
            }
        }
    }

    /// At the end of all time. Where time was what was asked for, a request that is under way is
    /// nobody's failure; else all that were not made have failed.
    fn give_up(&mut self) {
        if let Until::Requests(..) = self.plan.until {
            for client in &mut self.clients {
                client.give_up(&mut self.raw);
            }
        }
    }
}

fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("the clock is there");
    Duration::from(time).as_nanos() as u64
}

/// How long this process has been on a CPU.
fn busy() -> u64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| {
        let times = [usage.user_time(), usage.system_time()];
        let micros = times.map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
        u64::try_from(micros.iter().sum::<i64>()).unwrap_or(0) * 1_000
    })
}
