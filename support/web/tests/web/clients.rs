//! Clients as they come: slow, half-closed, gone, impatient, talking nonsense. Each leaves every
//! server serving.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use web::Server;

use super::servers::{ALL, Pages, each, serves};

const REQUEST: &str = "GET /hello/Ada HTTP/1.1\r\nHost: here\r\n\r\n";
const BODY: &str = "<h1>hello, Ada!</h1>";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads until so many bodies have come.
fn read_bodies(server: &Server, stream: &mut TcpStream, many: usize) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let sofar = String::from_utf8_lossy(&text).into_owned();
        if sofar.matches(BODY).count() == many {
            return sofar;
        }
        let read = stream.read(&mut piece);
        match read.unwrap_or_else(|error| panic!("{server}: {error} after {sofar:?}")) {
            0 => panic!("{server}: closed after {sofar:?}"),
            length => text.extend_from_slice(&piece[..length]),
        }
    }
}

/// Reads to the end; a reset is an end, too.
fn read_all(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8_lossy(&text).into_owned(),
    }
}

fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

#[test]
fn a_byte_at_a_time_is_a_request_all_the_same() {
    each(|_, server| {
        let mut stream = connect(server);
        for byte in REQUEST.as_bytes() {
            stream.write_all(&[*byte]).unwrap();
        }
        read_bodies(server, &mut stream, 1);
    });
}

#[test]
fn who_has_said_half_a_request_holds_up_nobody_else() {
    each(|name, server| {
        let mut slow = connect(server);
        slow.write_all(&REQUEST.as_bytes()[..20]).unwrap();
        // Of the prefork server's three workers one waits for the rest.
        serves(name, server);
        slow.write_all(&REQUEST.as_bytes()[20..]).unwrap();
        read_bodies(server, &mut slow, 1);
    });
}

#[test]
fn who_closes_his_sending_half_has_his_answer() {
    each(|name, server| {
        let mut stream = connect(server);
        stream.write_all(REQUEST.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let answer = read_all(&mut stream);
        assert!(answer.ends_with(BODY), "{name}: {answer:?}");
    });
    // Also where the answer takes time: the end of what he sends is there long before.
    for (name, start) in ALL {
        let server = start(Pages::after(Duration::from_millis(30)));
        let mut stream = connect(&server);
        stream.write_all(REQUEST.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let answer = read_all(&mut stream);
        assert!(answer.ends_with(BODY), "{name}: {answer:?}");
    }
}

#[test]
fn who_goes_away_before_the_answer_harms_nobody() {
    for (name, start) in ALL {
        let server = start(Pages::after(Duration::from_millis(20)));
        for reset in [false, true] {
            for _ in 0..6 {
                let mut stream = connect(&server);
                stream.write_all(REQUEST.as_bytes()).unwrap();
                if reset {
                    // Closed so, a socket sends a reset in place of an orderly end.
                    let at_once = libc::linger {
                        l_onoff: 1,
                        l_linger: 0,
                    };
                    setsockopt(&stream, sockopt::Linger, &at_once).unwrap();
                }
            }
        }
        serves(name, &server);
    }
}

#[test]
fn who_goes_away_in_the_middle_of_the_answer_harms_nobody() {
    let path = format!("/hello/{}", "x".repeat(50 * 1024));
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
    each(|_, server| {
        let mut stream = connect(server);
        stream.write_all(request.as_bytes()).unwrap();
        // A part of the answer is there, and the rest on its way or unread.
        assert_eq!(stream.read(&mut [0; 1000]).unwrap(), 1000);
    });
}

#[test]
fn one_connection_serves_many_requests() {
    each(|_, server| {
        let mut stream = connect(server);
        for _ in 0..20 {
            stream.write_all(REQUEST.as_bytes()).unwrap();
            read_bodies(server, &mut stream, 1);
        }
    });
}

#[test]
fn requests_sent_at_once_are_answered_in_their_order() {
    each(|name, server| {
        let names = ["a", "b", "c", "d", "e"];
        let request = |name: &&str| format!("GET /hello/{name} HTTP/1.1\r\nHost: here\r\n\r\n");
        let requests: String = names.iter().map(request).collect();
        let last = "GET /other HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
        let mut stream = connect(server);
        stream.write_all((requests + last).as_bytes()).unwrap();
        let answers = read_all(&mut stream);
        let places: Vec<_> = names
            .iter()
            .map(|name| answers.find(&format!("hello, {name}!")))
            .collect();
        assert!(
            places.is_sorted() && places[0].is_some(),
            "{name}: {answers}"
        );
        assert!(answers.contains("HTTP/1.1 404"), "{name}: {answers}");
    });
}

#[test]
fn who_talks_nonsense_is_told_so() {
    for nonsense in [
        "hello?\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
    ] {
        each(|name, server| {
            let mut stream = connect(server);
            stream.write_all(nonsense.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let answer = read_all(&mut stream);
            assert_eq!(
                status(&answer),
                Some(400),
                "{name}, {nonsense:?}: {answer:?}"
            );
        });
    }
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let large = format!("GET / HTTP/1.1\r\nX-Large: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X-Many: x\r\n".repeat(101));
    for head in [large, many] {
        each(|name, server| {
            let mut stream = connect(server);
            // The server may have closed before all of it is sent.
            let _ = stream.write_all(head.as_bytes());
            let answer = read_all(&mut stream);
            // A reset may overtake the answer, where much was left unread.
            let refused = status(&answer) == Some(431) || answer.is_empty();
            assert!(refused, "{name}: {answer:?}");
        });
    }
}

#[test]
fn a_body_that_nobody_asked_for_is_not_taken_for_a_request() {
    each(|name, server| {
        let body = "GET /hello/Ada HTTP/1.1\r\nHost: here\r\n\r\n";
        let length = body.len();
        let request = format!(
            "POST /hello/Ada HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = connect(server);
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_all(&mut stream);
        assert_eq!(status(&answer), Some(405), "{name}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{name}: {answer}");
    });
}
