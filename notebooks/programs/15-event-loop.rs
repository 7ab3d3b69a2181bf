//! One thread, epoll, and a client that does not read
//!
//! A server on one thread, with non-blocking sockets: a client sends a number and gets
//! that many bytes. One client asks for 16 MB and reads nothing; another one asks for
//! little, five times. Look for "no room": what did not fit into the system's buffers
//! waits in the server until epoll says that there is room again, and meanwhile the
//! second client has all its answers.

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

const LISTENER: u64 = 0; // the number by which epoll speaks of it
const LARGE: u32 = 16_000_000; // more than the system's buffers take

fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}

struct Client {
    stream: TcpStream,
    to_send: usize, // bytes of the answer that are not out yet
}

impl Client {
    /// Goes as far as it gets without blocking, and says what to wait for, `None` at
    /// the end. A client is not read from before its answer is out: otherwise its
    /// requests would pile up here.
    fn go_on(&mut self) -> io::Result<Option<EpollFlags>> {
        loop {
            while self.to_send > 0 {
                let piece = &[b'x'; 65_536][..self.to_send.min(65_536)];
                match unless_blocked(self.stream.write(piece))? {
                    Some(count) => self.to_send -= count,
                    // Ready when there is room.
                    None => return Ok(Some(EpollFlags::EPOLLOUT)),
                }
            }
            // So few bytes come in one piece here; in general they need not.
            let mut request = [0; 4];
            match unless_blocked(self.stream.read(&mut request))? {
                Some(0) => return Ok(None),
                Some(_) => self.to_send = u32::from_be_bytes(request) as usize,
                None => return Ok(Some(EpollFlags::EPOLLIN)),
            }
        }
    }
}

fn accept(listener: &TcpListener) -> io::Result<Client> {
    let (stream, to_send) = (listener.accept()?.0, 0);
    stream.set_nonblocking(true)?;
    Ok(Client { stream, to_send })
}

/// Serves two clients to their end, and counts how often a write found no room.
fn serve(listener: TcpListener) -> io::Result<u32> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let (mut clients, mut accepted, mut no_room) = (HashMap::new(), 0, 0);
    while accepted < 2 || !clients.is_empty() {
        let mut event = [EpollEvent::empty()];
        if epoll.wait(&mut event, 5000u16)? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        let number = event[0].data();
        if number == LISTENER {
            let client = accept(&listener)?;
            accepted += 1;
            let event = EpollEvent::new(EpollFlags::EPOLLIN, accepted);
            epoll.add(&client.stream, event)?;
            clients.insert(accepted, client);
        } else if let Some(client) = clients.get_mut(&number) {
            match client.go_on() {
                Ok(Some(wait_for)) => {
                    no_room += u32::from(wait_for == EpollFlags::EPOLLOUT);
                    epoll.modify(
                        &client.stream,
                        &mut EpollEvent::new(wait_for, number),
                    )?;
                }
                // The end, or an error, which is the trouble of this client alone. Its
                // socket is closed here, and epoll forgets it.
                Ok(None) | Err(_) => drop(clients.remove(&number)),
            }
        }
    }
    Ok(no_room)
}

/// No wait here can last: a server that gives up closes its
/// sockets, and the reads fail.
fn visit(server: SocketAddr) -> io::Result<()> {
    let (mut slow, mut quick) =
        (TcpStream::connect(server)?, TcpStream::connect(server)?);
    slow.write_all(&LARGE.to_be_bytes())?;
    slow.peek(&mut [0])?; // the answer has begun
    println!("slow client:  has asked for {LARGE} bytes, and reads none");
    for n in 1..=5 {
        quick.write_all(&1000u32.to_be_bytes())?;
        quick.read_exact(&mut [0; 1000])?;
        println!("quick client: has answer {n}");
    }
    slow.read_exact(&mut vec![0; LARGE as usize])?;
    println!("slow client:  has read {LARGE} bytes");
    Ok(())
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener));
    visit(address)?;
    let no_room = server.join().expect("the server does not panic")?;
    println!("server:       one thread, found no room to write {no_room} times");
    assert!(no_room > 0, "16 MB went out at once");
    Ok(())
}
