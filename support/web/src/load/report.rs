//! What a load met with.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use figures::units::human;
use processes::codec;

/// Latencies that [`Report::latencies`] gives at most; more would not be seen in a picture.
const SAMPLES: usize = 10_000;

/// Why a request was not answered.
///
/// ```
/// use web::{Failure, load};
///
/// let nobody = web::threads(web::Site::new()).url(); // and stops at once
/// let report = load(&nobody, "").run();
/// assert_eq!(report.count(Failure::Refused), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// The server broke the connection off.
    Reset,
    /// The server closed the connection before the answer was whole.
    Closed,
    /// No whole answer came in time.
    TimedOut,
    /// An answer came that was not the right one.
    Wrong,
    /// The client had no descriptor left.
    NoDescriptor,
    /// The client had no port left to connect from.
    NoPort,
    /// Something else that the system said.
    Other,
}

/// All of them in words, in the order in which they are declared.
const FAILURES: [&str; 8] = [
    "refused",
    "reset",
    "closed too early",
    "timed out",
    "answered wrongly",
    "without a descriptor",
    "without a port",
    "failed otherwise",
];

impl Failure {
    /// What an attempt to connect, read or write met with.
    pub(super) fn of(error: &std::io::Error) -> Failure {
        match error.raw_os_error() {
            Some(libc::ECONNREFUSED) => Failure::Refused,
            Some(libc::ECONNRESET | libc::EPIPE) => Failure::Reset,
            Some(libc::ETIMEDOUT) => Failure::TimedOut,
            Some(libc::EMFILE | libc::ENFILE) => Failure::NoDescriptor,
            Some(libc::EADDRNOTAVAIL) => Failure::NoPort,
            _ => Failure::Other,
        }
    }
}

/// Failures of which the first says more than how many there were.
const FIRSTS: [(Failure, &str); 2] = [(Failure::Reset, "reset"), (Failure::Wrong, "wrong answer")];

/// Up to two minutes, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000_000, 3).expect("these bounds are allowed")
}

/// A histogram on its way from a client: each latency and how often it was.
mod sparse {
    use super::{Deserialize, Histogram, Serialize, histogram};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(all: &Histogram<u64>, to: S) -> Result<S::Ok, S::Error> {
        let steps = all.iter_recorded();
        let steps = steps.map(|step| (step.value_iterated_to(), step.count_at_value()));
        steps.collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Histogram<u64>, D::Error> {
        let mut all = histogram();
        for (latency, count) in Vec::<(u64, u64)>::deserialize(from)? {
            all.saturating_record_n(latency, count);
        }
        Ok(all)
    }
}

/// What a load met with; made by [`Load::run`](super::Load::run).
///
/// ```
/// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
/// let report = web::load(&server.url(), "x").requests(50).run();
/// assert!(report.to_string().starts_with("50 requests answered in "));
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Requests that were answered, and rightly.
    pub done: usize,
    /// From the first connection to the last answer.
    pub took: Duration,
    /// Connections that were made in all.
    pub connected: usize,
    /// The most connections that were open at the same time. With several processes, of each of
    /// them, added up.
    pub open_at_once: usize,
    failures: [usize; FAILURES.len()],
    firsts: [Option<String>; FAILURES.len()],
    busy: f64,
    /// In nanoseconds of CLOCK_MONOTONIC, which is one clock for all clients.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) open: usize,
    #[serde(with = "sparse")]
    histogram: Histogram<u64>,
}

/// What a client process counts, and what is made of that of several.
impl Report {
    pub(super) fn new() -> Report {
        let now = now();
        Report {
            done: 0,
            took: Duration::ZERO,
            connected: 0,
            open_at_once: 0,
            failures: Default::default(),
            firsts: Default::default(),
            busy: 0.0,
            began: now,
            ended: now,
            open: 0,
            histogram: histogram(),
        }
    }

    pub(super) fn answered(&mut self, begun: u64) {
        self.done += 1;
        let latency = self.ended.saturating_sub(begun);
        self.histogram.saturating_record(latency.max(1));
    }

    pub(super) fn fails(&mut self, failure: Failure, first: Option<String>) {
        self.failures[failure as usize] += 1;
        let known = &mut self.firsts[failure as usize];
        *known = known.take().or(first);
    }

    pub(super) fn breaks(&mut self, error: &std::io::Error, doing: &str, begun: u64) {
        let after = human(Duration::from_nanos(self.ended.saturating_sub(begun)));
        let of = self.connected;
        let first = format!("{doing}, {after} after it began, when {of} had connected");
        self.fails(Failure::of(error), Some(first));
    }

    pub(super) fn opened(&mut self) {
        self.connected += 1;
        self.open += 1;
        self.open_at_once = self.open_at_once.max(self.open);
    }

    /// In the client, at its end. The exit code: 0 if all of it could be written.
    pub(super) fn write(mut self, mut file: &File) -> i32 {
        self.busy = busy() / Duration::from_nanos(now() - self.began).as_secs_f64();
        self.took = self.span();
        let mut bytes = Vec::new();
        let written = codec::append(&self, &mut bytes).is_ok() && file.write_all(&bytes).is_ok();
        i32::from(!written)
    }

