//! How servers end, and that nothing of them stays.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use processes::Exit;
use processes::Process;
use tokio::runtime::{Builder, Handle};
use tokio::task::spawn_blocking;
use web::Server;

use super::servers::{ALL, Pages, router, serve, serves, site, try_serve};

const LIMIT: Duration = Duration::from_secs(20);

/// A connection on which a request is under way.
fn asking(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
        .write_all(b"GET /hello/Ada HTTP/1.1\r\nHost: here\r\n\r\n")
        .unwrap();
    stream
}

/// Waits, as the other tests of this process make sockets as well: theirs may have got this port
/// in between, or a child of theirs a copy of a socket for the first moment of its life.
fn is_free(port: u16) -> bool {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_stop_answers_what_was_begun_and_closes_what_is_idle() {
    for (name, start) in ALL {
        let pages = Pages::after(Duration::from_millis(100));
        let server = start(pages.clone());
        let port = server.port();
        // One connection is kept after its answer, on one a request is under way.
        let mut idle = asking(&server);
        assert!(idle.read(&mut [0; 400]).unwrap() > 0, "{name}");
        let mut busy = asking(&server);
        let until = Instant::now() + LIMIT;
        while pages.begun.get() < 2 {
            assert!(Instant::now() < until, "{name}");
            std::thread::yield_now();
        }
        let stopped = server.stop_within(LIMIT);
        assert!(stopped.in_time, "{name}: {stopped}");
        assert!(stopped.took < LIMIT / 2, "{name}: {stopped}");
        let mut rest = String::new();
        busy.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("<h1>hello, Ada!</h1>"), "{name}: {rest:?}");
        assert!(is_free(port), "{name}");
    }
}

#[test]
fn a_runtime_of_one_thread_serves_and_stops() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pages = router(Pages::at_once());
        let server = web::serve_on(&Handle::current(), 0, pages).unwrap();
        let (port, url) = (server.port(), server.at("/"));
        let answer = spawn_blocking(move || web::get(&url)).await.unwrap();
        assert_eq!(answer.unwrap().body, "<h1>Index</h1>");
        // Not on this thread, which is the one that serves.
        let stopped = spawn_blocking(move || server.stop_within(LIMIT)).await;
        let stopped = stopped.unwrap();
        assert!(stopped.in_time && stopped.took < LIMIT / 2, "{stopped}");
        assert!(is_free(port));
    });
}

#[test]
fn a_stop_is_bounded() {
    for (name, start) in ALL {
        let server = start(Pages::after(Duration::from_secs(3_600)));
        let port = server.port();
        let mut stream = asking(&server);
        let begun = Instant::now();
        let stopped = server.stop_within(Duration::from_millis(50));
        assert!(begun.elapsed() < LIMIT, "{name}: {stopped}");
        assert!(is_free(port), "{name}");
        // Cut off: an end or a reset, and no answer.
        assert!(
            matches!(stream.read(&mut [0; 10]), Ok(0) | Err(_)),
            "{name}"
        );
    }
}

#[test]
fn a_dropped_handle_frees_the_port_at_once() {
    for (name, start) in ALL {
        let server = start(Pages::after(Duration::from_secs(3_600)));
        let (port, pids) = (server.port(), server.pids());
        let _stream = asking(&server);
        drop(server);
        assert!(is_free(port), "{name}");
        let own = std::process::id() as i32;
        for pid in pids.into_iter().filter(|pid| *pid != own) {
            assert!(
                kill(Pid::from_raw(pid), None).is_err(),
                "{name}: {pid} lives"
            );
        }
    }
}

#[test]
fn a_port_in_use_is_said_in_a_sentence() {
    let first = serve(router(Pages::at_once()));
    let said = try_serve(first.port(), router(Pages::at_once())).unwrap_err();
    let told = format!(
        "port {} of 127.0.0.1 is in use: stop the server that has it",
        first.port()
    );
    assert!(said.to_string().starts_with(&told), "{said}");
    serves("the first", &first);
    let port = first.port();
    assert!(first.stop().in_time);
    assert!(is_free(port));
}

/// A child that a cell forks has copies of all sockets, for as long as it lives.
#[test]
fn a_child_with_a_copy_of_the_socket_does_not_keep_the_port() {
    for _ in 0..10 {
        let server = serve(router(Pages::at_once()));
        let address = server.address();
        let child = Process::spawn("copies", std::thread::park);
        assert!(server.stop().in_time);
        assert!(is_free(address.port()));
        assert!(child.is_alive());
        child.kill();
    }
}

/// A child forked while a server runs here has no part of its socket.
#[test]
fn another_child_does_not_keep_the_port() {
    let server = serve(router(Pages::at_once()));
    let port = server.port();
    let other = web::threads(site(Pages::at_once()));
    assert!(server.stop().in_time);
    assert!(is_free(port));
    serves("the other", &other);
}

/// Not a test of its own: what `workers_die_with_their_process` runs in a process to be killed.
#[test]
#[ignore]
fn holds_a_prefork_server() {
    let server = web::prefork(3, site(Pages::at_once()));
    println!("pids: {:?} {}", server.pids(), server.port());
    std::thread::sleep(LIMIT);
}

#[test]
fn workers_die_with_their_process() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "ends::holds_a_prefork_server",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let line = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("pids: ")?.1.to_string()));
    let line = line.expect("it says which workers it has");
    let (pids, port) = line.split_once("] ").unwrap();
    let pids = pids.trim_start_matches('[').split(", ");
    let pids: Vec<i32> = pids.map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 3);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(web::get(&url).unwrap().status, 200);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let until = Instant::now() + LIMIT;
    for pid in pids {
        // Nobody reaps a zombie here in a container without an init; it is dead all the same.
        while is_alive(pid) {
            assert!(Instant::now() < until, "worker {pid} lives");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(is_free(port.parse().unwrap()));
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !matches!(state.chars().next(), None | Some('Z' | 'X'))
}

#[test]
fn a_worker_that_was_killed_is_no_good_end() {
    let server = web::prefork(2, site(Pages::at_once()));
    let pids = server.pids();
    kill(Pid::from_raw(pids[0]), Signal::SIGKILL).unwrap();
    // The other one goes on.
    serves("prefork", &server);
    assert!(!server.stop().in_time);
}

/// A handle that a forked child has a copy of is not the child's to stop.
#[test]
fn a_copy_in_a_child_stops_nothing() {
    for (name, start) in ALL {
        let server = start(Pages::at_once());
        let child = Process::spawn("copy", || {
            // SAFETY: the bitwise copy that the fork has made is dropped nowhere else: a child
            // drops nothing of its parent's.
            drop(unsafe { std::ptr::read(&server) });
        });
        assert_eq!(child.join_timeout(LIMIT), Some(Exit::Code(0)), "{name}");
        serves(name, &server);
    }
}
