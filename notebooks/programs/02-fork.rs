//! A server with forked workers: prefork.
//!
//! One listening socket is opened, then three workers are forked, and all of them
//! accept on it. Look at who answered how many requests, and at the parent's own count:
//! `served` was copied by each fork, so each process has one of its own.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork, getpid};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use std::{process, thread};

const REQUESTS: usize = 9;
const WORK: Duration = Duration::from_millis(20);

/// A worker's life: it ends by a signal, or if the socket fails.
fn serve(listener: &TcpListener, served: &mut u32) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept()?;
        thread::sleep(WORK); // as if it asked a database
        *served += 1;
        write!(client, "{} {served}", getpid())?;
    }
}

fn start_worker(listener: &TcpListener, served: &mut u32) -> nix::Result<Pid> {
    // SAFETY: all workers are forked before this program starts a thread, so nobody
    // else can hold a lock that the child would miss.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            // Should the parent be killed, its workers end by themselves.
            alarm::set(10);
            let _ = serve(listener, served);
            process::exit(1); // never back into the parent's code
        }
    }
}

/// A client; the reply is the worker's pid, and how many requests that
/// one has served by now.
fn ask(address: SocketAddr) -> io::Result<String> {
    let limit = Duration::from_secs(5);
    let stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    io::read_to_string(stream)
}

fn ask_all(address: SocketAddr) -> io::Result<Vec<String>> {
    let start = |_| thread::spawn(move || ask(address));
    let clients: Vec<_> = (0..REQUESTS).map(start).collect();
    clients.into_iter().map(|it| it.join().unwrap()).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?; // 0: any free port
    let mut served = 0;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(start_worker(&listener, &mut served)?);
    }

    let begin = Instant::now();
    let replies = ask_all(listener.local_addr()?);
    let time = begin.elapsed();
    println!("{REQUESTS} requests of {WORK:?} each took {time:.0?}");

    // Before the `?` that may leave this function, so that no worker stays behind.
    for &worker in &workers {
        kill(worker, Signal::SIGTERM)?;
        let end = WaitStatus::Signaled(worker, Signal::SIGTERM, false);
        assert_eq!(waitpid(worker, None)?, end);
    }
    let (replies, mut sum) = (replies?, 0);
    for worker in workers {
        let has_served = |n: &usize| replies.contains(&format!("{worker} {n}"));
        let count = (1..).take_while(has_served).count();
        println!("worker {worker} has served {count}, and was ended by SIGTERM");
        sum += count;
    }
    println!("together {sum}, and the parent's own count says {served}");
    assert_eq!((sum, served), (REQUESTS, 0));
    Ok(())
}
