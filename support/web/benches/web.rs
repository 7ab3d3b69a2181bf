//! The tutorial's web server by axum, beside the same in Python's aiohttp, a thread for each
//! connection, prefork, and hyper without axum.
//!
//! `cargo bench -p web`. Wants two cores: servers are kept on the first, the load
//! on the second.
//!
//! First `/`, which waits for nothing: the contenders take turns, so that a busy machine is busy
//! for all of them, and the median round is printed; a request's time is also told as the time
//! that the server was on its core for it, in which the client has no part. Where the client was
//! busy all of the time, it is the client that is measured. Then `/hello/{n}`, which takes half a
//! second, ten thousand times at once (or as often as the limits allow).

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path as File;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use axum::{Router, extract::Path, response::Html, routing::get};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use processes::Process;
use web::{Report, Runs, Server, Site, escape};

const DELAY: Duration = Duration::from_millis(500);
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(700);
const CONNECTIONS: usize = 32;
/// Client processes: one more than is needed, lest the load be what is measured.
const CLIENTS: usize = 2;

fn router() -> Router {
    let hello = async |Path(name): Path<String>| {
        tokio::time::sleep(DELAY).await;
        Html(format!("<h1>hello, {}!</h1>", escape(&name)))
    };
    Router::new()
        .route("/", get(async || Html("<h1>Index</h1>")))
        .route("/hello/{name}", get(hello))
}

fn site() -> Site {
    let hello = |name: &str| {
        std::thread::sleep(DELAY);
        format!("<h1>hello, {}!</h1>", escape(name))
    };
    Site::new()
        .page("/", |_| "<h1>Index</h1>".to_string())
        .page("/hello/{name}", hello)
}

/// A server in a process of its own.
struct Own(Process);

impl Runs for Own {
    fn pids(&self) -> Vec<i32> {
        vec![self.0.pid()]
    }

    fn stop(&mut self, _: Duration) -> bool {
        self.0.kill();
        self.0.join();
        true
    }
}

/// By the environment's interpreter, as `cargo lab` sets it, or as it lies in the repository.
fn aiohttp() -> Server {
    let root = File::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let own = root.join(".venv/bin/python");
    let own = own.is_file().then_some(own.into_os_string());
    let python = std::env::var_os("NOTEBOOK_PYTHON").or(own);
    let mut python = Command::new(python.unwrap_or_else(|| "python3".into()));
    python
        .arg(root.join("notebooks/python/web_server.py"))
        .arg(DELAY.as_secs_f64().to_string());
    let (said, say) = std::io::pipe().expect("a pipe");
    let process = Process::spawn("aiohttp", move || -> std::io::Result<()> {
        // Returns only if it fails.
        Err(python.stdout(say).exec())
    });
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line).expect("a line");
    let port = line
        .strip_prefix("Server started at http://127.0.0.1:")
        .and_then(|rest| rest.split_once("...")?.0.parse().ok());
    let port =
        port.unwrap_or_else(|| panic!("aiohttp is needed, as `cargo lab setup` installs it"));
    Server::new("aiohttp", port, Own(process))
}

/// hyper's own way of serving, on one thread, in a child. It answers `/` and nothing else.
fn bare_hyper() -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a socket");
    let process = Process::spawn("hyper", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let service = service_fn(index);
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
    });
    Server::new("hyper alone", port, Own(process))
}

async fn index(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = Full::new(Bytes::from_static(b"<h1>Index</h1>"));
    let kind = "text/html; charset=utf-8";
    let answer = Response::builder().header(CONTENT_TYPE, kind).body(body);
    Ok(answer.expect("a valid answer"))
}

/// How long these processes have been on a CPU.
fn cpu_time(pids: &[i32]) -> Duration {
    // SAFETY: asks for a number, and changes nothing.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    let of = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let times = fields.skip(11).take(2);
        times
            .filter_map(|time| time.parse::<u64>().ok())
            .sum::<u64>()
    };
    let sum: u64 = pids.iter().map(of).sum();
    Duration::from_secs_f64(sum as f64 / ticks as f64)
}

fn keep_on(pids: &[i32], cpu: usize) {
    let mut only = CpuSet::new();
    only.set(cpu).expect("a CPU");
    for pid in pids {
        let kept = sched_setaffinity(Pid::from_raw(*pid), &only);
        kept.unwrap_or_else(|error| panic!("process {pid} cannot stay on CPU {cpu}: {error}"));
    }
}

