//! A web server on tokio alone, and two hundred visitors
//!
//! The two pages of the tutorial: `/`, and `/hello/NAME`, which waits before it
//! answers. Each connection is a task. Look at the time of two hundred visitors at once
//! beside that of one, and at the good end: who is waiting when the server is told to
//! stop still gets an answer, and who comes later is refused.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_secs(5); // on whatever depends on somebody else
// A permit for each greeting that has begun.
static BEGUN: Semaphore = Semaphore::const_new(0);

/// What comes from outside is text, and stays text on the page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

async fn page(path: &str) -> (&'static str, String) {
    if path == "/" {
        ("200 OK", "<h1>Index</h1>".into())
    } else if let Some(name) = path.strip_prefix("/hello/") {
        BEGUN.add_permits(1);
        sleep(Duration::from_millis(100)).await; // for a database, say
        ("200 OK", format!("<h1>hello, {}!</h1>", escape(name)))
    } else {
        ("404 Not Found", "<h1>no such page</h1>".into())
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let (from_client, mut to_client) = stream.split();
    // No request without a bound.
    let mut lines = BufReader::new(from_client.take(8192)).lines();
    let first = lines.next_line().await?.unwrap_or_default(); // "GET /path HTTP/1.1"
    while let Some(header) = lines.next_line().await?
        && !header.is_empty()
    {}
    let (status, page) = page(first.split(' ').nth(1).unwrap_or_default()).await;
    let (kind, length) = ("content-type: text/html", page.len());
    let head = format!("HTTP/1.1 {status}\r\n{kind}\r\ncontent-length: {length}\r\n");
    let answer = format!("{head}connection: close\r\n\r\n{page}");
    to_client.write_all(answer.as_bytes()).await
}

/// Serves until it is told to stop. Then it takes no more connections, and
/// answers what has begun.
async fn serve(listener: TcpListener, mut stop: oneshot::Receiver<()>) {
    let mut visits = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Ok((stream, _)) = listener.accept() => {
                visits.spawn(timeout(LIMIT, answer(stream)));
            }
            Some(_) = visits.join_next() => {} // one that has ended is forgotten
        }
    }
    drop(listener); // whoever connects from now on is refused
    while visits.join_next().await.is_some() {}
}

async fn get(server: SocketAddr, path: String) -> io::Result<String> {
    let mut stream = timeout(LIMIT, TcpStream::connect(server)).await??;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {server}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(LIMIT, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

/// So many visitors at once, each of whom has to get the page with their own number.
fn crowd(server: SocketAddr, count: usize) -> JoinSet<()> {
    let visit = |n| async move {
        let answer = get(server, format!("/hello/{n}")).await.expect("an answer");
        assert!(answer.ends_with(&format!("<h1>hello, {n}!</h1>")));
    };
    (0..count).map(visit).collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse()?)?;
    // Room for so many at the door. `TcpListener::bind` has room for 128, and whoever
    // finds none tries again a second later.
    let listener = socket.listen(1024)?;
    let address = listener.local_addr()?;
    let (stop, told) = oneshot::channel();
    let server = tokio::spawn(serve(listener, told));

    for path in ["/", "/hello/<script>", "/other"] {
        let answer = get(address, path.into()).await?;
        let (head, page) = answer.split_once("\r\n\r\n").ok_or("no empty line")?;
        println!(
            "{path}: {page}, {}",
            head.lines().next().unwrap_or_default()
        );
    }
    for count in [1, 200] {
        let begin = Instant::now();
        crowd(address, count).join_all().await;
        println!("{count} at once: answered in {:.0?}", begin.elapsed());
    }

    let waiting = crowd(address, 20);
    // The last of them are these 20.
    BEGUN.acquire_many(1 + 1 + 200 + 20).await?.forget();
    stop.send(()).map_err(|()| "the server has ended before")?;
    waiting.join_all().await;
    server.await?;
    println!("stopped while 20 waited: all 20 are answered");
    let refused = get(address, "/".into()).await.unwrap_err();
    println!("who comes now: {refused}");
    Ok(())
}
