//! Loads: many at once, and what is said of those that fail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use web::{Failure, Load, Server, Site};

use super::servers::{ALL, Pages, router, serve, serves};

const HELLO: &str = "<h1>hello, {n}!</h1>";

#[test]
fn a_thousand_at_once_have_their_own_answers() {
    for (name, start) in ALL {
        let server = start(Pages::at_once());
        let load = web::load(&server.at("/hello/{n}"), HELLO).connections(1_000);
        let report = load.run();
        assert_eq!(
            (report.done, report.failed()),
            (1_000, 0),
            "{name}: {report}"
        );
        assert_eq!(report.connected, 1_000, "{name}");
        serves(name, &server);
    }
}

#[test]
fn connections_that_are_held_are_open_together() {
    // Prefork's workers, one connection each, would never get to the last.
    for (name, start) in ALL.iter().filter(|(name, _)| *name != "prefork") {
        let server = start(Pages::at_once());
        let load = web::load(&server.at("/hello/{n}"), HELLO).connections(500);
        let report = load.requests(1_500).hold(true).run();
        assert_eq!(
            (report.done, report.failed()),
            (1_500, 0),
            "{name}: {report}"
        );
        assert_eq!(report.open_at_once, 500, "{name}");
    }
}

#[test]
fn without_keep_alive_each_request_has_a_connection() {
    for (name, start) in ALL {
        let server = start(Pages::at_once());
        let load = web::load(&server.at("/"), "<h1>Index</h1>").connections(5);
        let report = load.clone().requests(100).keep_alive(false).run();
        assert_eq!(
            (report.done, report.connected),
            (100, 100),
            "{name}: {report}"
        );
        let report = load.requests(100).run();
        assert_eq!(
            (report.done, report.connected),
            (100, 5),
            "{name}: {report}"
        );
    }
}

#[test]
fn several_processes_share_the_connections() {
    let server = serve(router(Pages::at_once()));
    let load = web::load(&server.at("/hello/{n}"), HELLO).connections(100);
    let report = load.requests(1_000).processes(3).run();
    assert_eq!((report.done, report.failed()), (1_000, 0), "{report}");
    assert_eq!(report.connected, 100);
    assert_eq!(report.latencies().len(), 1_000);
}

/// A listener whose every connection is given to `serve`, in a thread, so many times.
fn odd_server(many: usize, serve: fn(TcpStream)) -> (Load, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        for _ in 0..many {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1000]).unwrap();
            serve(stream);
        }
    });
    (web::load(&url, "hello"), thread)
}

#[test]
fn failures_are_told_by_their_kind() {
    type Case = (Failure, fn(TcpStream));
    let cases: [Case; 6] = [
        (Failure::Closed, |_| ()),
        (Failure::Closed, |mut stream| {
            let part = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell";
            stream.write_all(part).unwrap();
        }),
        (Failure::Wrong, |mut stream| {
            let other = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHELLO";
            stream.write_all(other).unwrap();
        }),
        (Failure::Wrong, |mut stream| {
            let other = b"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello";
            stream.write_all(other).unwrap();
        }),
        (Failure::Wrong, |mut stream| {
            stream.write_all(b"220 smtp ready\r\n\r\n").unwrap();
        }),
        (Failure::TimedOut, |mut stream| {
            // Until the client has had enough.
            let _ = stream.read(&mut [0; 10]);
        }),
    ];
    for (failure, serve) in cases {
        let (load, thread) = odd_server(2, serve);
        let report = load.requests(2).timeout(Duration::from_millis(100)).run();
        assert_eq!(report.count(failure), 2, "{failure:?}: {report}");
        assert_eq!(
            (report.done, report.failed()),
            (0, 2),
            "{failure:?}: {report}"
        );
        assert_eq!(report.wrong().is_some(), failure == Failure::Wrong);
        thread.join().unwrap();
    }
}

#[test]
fn a_reset_is_told_with_what_the_client_was_doing() {
    let (load, thread) = odd_server(1, |stream| {
        // Closed so, a connection is reset.
        let now = linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&stream, sockopt::Linger, &now).unwrap();
    });
    let report = load.run();
    assert_eq!(report.count(Failure::Reset), 1, "{report}");
    let said = report.to_string();
    let (_, when) = said
        .rsplit_once("failed: 1 reset\nthe first reset: ")
        .expect(&said);
    assert!(when.starts_with("waiting for its answer, "), "{said}");
    assert!(
        when.ends_with(" after it began, when 1 had connected"),
        "{said}"
    );
    thread.join().unwrap();
}

