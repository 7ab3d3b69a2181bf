//! A small web service that says only `info_span!`, `#[instrument]` and `info!`, and its timeline.
//!
//! `cargo run -p timeline --example axum_service [directory]`
//!
//! Four clients ask 20 times for bread. Writes `axum_service.svg`, and `axum_service.json` for
//! <https://ui.perfetto.dev>, into the directory: the current one unless told otherwise.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing::get};
use timeline::{TimelineLayer, Trace};
use tracing::{Instrument, info, info_span, instrument};
use tracing_subscriber::prelude::*;

/// The service: from here to `serve` nothing knows of a timeline.
type Stock = Arc<Mutex<u32>>;

#[instrument(skip(stock))]
async fn bread(State(stock): State<Stock>, Path(loaves): Path<u32>) -> String {
    if !take(&stock, loaves) {
        info!("sold out");
        bake(&stock, loaves).await;
    }
    price(loaves)
}

#[instrument(skip(stock))]
fn take(stock: &Stock, loaves: u32) -> bool {
    let mut stock = stock.lock().unwrap();
    let enough = *stock >= loaves;
    if enough {
        *stock -= loaves;
    }
    enough
}

/// Waits, as a query to another service would.
#[instrument(skip(stock))]
async fn bake(stock: &Stock, loaves: u32) {
    tokio::time::sleep(Duration::from_millis(3)).await;
    *stock.lock().unwrap() += 8 - loaves.min(8);
}

/// Computes, and keeps its thread busy.
#[instrument]
fn price(loaves: u32) -> String {
    let cents = (0..200_000 * u64::from(loaves)).fold(0, |sum: u64, n| sum ^ n.wrapping_mul(n));
    format!("{loaves} loaves, {} cents\n", 300 + cents % 100)
}

async fn request(request: Request, next: Next) -> Response {
    next.run(request).instrument(info_span!("request")).await
}

async fn serve(listener: tokio::net::TcpListener) {
    let service = Router::new()
        .route("/bread/{loaves}", get(bread))
        .with_state(Stock::new(Mutex::new(10)))
        .layer(from_fn(request));
    axum::serve(listener, service).await.unwrap();
}

/// Asks five times, each time over a connection of its own.
#[instrument(skip(service))]
fn client(service: SocketAddr, n: u32) {
    for loaves in 1..=5 {
        let answer = info_span!("ask").in_scope(|| {
            let mut stream = TcpStream::connect(service).unwrap();
            let get = format!("GET /bread/{loaves} HTTP/1.1\r\nHost: bakery\r\n");
            write!(stream, "{get}Connection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(
            answer.starts_with("HTTP/1.1 200 OK"),
            "client {n}: {answer}"
        );
    }
}

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    let trace = Trace::new();
    tracing_subscriber::registry()
        .with(TimelineLayer::new(&trace))
        .init();

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("worker")
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.unwrap();
    let service = listener.local_addr().unwrap();
    runtime.spawn(serve(listener));
    let clients: Vec<_> = (1..=4)
        .map(|n| {
            let thread = std::thread::Builder::new().name(format!("client {n}"));
            thread.spawn(move || client(service, n)).unwrap()
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    runtime.shutdown_timeout(Duration::from_secs(5));

    let picture = trace
        .timeline()
        .title("Twenty requests to a bakery")
        .width(850);
    std::fs::write(directory.join("axum_service.svg"), picture.svg()).unwrap();
    trace.save(directory.join("axum_service.json")).unwrap();
    println!("{}", picture.text());
}
