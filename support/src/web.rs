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
//! What the [`web`] crate has, and two servers that need a notebook's surroundings:
//!
//! | server | what serves | made of |
//! |---|---|---|
//! | [`serve`] | tasks on the runtime of the session | an axum `Router` |
//! | [`aiohttp`] | coroutines on one thread, in Python | a program of the notebooks' |
//! | [`serve_apart`], [`threads`], [`prefork`] | child processes | a `Router`, or a [`Site`] |

mod aiohttp;
mod session;

pub use ::web::{Answer, Error, Failure, Load, Report, Room, Runs, Server, Site, Stopped};
pub use ::web::{escape, get, load, prefork, room, serve_apart, serve_on, threads};
pub use aiohttp::{ProgramError, aiohttp, try_aiohttp};
pub use session::{serve, try_serve};
