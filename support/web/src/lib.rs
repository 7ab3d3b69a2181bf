//! Web servers made in several ways, behind one handle, and a load that shows what they are made of.
//!
//! ```
//! use web::Site;
//!
//! let site = Site::new().page("/hello/{name}", |name| {
//!     format!("<h1>hello, {}!</h1>", web::escape(name))
//! });
//! let server = web::threads(site);
//! assert_eq!(web::get(&server.at("/hello/Ada")).unwrap().body, "<h1>hello, Ada!</h1>");
//!
//! let load = web::load(&server.at("/hello/{n}"), "<h1>hello, {n}!</h1>");
//! let report = load.connections(100).hold(true).run();
//! assert_eq!((report.done, report.open_at_once), (100, 100));
//! println!("{report}\n{}", server.stop());
//! ```
//!
//! The pages are written by the caller, as an [axum] `Router` or as a [`Site`]; here is what lies
//! around them. All of it is on 127.0.0.1, where nobody outside of the machine reaches it.
//!
//! | server | what serves | made of |
//! |---|---|---|
//! | [`serve_on`] | tasks on a tokio runtime of the caller's | an axum `Router` |
//! | [`serve_apart`] | tasks on one thread, in a child process | an axum `Router` |
//! | [`threads`] | a thread for each connection, in a child process | a [`Site`] |
//! | [`prefork`] | child processes, forked beforehand, on one socket | a [`Site`] |
//! | [`Server::new`] | what [`Runs`] in a way of one's own | |
//!
//! Each gives a [`Server`]: where it is ([`Server::at`]), what memory it uses, how it is stopped.
//! [`get`] asks one for a page; [`load()`] asks with up to thousands of connections, and
//! [`Report`] tells what came of that.
//!
//! | Python | here |
//! |---|---|
//! | `web.run_app(app)` | [`serve_on`]`(runtime, 8080, router)`, which returns at once |
//! | `app.router.add_get("/hello/{name}", hello)` | `Router::new().route("/hello/{name}", get(hello))` |
//! | `await runner.cleanup()` | [`Server::stop`] |
//! | `html.escape(text)` | [`escape`]`(text)` |
//! | `urllib.request.urlopen(url)` | [`get`]`(url)` |
//! | `socketserver.ThreadingMixIn`, `ForkingMixIn` | [`threads`], [`prefork`] |
//!
//! For: seeing how ways to serve differ, and tests of servers. Not for: servers that strangers can
//! reach, which want TLS, limits on what a client may cost, and logs.
//!
//! # Forks
//!
//! All but [`serve_on`] fork. A child of a process with many threads may find a lock held by a thread
//! that it does not have; one that does not begin to serve is replaced. It is still best to start these
//! servers before the threads. They run the same code as the parent: what their pages change, they change
//! in the child. Children end with their handle, and with the process that started them.

mod apart;
mod blocking;
mod child;
mod error;
mod escape;
mod get;
mod limits;
mod load;
mod on_runtime;
mod ready;
mod server;
mod site;
mod tasks;
mod threads;

pub use apart::serve_apart;
pub use error::Error;
pub use escape::escape;
pub use get::{Answer, get};
pub use limits::{Room, room};
pub use load::{Failure, Load, Report, load};
pub use on_runtime::serve_on;
pub use server::{Runs, Server, Stopped};
pub use site::Site;
pub use threads::{prefork, threads};

/// The README's example is tested too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
