//! What each server of the tutorial's pages has to answer, whatever it is made of.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use web::{Server, get};

/// One request, raw, on a connection of its own; the answer, raw. The request has to ask for the
/// connection's end.
fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).expect("a limit");
    stream.write_all(request.as_bytes()).expect("room");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8(answer).expect("UTF-8")
}

fn status(server: &Server, method: &str, path: &str) -> (u16, String) {
    let answer = ask(
        server,
        &format!("{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"),
    );
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
    (status, answer)
}

/// The pages as the tutorial has them; names as people have them, and as attackers.
pub fn pages(server: &Server) {
    let index = get(&server.at("/")).unwrap();
    assert_eq!((index.status, index.body.as_str()), (200, "<h1>Index</h1>"));
    assert_eq!(
        index.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let long = "x".repeat(10 * 1024);
    for (path, name) in [
        ("Ada", "Ada"),
        ("世界", "世界"),
        ("%E4%B8%96%E7%95%8C", "世界"),
        ("a b", "a b"),
        ("a+b", "a+b"),
        ("a%2Fb", "a/b"),
        ("<script>alert(1)</script>", ""),
        (
            "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("%22%27%26", "&quot;&#x27;&amp;"),
        (&long, &long),
    ] {
        let answer = get(&server.at(&format!("/hello/{path}"))).unwrap();
        if name.is_empty() {
            // Its slash makes it a path of two segments, and no page has such.
            assert_eq!(answer.status, 404, "{path}");
            continue;
        }
        let body = format!("<h1>hello, {name}!</h1>");
        assert_eq!((answer.status, answer.body), (200, body), "{path}");
        let kind = answer.head.to_lowercase();
        assert!(kind.contains("text/html; charset=utf-8"), "{kind}");
    }
}

/// 404 for what no page has, 405 with the methods that a page does have, HEAD as GET without a
/// body.
pub fn refusals(server: &Server) {
    for path in ["/hello", "/hello/", "/hello/a/b", "/other", "//"] {
        assert_eq!(status(server, "GET", path).0, 404, "{path}");
    }
    for (method, path) in [
        ("POST", "/"),
        ("DELETE", "/hello/Ada"),
        ("PUT", "/hello/Ada"),
    ] {
        let (status, answer) = status(server, method, path);
        assert_eq!(status, 405, "{method} {path}");
        let allow = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_it = name.eq_ignore_ascii_case("allow");
            is_it.then(|| value.replace(' ', "").to_uppercase())
        });
        assert_eq!(allow.as_deref(), Some("GET,HEAD"), "{answer}");
    }
    assert_eq!(status(server, "POST", "/other").0, 404);
    let (code, answer) = status(server, "HEAD", "/hello/Ada");
    assert_eq!(code, 200);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let length = "<h1>hello, Ada!</h1>".len();
    let told = head.to_lowercase();
    assert!(
        told.contains(&format!("content-length: {length}")),
        "{head}"
    );
    assert_eq!(body, "");
}
