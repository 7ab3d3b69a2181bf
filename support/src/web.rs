//! Web servers to be looked at in a cell, and the load that shows what they are made of.
//!
//! ```
//! use support::axum::{Router, extract::Path, response::Html, routing::get};
//! use support::web;
//!
//! async fn hello(Path(name): Path<String>) -> Html<String> {
//!     Html(format!("<h1>hello, {}!</h1>", web::escape(&name)))
//! }
//!
//! let server = web::serve(Router::new().route("/hello/{name}", get(hello)));
//! assert_eq!(web::get(&server.at("/hello/Ada")).unwrap().body, "<h1>hello, Ada!</h1>");
//! ```
//!
//! The pages are written by the reader, as an axum `Router` or as a [`Site`]; here is what lies
//! around them. All of it is on 127.0.0.1, where nobody outside of the machine reaches it.
//!
//! | server | what serves | made of |
//! |---|---|---|
//! | [`serve`] | tasks on the runtime of the session | an axum `Router` |
//! | [`serve_apart`] | tasks on one thread, in a child process | an axum `Router` |
//! | [`threads`] | a thread for each connection, in a child process | a [`Site`] |
//! | [`prefork`] | child processes, forked beforehand, on one socket | a [`Site`] |
//! | [`aiohttp`] | coroutines on one thread, in Python | a program of the notebooks' |
//!
//! Each gives a [`Server`]: where it is ([`Server::at`]), what memory it uses, how it is stopped.
//! [`get`] asks one for a page; [`load()`] asks with up to thousands of connections, and
//! [`Report`] tells what came of that.
//!
//! | Python | here |
//! |---|---|
//! | `web.run_app(app)` | [`serve`]`(router)`, which returns at once |
//! | `app.router.add_get("/hello/{name}", hello)` | `Router::new().route("/hello/{name}", get(hello))` |
//! | `await runner.cleanup()` | [`Server::stop`] |
//! | `html.escape(text)` | [`escape`]`(text)` |
//! | `urllib.request.urlopen(url)` | [`get`]`(url)` |
//! | `socketserver.ThreadingMixIn`, `ForkingMixIn` | [`threads`], [`prefork`] |
//!
//! For: lessons, and tests of servers. Not for: servers that strangers can reach, which want TLS,
//! limits on what a client may cost, and logs.

mod aiohttp;
mod apart;
mod blocking;
mod child;
mod error;
mod escape;
mod get;
mod limits;
mod load;
mod ready;
mod server;
mod session;
mod site;
mod tasks;
mod threads;

pub use aiohttp::{aiohttp, try_aiohttp};
pub use apart::serve_apart;
pub use error::Error;
pub use escape::escape;
pub use get::{Answer, get};
pub use limits::{Room, room};
pub use load::{Failure, Load, Report, load};
pub use server::{Server, Stopped};
pub use session::{serve, try_serve};
pub use site::Site;
pub use threads::{prefork, threads};
