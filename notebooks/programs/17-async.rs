//! An executor by hand, and the same tasks on tokio
//!
//! A queue of the tasks that are worth a poll, a waker that puts its task back into the
//! queue, and a timer that keeps the waker of its latest poll. Look at the lines of
//! both executors, which are the same, since a future does not know who polls it, and
//! at the number of polls: one to begin with and one per wait.

use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{thread, time::Duration};
use tokio::task::JoinSet;

#[derive(Default)]
struct Timer {
    is_over: bool,
    waker: Option<Waker>,
}

/// Ready after that time. A thread waits in its place, as a device would.
fn timer(time: Duration) -> impl Future<Output = ()> + Send + Unpin {
    let ours = Arc::new(Mutex::new(Timer::default()));
    let theirs = ours.clone();
    thread::spawn(move || {
        thread::sleep(time);
        let mut timer = theirs.lock().unwrap();
        timer.is_over = true;
        if let Some(waker) = timer.waker.take() {
            waker.wake();
        }
    });
    std::future::poll_fn(move |context| {
        let mut timer = ours.lock().unwrap();
        if timer.is_over {
            return Poll::Ready(());
        }
        // Not the waker of the first poll: whoever polls now is the one to be woken.
        timer.waker = Some(context.waker().clone());
        Poll::Pending
    })
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    body: Mutex<Option<Body>>, // `None` once it has ended
    queue: Sender<Arc<Task>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        // An executor that has ended wants no more tasks.
        let _ = self.queue.send(self.clone());
    }
}

/// Runs the tasks to their ends, and returns how many polls it took. Between
/// them the thread sleeps.
fn run(tasks: Vec<Body>) -> u32 {
    let (mut left, mut polls, (queue, ready)) = (tasks.len(), 0, channel());
    for body in tasks {
        let (body, queue) = (Mutex::new(Some(body)), queue.clone());
        Arc::new(Task { body, queue }).wake(); // each is polled once to begin with
    }
    while left > 0 {
        // With a limit, since nobody would be woken if a future forgot its waker.
        let task = ready.recv_timeout(Duration::from_secs(5)).unwrap();
        let waker = Waker::from(task.clone());
        let mut body = task.body.lock().unwrap();
        if let Some(future) = body.as_mut() {
            polls += 1;
            let answer = future.as_mut().poll(&mut Context::from_waker(&waker));
            if answer.is_ready() {
                *body = None;
                left -= 1;
            }
        }
    }
    polls
}

#[tokio::main(flavor = "current_thread")]
async fn run_on_tokio(tasks: Vec<Body>) {
    let tasks: JoinSet<()> = tasks.into_iter().collect(); // spawns each of them
    tasks.join_all().await;
}

async fn hello(executor: &str, name: &str, millis: u64) {
    println!("{executor}: hello from {name}");
    timer(Duration::from_millis(millis)).await;
    println!("{executor}: {name} again, after {millis} ms");
}

fn two(executor: &'static str) -> Vec<Body> {
    let body = |(name, millis)| Box::pin(hello(executor, name, millis)) as Body;
    [("a", 60), ("b", 20)].map(body).into()
}

fn main() {
    let polls = run(two("by hand"));
    println!("by hand: 2 tasks took {polls} polls");
    run_on_tokio(two("tokio  "));

    // Polled once with a waker that wakes nobody, and then handed to a task, which
    // is woken all the same.
    let mut timer = timer(Duration::from_millis(20));
    let _ = Pin::new(&mut timer).poll(&mut Context::from_waker(Waker::noop()));
    run(vec![Box::pin(timer)]);
    println!("by hand: a timer that was polled before woke its task");
}
