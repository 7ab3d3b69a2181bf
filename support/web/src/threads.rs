//! Two servers without tasks: a thread for each connection, and processes forked beforehand.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, Builder};
use std::time::Duration;

use crate::child::{Children, Work};
use crate::error::Error;
use crate::ready::ready;
use crate::server::Server;
use crate::site::Site;
use crate::{blocking, limits, tasks};

/// Serves this site in a child process, with a thread for each connection.
///
/// A thread reads, waits and writes with calls that block; while it does, the others run. It ends
/// with its connection. The server ends with its handle, and with this process.
///
/// # Panics
///
/// If the system has no port, process or descriptor left.
///
/// ```
/// use web::{Site};
///
/// let server = web::threads(Site::new().page("/", |_| "hello".to_string()));
/// assert_eq!(web::get(&server.url()).unwrap().body, "hello");
/// ```
#[track_caller]
pub fn threads(site: Site) -> Server {
    start("threads", 1, &|listener, stop, ready| {
        // Should a lock have been held at the fork that threads take when they begin and end, this
        // never returns, and another child is forked.
        drop(thread::spawn(|| ()).join());
        ready();
        // The scope's end waits for the threads.
        thread::scope(|scope| {
            each(listener, stop, &mut |stream| {
                let site = &site;
                let thread = Builder::new().name("connection".to_string());
                let work = move || answer(stream, stop, site);
                // Without room for a thread the stream is dropped: this client is sent away.
                if let Err(error) = thread.spawn_scoped(scope, work) {
                    eprintln!("The server has no room for one more thread: {error}");
                }
            });
        });
    })
}

/// Serves this site with so many child processes, forked before the first connection, that all
/// wait for connections on one listening socket: Apache's *prefork*.
///
/// Each serves one connection at a time, until that ends. They end with the handle, and with this
/// process however that ends.
///
/// # Panics
///
/// If the system has no port, process or descriptor left; if there are to be no workers.
///
/// ```
/// use web::{Site};
///
/// let server = web::prefork(2, Site::new().page("/", |_| "hello".to_string()));
/// assert_eq!(server.pids().len(), 2);
/// assert_eq!(web::get(&server.url()).unwrap().body, "hello");
/// ```
#[track_caller]
pub fn prefork(workers: usize, site: Site) -> Server {
    assert!(workers > 0, "a prefork server needs a worker at least");
    start("prefork", workers, &|listener, stop, ready| {
        ready();
        each(listener, stop, &mut |stream| answer(stream, stop, &site));
    })
}

#[track_caller]
fn start(name: &'static str, many: usize, work: Work) -> Server {
    let started = || -> Result<Server, Error> {
        let (listener, port) = limits::listen(0)?;
        let mut children = Children::new()?;
        for _ in 0..many {
            children.start(name, &listener, work)?;
        }
        Ok(Server::new(name, port, children))
    };
    started().unwrap_or_else(|error| panic!("{error}"))
}

/// Has `serve` deal with each connection, until the word to stop comes.
fn each(listener: &TcpListener, stop: BorrowedFd, serve: &mut dyn FnMut(TcpStream)) {
    let mut told = false;
    loop {
        match ready([stop, listener.as_fd()], None) {
            Ok(Some(0)) => return limits::stop_listening(listener),
            Ok(_) => {}
            Err(error) => panic!("the server cannot wait for connections: {error}"),
        }
        match listener.accept() {
            Ok((stream, _)) => serve(stream),
            // Another worker was quicker, or the client has gone again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if tasks::is_scarcity(&error) => {
                if !told {
                    told = true;
                    tasks::say_scarcity(&error);
                }
                thread::sleep(Duration::from_millis(50));
            }
            Err(_) => {}
        }
    }
}

/// A page that panics ends its own connection, and the panic's line tells why.
fn answer(stream: TcpStream, stop: BorrowedFd, site: &Site) {
    let work = || blocking::converse(stream, stop, site);
    let _ = catch_unwind(AssertUnwindSafe(work));
}
