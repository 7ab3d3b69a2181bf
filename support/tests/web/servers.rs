//! The tutorial's pages, by every server of ours.

use std::time::Duration;

use support::axum::{Router, extract::Path, response::Html, routing::get};
use support::tokio::time::sleep;
use support::web::{self, Server, Site, escape};

/// The pages as an axum router; `/hello/{name}` takes so long.
pub fn router(delay: Duration) -> Router {
    let hello = async move |Path(name): Path<String>| {
        sleep(delay).await;
        Html(format!("<h1>hello, {}!</h1>", escape(&name)))
    };
    Router::new()
        .route("/", get(async || Html("<h1>Index</h1>")))
        .route("/hello/{name}", get(hello))
}

/// The same for servers that block.
pub fn site(delay: Duration) -> Site {
    let hello = move |name: &str| {
        std::thread::sleep(delay);
        format!("<h1>hello, {}!</h1>", escape(name))
    };
    Site::new()
        .page("/", |_| "<h1>Index</h1>".to_string())
        .page("/hello/{name}", hello)
}

/// How a server is started whose `/hello/{name}` takes so long.
type Start = fn(Duration) -> Server;

/// Each server, by its name.
pub const ALL: [(&str, Start); 4] = [
    ("serve", |delay| web::serve(router(delay))),
    ("serve_apart", |delay| web::serve_apart(router(delay))),
    ("threads", |delay| web::threads(site(delay))),
    ("prefork", |delay| web::prefork(3, site(delay))),
];

/// Has each server, without a delay, go through `check`, and then still serve.
pub fn each(check: impl Fn(&str, &Server)) {
    for (name, start) in ALL {
        let server = start(Duration::ZERO);
        check(name, &server);
        serves(name, &server);
    }
}

/// An ordinary request has its answer.
pub fn serves(name: &str, server: &Server) {
    let answer = web::get(&server.at("/hello/Ada"));
    let answer = answer.unwrap_or_else(|failed| panic!("{name}: {failed}"));
    assert_eq!(answer.body, "<h1>hello, Ada!</h1>", "{name}");
}
