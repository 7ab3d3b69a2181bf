//! A line server on tokio: half a line lost, half a line kept, and a clean stop
//!
//! Each client sends `one`, then `two` in two pieces with an announcement between them,
//! then `three`, which is not answered yet when the server is told to stop. It answers
//! in capitals. Look at what becomes of `two`: `read_line` forgets the first piece when
//! `select!` drops it, `next_line` doesn't.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, net::SocketAddr};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream, tcp::OwnedReadHalf};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_secs(5); // on whatever depends on somebody else
const CLOSED: &str = "closed";

type FromClient = Lines<BufReader<OwnedReadHalf>>;
type News = watch::Receiver<&'static str>;

async fn next(lines: &mut FromClient, is_safe: bool) -> io::Result<Option<String>> {
    if is_safe {
        return lines.next_line().await; // keeps a piece of a line in `lines`
    }
    // A piece is kept in the future itself, which may be dropped.
    let mut line = String::new();
    let length = lines.get_mut().read_line(&mut line).await?;
    Ok((length > 0).then_some(line))
}

async fn answer(client: TcpStream, mut news: News, is_safe: bool) -> io::Result<()> {
    let (from, mut to) = client.into_split();
    let mut lines = BufReader::new(from).lines();
    loop {
        tokio::select! {
            biased; // lines first: what has come before the stop is answered
            line = next(&mut lines, is_safe) => {
                let Some(line) = line? else { return Ok(()) };
                sleep(Duration::from_millis(20)).await; // for a database, say
                let answer = format!("{}\n", line.trim().to_uppercase());
                to.write_all(answer.as_bytes()).await?;
            }
            Ok(()) = news.changed() => {
                let word = *news.borrow_and_update();
                to.write_all(format!("{word}\n").as_bytes()).await?;
                if word == CLOSED { return Ok(()) }
            }
        }
    }
}

/// Serves until the news is `CLOSED`, then ends what has begun, and returns how many
/// are left at the limit.
async fn serve(listener: TcpListener, news: News, is_safe: bool) -> usize {
    let (mut clients, mut stop) = (JoinSet::new(), news.clone());
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                clients.spawn(answer(client, news.clone(), is_safe));
            }
            Some(_) = clients.join_next() => {} // one that has ended is forgotten
            _ = stop.wait_for(|word| *word == CLOSED) => break,
        }
    }
    drop(listener); // whoever connects from now on is refused
    let rest = async { while clients.join_next().await.is_some() {} };
    // What is not done then is aborted with the `JoinSet`.
    let _ = timeout(LIMIT, rest).await;
    clients.len()
}

/// A client, and what it hears. All clients and `three_clients`
/// take each step together.
async fn visit(server: SocketAddr, step: Arc<Barrier>) -> io::Result<Vec<String>> {
    let (from, mut to) = TcpStream::connect(server).await?.into_split();
    let (mut lines, mut heard) = (BufReader::new(from).lines(), Vec::new());
    to.write_all(b"one\ntw").await?;
    heard.extend(lines.next_line().await?); // now the server has "tw", too
    step.wait().await;
    heard.extend(lines.next_line().await?); // the announcement
    to.write_all(b"o\nthree\n").await?;
    heard.extend(lines.next_line().await?); // now the server has "three", too
    step.wait().await;
    while let Some(line) = lines.next_line().await? {
        heard.push(line);
    }
    Ok(heard)
}

/// A server's life, and what its three clients have heard.
async fn three_clients(is_safe: bool) -> io::Result<Vec<Vec<String>>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, (news, told)) = (listener.local_addr()?, watch::channel("open"));
    let server = tokio::spawn(serve(listener, told, is_safe));
    let step = Arc::new(Barrier::new(3 + 1));
    let clients: JoinSet<_> = (0..3).map(|_| visit(address, step.clone())).collect();
    for word in ["closing soon", CLOSED] {
        step.wait().await;
        news.send_replace(word);
    }
    let heard = clients.join_all().await;
    assert_eq!(server.await?, 0);
    let too_late = TcpStream::connect(address).await.unwrap_err();
    println!("who comes too late: {too_late}");
    heard.into_iter().collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (is_safe, call, second) in
        [(false, "read_line", "O"), (true, "next_line", "TWO")]
    {
        let begin = Instant::now();
        let heard = timeout(LIMIT, three_clients(is_safe)).await??;
        let time = begin.elapsed();
        println!("{call}: {:?}, three clients in {time:.0?}", heard[0]);
        assert_eq!(heard, [["ONE", "closing soon", second, "THREE", CLOSED]; 3]);
    }
    Ok(())
}
