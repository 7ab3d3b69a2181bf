//! Many clients at once, and what they met with.

mod answer;
mod crowd;
mod report;

use std::fs::File;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::error::Error;
use crate::{child, get, limits};
use crowd::Plan;
use processes::Process;
use processes::codec;
pub use report::{Failure, Report};

/// A load to be put on a server on this machine; made by [`load()`].
///
/// ```
/// use web::Site;
///
/// let server = web::threads(Site::new().page("/", |_| "hello".to_string()));
/// let report = web::load(&server.url(), "hello").connections(10).requests(1_000).run();
/// assert_eq!((report.done, report.failed()), (1_000, 0));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until `run()`"]
pub struct Load {
    url: String,
    body: String,
    status: u16,
    connections: usize,
    requests: Option<usize>,
    duration: Duration,
    timeout: Duration,
    keep_alive: bool,
    hold: bool,
    processes: usize,
}

/// How long a load may take beyond the requests' own time limits before its processes are killed.
const GRACE: Duration = Duration::from_secs(5);

/// Whatever was asked for, a load that counts requests ends then.
const LONGEST: Duration = Duration::from_secs(60);

/// A load on this page: one connection that makes one request, unless told otherwise.
///
/// Every answer's status has to be 200, and its body `body`. In both, `{n}` stands for the number
/// of the connection, so that an answer that was meant for another one is found out:
/// `web::load(&server.at("/hello/{n}"), "<h1>hello, {n}!</h1>")`.
///
/// ```
/// use web::{Site};
///
/// let server = web::threads(Site::new().page("/hello/{name}", |name| format!("hello, {name}!")));
/// let report = web::load(&server.at("/hello/{n}"), "hello, {n}!").connections(20).run();
/// assert_eq!(report.done, 20);
/// ```
pub fn load(url: &str, body: &str) -> Load {
    Load {
        url: url.to_string(),
        body: body.to_string(),
        status: 200,
        connections: 1,
        requests: None,
        duration: Duration::ZERO,
        timeout: Duration::from_secs(10),
        keep_alive: true,
        hold: false,
        processes: 1,
    }
}

impl Load {
    /// How many connections are open at once, 1 unless told otherwise. All are opened as quickly
    /// as the server takes them; each makes a request as soon as it is open, and closes when it
    /// has no more to make.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").connections(100).run();
    /// assert_eq!(report.done, 100);
    /// ```
    pub fn connections(mut self, connections: usize) -> Load {
        self.connections = connections.max(1);
        self
    }

    /// How many requests are made in all: one for each connection unless told otherwise. They are
    /// shared out evenly, so the number is rounded up to a multiple of the connections.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").connections(3).requests(10).run();
    /// assert_eq!(report.done, 12);
    /// ```
    pub fn requests(mut self, requests: usize) -> Load {
        self.requests = Some(requests);
        self
    }

    /// Makes requests for this long, up to a minute, however many those are. One that is under way at
    /// the end is not counted.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").during(Duration::from_millis(50)).run();
    /// assert!(report.done > 0, "{report}");
    /// ```
    pub fn during(mut self, duration: Duration) -> Load {
        self.duration = duration.min(LONGEST);
        self
    }

    /// How long to wait for a connection and an answer together: 10 s unless told otherwise, 30 s
    /// at most.
    ///
    /// ```
    /// use std::time::Duration;
    /// use web::{Failure, Site};
    ///
    /// let site = Site::new().page("/", |_| {
    ///     std::thread::sleep(Duration::from_millis(300));
    ///     String::new()
    /// });
    /// let server = web::threads(site);
    /// let report = web::load(&server.url(), "").timeout(Duration::from_millis(20)).run();
    /// assert_eq!(report.count(Failure::TimedOut), 1);
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Load {
        self.timeout = timeout.min(Duration::from_secs(30));
        self
    }

    /// Whether a connection is used for more than one request, as it is unless told otherwise.
    /// Without, each request asks the server to close (`Connection: close`), and waits for that.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").requests(5).keep_alive(false).run();
    /// assert_eq!((report.done, report.connected), (5, 5));
    /// ```
    pub fn keep_alive(mut self, keep_alive: bool) -> Load {
        self.keep_alive = keep_alive;
        self
    }

    /// Whether a connection that has made its requests stays open until all have made theirs. A
    /// server that serves one connection at a time never gets to the last one then.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").connections(50).hold(true).run();
    /// assert_eq!(report.open_at_once, 50);
    /// ```
    pub fn hold(mut self, hold: bool) -> Load {
        self.hold = hold;
        self
    }

