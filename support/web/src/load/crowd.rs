//! All visitors of a process: a task for each, on one thread.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddrV4;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::{Answer, parse};
use super::report::{Failure, Report, now};

/// Room for what comes at once: mostly an answer comes in one piece.
const PIECE: usize = 512;

/// Of a body that is not the right one, so many bytes are shown.
const SHOWN: usize = 100;

/// So many connections are begun at once, then those that are there get their turn.
const BATCH: usize = 32;

/// What the clients of one process are to do.
pub(super) struct Plan {
    pub address: SocketAddrV4,
    pub path: String,
    pub body: String,
    pub status: u16,
    /// The numbers of this process's connections.
    pub connections: Range<usize>,
    /// How many requests each makes, if not as many as there is time for.
    pub requests: Option<usize>,
    pub limit: Duration,
    pub timeout: Duration,
    pub keep_alive: bool,
    pub hold: bool,
}

struct Crowd {
    plan: Plan,
    report: RefCell<Report>,
    /// Where those wait who hold their connection until all have their answers.
    all: Barrier,
}

/// Makes the requests and tells what came of them.
pub(super) fn run(plan: Plan) -> Report {
    let numbers = plan.connections.clone();
    let crowd = Rc::new(Crowd {
        report: RefCell::new(Report::new()),
        all: Barrier::new(numbers.len()),
        plan,
    });
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default());
    let runtime = runtime.unwrap_or_else(|error| panic!("the client cannot wait: {error}"));
    runtime.block_on(async {
        let mut visitors = JoinSet::new();
        for number in numbers.clone() {
            visitors.spawn_local(Rc::clone(&crowd).visit(number));
            if number % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
        let all = async { while visitors.join_next().await.is_some() {} };
        // Those that are left are dropped.
        let _ = timeout(crowd.plan.limit, all).await;
    });
    drop(runtime);
    let mut report = crowd.report.replace(Report::new());
    if let Some(requests) = crowd.plan.requests {
        let ended = report.done + report.failed();
        (ended..requests * numbers.len()).for_each(|_| report.fails(Failure::TimedOut, None));
    }
    report
}

impl Crowd {
    /// One client: its requests one after another, on one connection as long as that serves.
    async fn visit(self: Rc<Crowd>, number: usize) {
        let plan = &self.plan;
        let visitor = Visitor::new(plan, number);
        let mut line = None;
        for _ in 0..plan.requests.unwrap_or(usize::MAX) {
            let begun = now();
            let answered = timeout(plan.timeout, self.ask(&visitor, &mut line)).await;
            let timed_out = Err(Unanswered::Failed(Failure::TimedOut));
            self.count(begun, answered.unwrap_or(timed_out));
            if let Some(open) = line.as_mut().filter(|_| !plan.keep_alive) {
                // The server closes first. Should it not do so in good order, its answer has come.
                let _ = timeout(plan.timeout, open.receive()).await;
                line = None;
            }
        }
        if let Some(open) = &line {
            // Closed as usual, it would keep its port for a minute. The next load on this server takes
            // such ports again, and where the server's queue is full at that moment, the system now and
            // then resets a connection that it has just made.
            let _ = open.stream.set_zero_linger();
        }
        if plan.hold {
            tokio::select! {
                biased;
                _ = self.all.wait() => {}
                // The server may close it earlier.
                Some(_) = async { Some(line.as_mut()?.receive().await) } => drop(line),
            }
        }
    }

    fn count(&self, begun: u64, answered: Result<(), Unanswered>) {
        let mut report = self.report.borrow_mut();
        report.ended = now();
        match answered {
            Ok(()) => report.answered(begun),
            Err(Unanswered::Failed(failure)) => report.fails(failure, None),
            Err(Unanswered::Broken(error, when)) => report.breaks(&error, when, begun),
            Err(Unanswered::Wrong(why)) => report.fails(Failure::Wrong, Some(why)),
        }
    }

    /// Makes one request, over a new connection if there is none. The connection stays only if the
    /// answer is the right one.
    async fn ask(
        self: &Rc<Crowd>,
        visitor: &Visitor,
        kept: &mut Option<Line>,
    ) -> Result<(), Unanswered> {
        let mut line = match kept.take() {
            Some(line) => line,
            None => Line::open(self).await.map_err(during("connecting"))?,
        };
        let sent = line.stream.write_all(visitor.request.as_bytes()).await;
        sent.map_err(during("sending its request"))?;
        let closes = loop {
            let waits = match line.inbox.is_empty() {
                true => "waiting for its answer",
                false => "reading its answer",
            };
            if line.receive().await.map_err(during(waits))? == 0 {
                return Err(Unanswered::Failed(Failure::Closed));
            }
            if let Some(answer) = parse(&line.inbox).map_err(Unanswered::Wrong)? {
                visitor.judge(&answer).map_err(Unanswered::Wrong)?;
                break answer.closes;
            }
        };
        line.inbox.clear();
        *kept = Some(line).filter(|_| !closes || !self.plan.keep_alive);
        Ok(())
    }
}

/// What one client says, and wants to hear.
struct Visitor {
    request: String,
    status: u16,
    body: String,
}

impl Visitor {
    fn new(plan: &Plan, number: usize) -> Visitor {
        let fill = |text: &str| text.replace("{n}", &number.to_string());
        let close = match plan.keep_alive {
            true => "",
            false => "Connection: close\r\n",
        };
        let (path, host) = (fill(&plan.path), plan.address);
        Visitor {
            request: format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n"),
            status: plan.status,
            body: fill(&plan.body),
        }
    }

    fn judge(&self, answer: &Answer) -> Result<(), String> {
        let &Answer { status, body, .. } = answer;
        if status != self.status {
            return Err(format!(
                "the status was {status} in place of {}",
                self.status
            ));
        }
        if body != self.body.as_bytes() {
            let body = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
            return Err(format!("the body was {body:?} in place of {:?}", self.body));
        }
        Ok(())
    }
}

/// A connection.
struct Line {
    stream: TcpStream,
    inbox: Vec<u8>,
    crowd: Rc<Crowd>,
}

impl Line {
    async fn open(crowd: &Rc<Crowd>) -> io::Result<Line> {
        let stream = TcpStream::connect(crowd.plan.address).await?;
        crowd.report.borrow_mut().opened();
        Ok(Line {
            stream,
            inbox: Vec::with_capacity(PIECE),
            crowd: Rc::clone(crowd),
        })
    }

    /// Waits for more bytes and says how many have come: none at the connection's end.
    async fn receive(&mut self) -> io::Result<usize> {
        self.inbox.reserve(PIECE);
        self.stream.read_buf(&mut self.inbox).await
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.crowd.report.borrow_mut().open -= 1;
    }
}

/// Why there is no right answer.
enum Unanswered {
    Failed(Failure),
    /// The system's error, and what the client was doing.
    Broken(io::Error, &'static str),
    Wrong(String),
}

fn during(doing: &'static str) -> impl Fn(io::Error) -> Unanswered {
    move |error| Unanswered::Broken(error, doing)
}
