//! The same page by four servers, each with two hundred visitors at once who all stay. The page waits
//! for 50 ms, as one does that asks a database: who waits at the same time, and what a connection costs.
//!
//! `cargo run -p web --example four_ways`

use std::thread::sleep;
use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use web::{Server, Site};

const WAIT: Duration = Duration::from_millis(50);
const VISITORS: usize = 200;

fn site() -> Site {
    Site::new().page("/hello/{name}", |name| {
        sleep(WAIT);
        format!("hello, {name}!")
    })
}

fn router() -> Router {
    let hello = async |Path(name): Path<String>| {
        tokio::time::sleep(WAIT).await;
        format!("hello, {name}!")
    };
    Router::new().route("/hello/{name}", get(hello))
}

/// All visitors ask once; so many of them as the server has room for stay until the last has asked.
fn measure(server: Server, stay: bool) {
    let before = server.memory();
    let load = web::load(&server.at("/hello/{n}"), "hello, {n}!").connections(VISITORS);
    let report = load.hold(stay).run();
    println!("{server}, {} of its own", processes(&server));
    for line in report.to_string().lines() {
        println!("    {line}");
    }
    println!(
        "    memory before: {} KiB; {}",
        before / 1024,
        server.stop()
    );
}

fn processes(server: &Server) -> String {
    match server.pids() {
        pids if pids == [std::process::id() as i32] => "no process".to_string(),
        pids if pids.len() == 1 => "a process".to_string(),
        pids => format!("{} processes", pids.len()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // First those that fork: a child of a process with threads could find their locks held.
    measure(web::threads(site()), true);
    // Each of four workers serves one visitor at a time: who stays would keep the others out.
    measure(web::prefork(4, site()), false);
    measure(web::serve_apart(router()), true);
    let runtime = tokio::runtime::Runtime::new()?;
    measure(web::serve_on(runtime.handle(), 0, router())?, true);
    Ok(())
}
