//! Three processes write into one pipe, and count in shared memory.
//!
//! A pipe with several writers is a queue: whole messages go through it, in the order
//! of each writer. Look at the three counts at the end: what children add to an
//! ordinary variable stays in their copies, and only the pipe and the shared memory
//! bring something back.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, PipeWriter, Write};
use std::num::NonZero;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

const MESSAGES: u32 = 1000;

/// A counter that parent and children share: a fork copies all
/// memory but such a mapping.
fn shared_counter() -> nix::Result<&'static AtomicU32> {
    let size = NonZero::new(size_of::<AtomicU32>()).expect("four bytes");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping at an address of the system's choice
    // touches no memory in use.
    let memory = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) }?;
    // SAFETY: the page is aligned, full of zeros, and is never unmapped;
    // all access is atomic.
    Ok(unsafe { memory.cast::<AtomicU32>().as_ref() })
}

/// Sends numbered messages. Each is one short write: up to 4 KiB (`PIPE_BUF`) the
/// system keeps the bytes of a write together, so no lock is needed among the writers.
fn produce(
    name: &str,
    mut pipe: PipeWriter,
    own: &mut u32,
    shared: &AtomicU32,
) -> io::Result<()> {
    for n in 1..=MESSAGES {
        // Waits while the pipe is full.
        pipe.write_all(format!("{name} {n}\n").as_bytes())?;
        *own += 1;
        shared.fetch_add(1, Ordering::Relaxed);
    }
    Ok(()) // and the pipe's writing end is closed
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (reader, writer) = io::pipe()?;
    let (mut own, shared) = (0, shared_counter()?);
    let mut children: Vec<Pid> = Vec::new();
    for name in ["ada", "grace", "edsger"] {
        // SAFETY: this program has one thread, so the child inherits no
        // lock without its owner.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => children.push(child),
            ForkResult::Child => {
                alarm::set(10); // no child outlives a parent that was killed
                // If the parent dies, a write fails instead of waiting for ever.
                drop(reader);
                let done = produce(name, writer, &mut own, shared);
                let failed = done.is_err() || own != MESSAGES;
                process::exit(failed.into());
            }
        }
    }
    // The pipe ends when its last writing end is closed. With this one
    // open, nobody would see it.
    drop(writer);

    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for line in BufReader::new(reader).lines() {
        let line = line?;
        let (name, n) = line.split_once(' ').ok_or("a message in pieces")?;
        let last = last.entry(name.to_string()).or_default();
        assert_eq!(
            n.parse(),
            Ok(*last + 1),
            "the messages of {name} come in order"
        );
        *last += 1;
    }
    for child in children {
        assert_eq!(waitpid(child, None)?, WaitStatus::Exited(child, 0));
    }

    println!("messages received:     {last:?}");
    println!("the shared counter:    {}", shared.load(Ordering::Relaxed));
    println!("the ordinary variable: {own}");
    assert_eq!(last.len(), 3);
    assert!(last.values().all(|&n| n == MESSAGES));
    assert_eq!((shared.load(Ordering::Relaxed), own), (3 * MESSAGES, 0));
    Ok(())
}
