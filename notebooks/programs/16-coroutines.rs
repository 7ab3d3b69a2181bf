//! A function that stops in the middle, in three ways
//!
//! Stable Rust has no `yield`. What it has: a state machine written by hand, an `async`
//! block that is polled by hand (the compiler writes the state machine), and a thread
//! that meets its caller at a channel. All three hand out the same numbers. Look at
//! what one number costs in each.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::mpsc::sync_channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// What has to be remembered between two numbers is a field, and `next` is one step.
struct Fibonacci {
    a: u64,
    b: u64,
}

impl Iterator for Fibonacci {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let value = self.a;
        (self.a, self.b) = (self.b, self.a.wrapping_add(self.b));
        Some(value)
    }
}

/// Where a generator leaves the value that it yields.
struct Out<T>(Rc<Cell<Option<T>>>);

impl<T> Out<T> {
    /// Stops here, and goes on when the caller polls the next time.
    async fn give(&self, value: T) {
        self.0.set(Some(value));
        // The first poll of this wait says "not yet", the second one goes on.
        let mut polls = [Poll::Pending, Poll::Ready(())].into_iter();
        poll_fn(|_| polls.next().unwrap()).await
    }
}

/// An iterator whose `next` polls the body up to its next `give`, or to its end.
fn generator<T, F: Future<Output = ()>>(
    body: impl FnOnce(Out<T>) -> F,
) -> impl Iterator<Item = T> {
    let place = Rc::new(Cell::new(None));
    let mut body = Box::pin(body(Out(place.clone())));
    let next = move || {
        // Nobody has to be woken: whoever wants the next value polls.
        let _ = body.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        place.take()
    };
    std::iter::from_fn(next).fuse() // a future that has ended may not be polled again
}

fn by_async_block() -> impl Iterator<Item = u64> {
    generator(async |out| {
        let (mut a, mut b) = (0u64, 1u64);
        loop {
            out.give(a).await;
            (a, b) = (b, a.wrapping_add(b));
        }
    })
}

/// A stack of its own. With room for no value the two meet at each one; when the
/// receiver is dropped, `send` fails, and the thread ends.
fn by_thread() -> impl Iterator<Item = u64> {
    let (sender, receiver) = sync_channel(0);
    thread::spawn(move || {
        let (mut a, mut b) = (0u64, 1u64);
        while sender.send(a).is_ok() {
            (a, b) = (b, a.wrapping_add(b));
        }
    });
    receiver.into_iter()
}

/// The first ten numbers, and the time for each of a thousand more.
fn try_it(name: &str, mut numbers: impl Iterator<Item = u64>) -> (Vec<u64>, Duration) {
    let first = numbers.by_ref().take(10).collect();
    let begin = Instant::now();
    assert_eq!(numbers.take(1000).count(), 1000);
    let each = begin.elapsed() / 1000;
    println!("{name}: {first:?}, {each:?} for each number");
    (first, each)
}

fn main() {
    let (by_hand, _) = try_it("state machine", Fibonacci { a: 0, b: 1 });
    let (by_compiler, quick) = try_it("async block  ", by_async_block());
    let (by_thread, slow) = try_it("thread       ", by_thread());
    assert_eq!((&by_hand, &by_hand), (&by_compiler, &by_thread));
    let ratio = slow.div_duration_f64(quick);
    println!(
        "from a thread a number costs {ratio:.0} times as much as from an async block"
    );
}