/// Takes the runs' medians of what `number` gives.
fn median<T>(runs: &[T], number: impl Fn(&T) -> f64) -> f64 {
    let mut numbers: Vec<f64> = runs.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn without_waiting() {
    let workers = CONNECTIONS;
    let contenders = [
        ("hyper alone", bare_hyper()),
        ("axum, one thread", web::serve_apart(router())),
        ("thread per connection", web::threads(site())),
        ("prefork, 32 workers", web::prefork(workers, site())),
        ("aiohttp", aiohttp()),
    ];
    for (_, contender) in &contenders {
        keep_on(&contender.pids(), 0);
    }
    // Clients are children of this process, and stay where it is.
    keep_on(&[std::process::id() as i32], 1);
    let load = |contender: &Server, processes, time| {
        let load = web::load(&contender.at("/"), "<h1>Index</h1>").connections(CONNECTIONS);
        load.during(time).processes(processes).run()
    };
    let mut runs: Vec<Vec<(Report, Duration)>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for ((name, contender), runs) in contenders.iter().zip(&mut runs) {
            let before = cpu_time(&contender.pids());
            let report = load(contender, CLIENTS, ROUND);
            let on_cpu = cpu_time(&contender.pids()) - before;
            assert_eq!(report.failed(), 0, "{name}: {report}");
            // The first warms up.
            if round > 0 {
                runs.push((report, on_cpu));
            }
        }
    }
    println!(
        "\n/ without waiting, {CONNECTIONS} connections, the server on one core: median of {ROUNDS} rounds"
    );
    println!(
        "  {:<22} {:>10} {:>11} {:>9} {:>9} {:>14} {:>13} {:>8}",
        "", "a second", "× aiohttp", "p50", "p99", "core time each", "of aiohttp's", "client"
    );
    let rate = |runs: &[(Report, Duration)]| median(runs, |(report, _)| report.per_second());
    let each = |runs: &[(Report, Duration)]| {
        median(runs, |(report, time)| {
            time.as_secs_f64() / report.done as f64
        })
    };
    let aiohttp = runs.last().expect("aiohttp");
    let (slowest, most) = (rate(aiohttp), each(aiohttp));
    for ((name, _), runs) in contenders.iter().zip(&runs) {
        let quantile = |part| {
            let seconds = median(runs, |(report, _)| report.quantile(part).as_secs_f64());
            Duration::from_secs_f64(seconds)
        };
        println!(
            "  {name:<22} {:>10.0} {:>11.1} {:>9.1?} {:>9.1?} {:>11.2} µs {:>13} {:>6.0} %",
            rate(runs),
            rate(runs) / slowest,
            quantile(0.5),
            quantile(0.99),
            each(runs) * 1e6,
            format!("1/{:.1}", most / each(runs)),
            100.0 * median(runs, |(report, _)| report.busy()),
        );
    }
    println!(
        "  axum's time for a request is {:.2} times hyper's ({:.2} by core time)",
        rate(&runs[0]) / rate(&runs[1]),
        each(&runs[1]) / each(&runs[0]),
    );
    // If the client were what limits, two of them would get more answers.
    let mut free = CpuSet::new();
    (0..CpuSet::count()).for_each(|cpu| free.set(cpu).expect("within the set"));
    let more = |processes| -> Vec<Report> {
        let runs = (0..3).map(|_| load(&contenders[0].1, processes, ROUND));
        runs.collect()
    };
    println!(
        "  hyper alone by {} client processes: {:.2} times as many as by {CLIENTS}",
        2 * CLIENTS,
        median(&more(2 * CLIENTS), Report::per_second) / median(&more(CLIENTS), Report::per_second)
    );
    let _ = sched_setaffinity(Pid::from_raw(0), &free);
}

/// A server under so many requests of half a second at once; the most memory it used meanwhile.
fn with_waiting(name: &str, server: Server, connections: usize) -> Duration {
    let before = server.memory();
    let url = server.at("/hello/{n}");
    let (end, ended) = channel::<()>();
    let load = std::thread::spawn(move || {
        let _end = end;
        let load = web::load(&url, "<h1>hello, {n}!</h1>").connections(connections);
        load.hold(true).timeout(Duration::from_secs(30)).run()
    });
    let mut most = before;
    let begun = Instant::now();
    while ended.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        most = most.max(server.memory());
        assert!(begun.elapsed() < Duration::from_secs(120));
    }
    let report = load.join().expect("a load");
    println!(
        "  {name:<22} {:>8.2?} {:>9.2?} {:>9.2?} {:>8} {:>8} {:>9.1} KiB {:>8.1} MiB",
        report.took,
        report.quantile(0.5),
        report.quantile(0.99),
        report.open_at_once,
        report.failed(),
        (most - before) as f64 / 1024.0 / connections as f64,
        before as f64 / (1 << 20) as f64,
    );
    report.took
}

fn main() {
    // Forked before anything has threads.
    without_waiting();
    let connections = web::room().connections().min(10_000);
    println!("\n/hello/{{n}}, {DELAY:?}, {connections} at once, both cores for server and client");
    println!(
        "  {:<22} {:>8} {:>9} {:>9} {:>8} {:>8} {:>13} {:>12}",
        "", "the last", "p50", "p99", "open", "failed", "memory each", "before"
    );
    let axum = with_waiting("axum, one thread", web::serve_apart(router()), connections);
    let python = with_waiting("aiohttp", aiohttp(), connections);
    with_waiting("thread per connection", web::threads(site()), connections);
    println!(
        "  until the last answer, aiohttp takes {:.1} times as long as axum",
        python.as_secs_f64() / axum.as_secs_f64()
    );
}