/// Such a port would be taken by the next load on the same server; see `crowd`.
#[test]
fn a_load_leaves_no_port_in_time_wait() {
    for (name, start) in ALL {
        let server = start(Pages::at_once());
        // A visitor of an earlier server may have had this server's port for its own.
        let before = waiting(&server);
        let load = web::load(&server.at("/hello/{n}"), HELLO).connections(3);
        for load in [load.clone().hold(true), load.requests(9)] {
            let report = load.run();
            assert_eq!(report.failed(), 0, "{name}: {report}");
        }
        let mut left = waiting(&server);
        left.retain(|port| !before.contains(port));
        assert_eq!(left, [""; 0], "{name}");
    }
}

/// Ends of connections with this server's port that the system keeps for a while after their end.
fn waiting(server: &Server) -> Vec<String> {
    const TIME_WAIT: &str = "06";
    let port = format!(":{:04X}", server.port());
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let waiting = sockets.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (own, peer, state) = (words.next()?, words.next()?, words.next()?);
        (peer.ends_with(&port) && state == TIME_WAIT).then(|| own.to_string())
    });
    waiting.collect()
}

#[test]
fn an_answer_in_pieces_is_one_answer() {
    let (load, thread) = odd_server(1, |mut stream| {
        stream.set_nodelay(true).unwrap();
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" {
            stream.write_all(&[*byte]).unwrap();
        }
        let _ = stream.read(&mut [0; 10]);
    });
    let report = load.run();
    assert_eq!((report.done, report.failed()), (1, 0), "{report}");
    thread.join().unwrap();
}

#[test]
fn a_latency_counts_the_delay() {
    let delay = Duration::from_millis(50);
    let server = serve(router(Pages::after(delay)));
    let report = web::load(&server.at("/hello/{n}"), HELLO)
        .connections(20)
        .run();
    assert!(report.quantile(0.0) >= delay, "{report}");
    assert!(report.took >= report.quantile(1.0), "{report}");
    let latencies = report.latencies();
    assert!(latencies.len() == 20 && latencies.is_sorted());
}

#[test]
fn a_load_that_has_no_room_says_what_is_lacking() {
    let room = web::room();
    let load = web::load("http://127.0.0.1:9/", "").connections(room.connections() + 5_000);
    let said = load.processes(1).try_run().unwrap_err().to_string();
    assert!(
        said.contains("descriptors in one process") || said.contains("ip_local_port_range"),
        "{said}"
    );
    let load = web::load("http://127.0.0.1:9/", "").connections(room.ports + 1);
    let said = load
        .processes(room.ports)
        .try_run()
        .unwrap_err()
        .to_string();
    assert!(said.contains("net.ipv4.ip_local_port_range"), "{said}");
}

#[test]
fn a_report_tells_what_failed() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let report = web::load(&format!("http://{}/", nobody.unwrap()), "")
        .requests(3)
        .run();
    let said = report.to_string();
    assert!(said.starts_with("0 requests answered in "), "{said}");
    assert!(
        said.ends_with("0 connections open at once\nfailed: 3 refused"),
        "{said}"
    );
}

#[test]
fn a_handler_that_panics_ends_its_own_connection() {
    let bad = async || -> &'static str { panic!("a bad handler") };
    let pages = router(Pages::at_once()).route("/bad", axum::routing::get(bad));
    for server in [serve(pages.clone()), web::serve_apart(pages)] {
        let report = web::load(&server.at("/bad"), "").run();
        assert_eq!(report.count(Failure::Closed), 1, "{report}");
        serves("axum", &server);
        assert!(server.stop().in_time);
    }
}

#[test]
fn a_page_that_panics_ends_its_own_connection() {
    let site = Site::new()
        .page("/", |_| "fine".to_string())
        .page("/bad", |_| panic!("a bad page"));
    for server in [web::threads(site.clone()), web::prefork(1, site)] {
        let report = web::load(&server.at("/bad"), "").run();
        assert_eq!(report.count(Failure::Closed), 1, "{report}");
        assert_eq!(web::get(&server.at("/")).unwrap().body, "fine");
        assert!(server.stop().in_time);
    }
}