    /// With what another client has counted.
    pub(super) fn and(mut self, part: Report) -> Report {
        self.done += part.done;
        self.connected += part.connected;
        self.open_at_once += part.open_at_once;
        for (sum, count) in self.failures.iter_mut().zip(part.failures) {
            *sum += count;
        }
        for (first, other) in self.firsts.iter_mut().zip(part.firsts) {
            *first = first.take().or(other);
        }
        self.busy = self.busy.max(part.busy);
        self.began = self.began.min(part.began);
        self.ended = self.ended.max(part.ended);
        self.took = self.span();
        self.histogram += part.histogram;
        self
    }

    fn span(&self) -> Duration {
        Duration::from_nanos(self.ended.saturating_sub(self.began))
    }

    /// Requests that were not answered, or wrongly.
    ///
    /// ```
    /// let report = web::load("http://127.0.0.1:9/", "").requests(3).run();
    /// assert_eq!((report.done, report.failed()), (0, 3));
    /// ```
    pub fn failed(&self) -> usize {
        self.failures.iter().sum()
    }

    /// Requests that failed so.
    ///
    /// ```
    /// use web::{Failure, Site, load, threads};
    ///
    /// let server = threads(Site::new().page("/", |_| "hello".to_string()));
    /// assert_eq!(load(&server.url(), "good-bye").run().count(Failure::Wrong), 1);
    /// ```
    pub fn count(&self, failure: Failure) -> usize {
        self.failures[failure as usize]
    }

    /// What was wrong with the first wrong answer; none if there was no such.
    ///
    /// ```
    /// use web::{Site, load, threads};
    ///
    /// let server = threads(Site::new().page("/", |_| "hello".to_string()));
    /// let report = load(&server.url(), "good-bye").run();
    /// assert_eq!(report.wrong(), Some("the body was \"hello\" in place of \"good-bye\""));
    /// ```
    pub fn wrong(&self) -> Option<&str> {
        self.firsts[Failure::Wrong as usize].as_deref()
    }

    /// Requests answered in a second.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// assert!(web::load(&server.url(), "x").requests(50).run().per_second() > 1.0);
    /// ```
    pub fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// The latency that `part` (from 0 to 1) of the answers stayed within: 0.5 for the median,
    /// 0.99 for "p99", 1.0 for the longest; to three digits. Zero if there were no answers.
    ///
    /// A latency counts from the request to the last byte of its answer; that of the first request
    /// on a connection from the attempt to connect, as a user would count it. A connection makes its
    /// next request when it has its answer, so a server that stalls gets fewer requests, and
    /// the stall counts once for each connection.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").requests(50).run();
    /// assert!(report.quantile(0.5) <= report.quantile(0.99));
    /// ```
    pub fn quantile(&self, part: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(part.clamp(0.0, 1.0)))
    }

    /// The latencies, for a picture: from the shortest to the longest; of more than 10,000, as many
    /// that are distributed as all are.
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").requests(50).run();
    /// let latencies = report.latencies();
    /// assert!(latencies.len() == 50 && latencies.is_sorted());
    /// ```
    pub fn latencies(&self) -> Vec<Duration> {
        let count = self.done.min(SAMPLES);
        let part = |n| (n as f64 + 0.5) / count as f64;
        (0..count).map(|n| self.quantile(part(n))).collect()
    }

    /// The part of the time, from 0 to 1, for which the busiest client process was on a CPU. Near
    /// 1 the client is what limits, and not the server: share it out by
    /// [`Load::processes`](super::Load::processes).
    ///
    /// ```
    /// let server = web::threads(web::Site::new().page("/", |_| "x".into()));
    /// let report = web::load(&server.url(), "x").requests(50).run();
    /// assert!(report.busy() > 0.0);
    /// ```
    pub fn busy(&self) -> f64 {
        self.busy
    }
}

/// Some lines: how many in how long, their latencies, and what went wrong.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, took) = (self.done, human(self.took));
        let requests = if done == 1 { "request" } else { "requests" };
        let (rate, open) = (self.per_second(), self.open_at_once);
        let connections = if open == 1 {
            "connection"
        } else {
            "connections"
        };
        write!(
            f,
            "{done} {requests} answered in {took}, {rate:.0} a second; {open} {connections} open at once"
        )?;
        if done > 0 {
            let [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1.0].map(|part| human(self.quantile(part)));
            write!(
                f,
                "\nlatency: half within {p50}, 90 % within {p90}, 99 % within {p99}, longest {max}"
            )?;
        }
        let counted = FAILURES.iter().zip(self.failures);
        let counted = counted.filter(|(_, count)| *count > 0);
        let words: Vec<_> = counted
            .map(|(words, count)| format!("{count} {words}"))
            .collect();
        if !words.is_empty() {
            write!(f, "\nfailed: {}", words.join(", "))?;
        }
        for (failure, words) in FIRSTS {
            if let Some(first) = &self.firsts[failure as usize] {
                write!(f, "\nthe first {words}: {first}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("done", &self.done)
            .field("failed", &self.failed())
            .field("took", &self.took)
            .field("open_at_once", &self.open_at_once)
            .finish_non_exhaustive()
    }
}

/// The time of the clock that all processes share, in nanoseconds.
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("the clock is there");
    Duration::from(time).as_nanos() as u64
}

/// How many seconds this process has been on a CPU.
fn busy() -> f64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        let times = [usage.user_time(), usage.system_time()];
        let seconds = times.map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6);
        seconds.iter().sum()
    })
}
