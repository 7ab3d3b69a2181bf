//! A task for each connection: how an axum router is served, wherever its runtime is.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::limits;

/// So long a client may take to send a request's head, or to begin the next one on a connection
/// that it keeps. Else clients that say nothing would fill the server.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// So much memory a request's head may take.
pub(crate) const HEAD: usize = 64 * 1024;

/// How long to wait for a descriptor when there is none left.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is ready with the time that open requests are given. True if they were all
/// answered in that time.
///
/// This is what `axum::serve` does, and what that lacks for lessons: its graceful end has no limit,
/// a slow head would be waited for without end, and a client that closes its sending half before
/// it has its answer would get none.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    stop: impl Future<Output = Duration>,
) -> io::Result<bool> {
    let listener = TcpListener::from_std(listener)?;
    let (drain, draining) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let mut told = false;
    let limit = loop {
        tokio::select! {
            limit = &mut stop => break limit,
            // Forgets those that have ended.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone(), draining.clone()));
                }
                Err(error) => {
                    if is_scarcity(&error) && !told {
                        told = true;
                        say_scarcity(&error);
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    };
    limits::stop_listening(&listener);
    drop((listener, draining, router));
    drop(drain);
    let all = async { while connections.join_next().await.is_some() {} };
    let in_time = timeout(limit, all).await.is_ok();
    connections.shutdown().await;
    Ok(in_time)
}

/// One client's requests, one after the other, until either side has had enough.
async fn converse(stream: TcpStream, router: Router, mut draining: watch::Receiver<()>) {
    // Answers are written at once and whole; waiting for more to send with them gains nothing.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        // Also who has said all that he will say gets his answer.
        .half_close(true);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        // A client that breaks off or talks nonsense ends its own connection and nothing else.
        _ = connection.as_mut() => return,
        // Nothing is ever sent: the sender is dropped.
        _ = draining.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Whether it is this machine that has no room, and not the client that went away.
pub(crate) fn is_scarcity(error: &io::Error) -> bool {
    let scarce = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error.raw_os_error().is_some_and(|it| scarce.contains(&it))
}

pub(crate) fn say_scarcity(error: &io::Error) {
    eprintln!(
        "The server cannot take more connections for now: {error} (its limit is {} descriptors).",
        limits::descriptors()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::future::pending;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    /// A server on a runtime whose time is paused: it jumps to the next timer whenever all wait.
    async fn with_server<F>(router: Router, drain: Duration, client: impl FnOnce(TcpStream) -> F)
    where
        F: Future<Output = ()>,
    {
        let (listener, port) = crate::limits::listen(0).unwrap();
        let (stop, stopping) = oneshot::channel();
        let stopped = async { stopping.await.unwrap_or_default() };
        let server = tokio::spawn(async move { serve(listener, router, stopped).await });
        client(TcpStream::connect(("127.0.0.1", port)).await.unwrap()).await;
        stop.send(drain).unwrap();
        server.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_finish_a_head_is_left_after_a_while() {
        with_server(Router::new(), PATIENCE, async |mut client| {
            client.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
            let begun = Instant::now();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            // No more than a timer's step beside it.
            let waited = begun.elapsed();
            let step = Duration::from_secs(1);
            assert!(
                waited > PATIENCE - step && waited < PATIENCE + step,
                "{waited:?}"
            );
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_for_its_limit_and_no_longer() {
        let router = Router::new().route("/", get(async || pending::<()>().await));
        let (listener, port) = crate::limits::listen(0).unwrap();
        let (stop, stopping) = oneshot::channel();
        let stopped = async { stopping.await.unwrap_or_default() };
        let server = tokio::spawn(async move { serve(listener, router, stopped).await });
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        // Time jumps only when the server, too, has nothing left to do: it has the request then.
        sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        let limit = Duration::from_secs(7);
        stop.send(limit).unwrap();
        assert!(!server.await.unwrap().unwrap(), "it was cut off");
        let took = begun.elapsed();
        assert!(
            took >= limit && took < limit + Duration::from_secs(1),
            "{took:?}"
        );
        assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 0);
    }
}