    /// The status that every answer must have, 200 unless told otherwise.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// let report = web::load(&server.url(), "").status(404).run();
    /// assert_eq!(report.done, 1);
    /// ```
    pub fn status(mut self, status: u16) -> Load {
        self.status = status;
        self
    }

    /// How many processes share the connections among them, 1 unless told otherwise: more, where
    /// [`Report::busy`] says that one is not enough.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").connections(10).processes(2).run();
    /// assert_eq!(report.done, 10);
    /// ```
    pub fn processes(mut self, processes: usize) -> Load {
        self.processes = processes.max(1);
        self
    }

    /// Puts the load on the server, and returns when the last answer has come, or the last request
    /// has failed. Blocks for a minute and [`Load::timeout`] at most.
    ///
    /// # Panics
    ///
    /// With the sentence that [`Load::try_run`] gives as its error.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// println!("{}", web::load(&server.url(), "x").requests(100).run());
    /// ```
    #[track_caller]
    pub fn run(&self) -> Report {
        self.try_run().unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`Load::run`], where a lack of room is an error that one can handle.
    ///
    /// The clients live in child processes, with one thread each. So they take no time from an
    /// event loop of this process, and have descriptors of their own.
    ///
    /// # Errors
    ///
    /// If the URL is none of 127.0.0.1; if so many connections need more descriptors than a
    /// process may have or more ports than there are, which the sentence says; if there is no room
    /// for a process. What goes wrong with single requests is no error, but counted in the report.
    ///
    /// ```
    /// let failed = web::load("http://127.0.0.1:9/", "").connections(1_000_000).try_run();
    /// assert!(failed.unwrap_err().to_string().contains("1000000 connections"));
    /// ```
    pub fn try_run(&self) -> Result<Report, Error> {
        let (address, path) = get::parse(&self.url.replace("{n}", "\u{1}"))?;
        let processes = self.processes.min(self.connections);
        limits::check(self.connections, processes)?;
        let (requests, limit) = match self.duration.is_zero() {
            true => {
                let all = self.requests.unwrap_or(self.connections);
                (Some(all.div_ceil(self.connections)), LONGEST)
            }
            false => (None, self.duration),
        };
        // What stood for the number has been encoded with the rest.
        let path = path.replace("%01", "{n}");
        let mut running = Vec::new();
        for process in 0..processes {
            let first = self.connections * process / processes;
            let plan = Plan {
                address,
                path: path.clone(),
                body: self.body.clone(),
                status: self.status,
                connections: first..self.connections * (process + 1) / processes,
                requests,
                limit,
                timeout: self.timeout,
                keep_alive: self.keep_alive,
                hold: self.hold,
            };
            running.push(start(plan)?);
        }
        let end = Instant::now() + LONGEST + self.timeout + GRACE;
        let mut all: Option<Report> = None;
        for (process, report) in &mut running {
            let limit = end.saturating_duration_since(Instant::now());
            let part = read(process, report, limit)?;
            all = Some(match all {
                Some(all) => all.and(part),
                None => part,
            });
        }
        Ok(all.unwrap_or_else(Report::new))
    }
}

/// Forks a client. A child's only work is system calls and memory of its own, so no lock of this
/// process's threads can hold it up. Its report comes in a file in memory.
fn start(plan: Plan) -> Result<(Process, File), Error> {
    let report = memfd_create(c"report", MFdFlags::MFD_CLOEXEC);
    let report = report
        .map(File::from)
        .map_err(|errno| Error::Process(errno.into()))?;
    let process = Process::try_spawn("client", || {
        child::leave_sockets(-1);
        crowd::run(plan).write(&report)
    });
    Ok((process.map_err(Error::Process)?, report))
}

/// Waits for a client's end and reads what it has told. Should it hang, it is killed.
fn read(process: &Process, report: &mut File, limit: Duration) -> Result<Report, Error> {
    let exit = process.join_timeout(limit);
    process.kill();
    let exit = exit.unwrap_or_else(|| process.join());
    let mut bytes = Vec::new();
    let whole = report
        .rewind()
        .and_then(|()| report.read_to_end(&mut bytes));
    whole
        .ok()
        .and_then(|_| codec::read(&bytes).ok())
        .ok_or(Error::Died(Some(exit)))
}
