//! The tutorial's pages, by every server of ours.

use std::sync::OnceLock;
use std::time::Duration;

use axum::{Router, extract::Path, response::Html, routing::get};
use processes::Counter;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use web::{Error, Server, Site, escape};

/// What `/hello/{name}` does before it greets: it counts itself, and takes its time.
#[derive(Clone)]
pub struct Pages {
    pub delay: Duration,
    /// Shared with the processes of the servers.
    pub begun: Counter,
}

impl Pages {
    pub fn after(delay: Duration) -> Pages {
        let begun = Counter::new(0);
        Pages { delay, begun }
    }

    pub fn at_once() -> Pages {
        Pages::after(Duration::ZERO)
    }
}

/// The pages as an axum router.
pub fn router(pages: Pages) -> Router {
    let hello = async move |Path(name): Path<String>| {
        pages.begun.add(1);
        sleep(pages.delay).await;
        Html(format!("<h1>hello, {}!</h1>", escape(&name)))
    };
    Router::new()
        .route("/", get(async || Html("<h1>Index</h1>")))
        .route("/hello/{name}", get(hello))
}

/// The same for servers that block.
pub fn site(pages: Pages) -> Site {
    let hello = move |name: &str| {
        pages.begun.add(1);
        std::thread::sleep(pages.delay);
        format!("<h1>hello, {}!</h1>", escape(name))
    };
    Site::new()
        .page("/", |_| "<h1>Index</h1>".to_string())
        .page("/hello/{name}", hello)
}

/// Serves on a runtime that all tests of this process share.
pub fn try_serve(port: u16, router: Router) -> Result<Server, Error> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("room for threads"));
    web::serve_on(runtime.handle(), port, router)
}

pub fn serve(router: Router) -> Server {
    try_serve(0, router).expect("a port")
}

type Start = fn(Pages) -> Server;

/// Each server, by its name.
pub const ALL: [(&str, Start); 4] = [
    ("serve_on", |pages| serve(router(pages))),
    ("serve_apart", |pages| web::serve_apart(router(pages))),
    ("threads", |pages| web::threads(site(pages))),
    ("prefork", |pages| web::prefork(3, site(pages))),
];

/// Has each server, without a delay, go through `check`, and then still serve.
pub fn each(check: impl Fn(&str, &Server)) {
    for (name, start) in ALL {
        let server = start(Pages::at_once());
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
