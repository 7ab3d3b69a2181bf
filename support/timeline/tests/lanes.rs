//! Locks, messages, tasks, and how lanes begin and end.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex, RwLock};
use std::task::{Context, Poll, Waker};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::{ForkResult, Pid, fork};
use timeline::trace::{Event, How, Kind, Lane, Trace};

fn lane(trace: &Trace, name: &str) -> Lane {
    let found = trace.lanes().into_iter().find(|lane| lane.name == name);
    found.unwrap_or_else(|| panic!("no lane {name:?} in {:?}", trace.lanes()))
}

fn of(trace: &Trace, kind: Kind) -> Vec<Event> {
    let events = trace.events().into_iter();
    events.filter(|event| event.kind == kind).collect()
}

/// Forks; the child runs `work`, which must neither allocate nor panic, dies with its parent, and
/// is gone after it.
fn child(work: impl FnOnce()) -> Pid {
    // SAFETY: the child of this many-threaded process only records, which allocates nothing and
    // takes no lock, and then ends without running anything else.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            // SAFETY: asks for a signal, and ends the process.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            work();
            // SAFETY: as above.
            unsafe { libc::_exit(0) }
        }
    }
}

#[test]
fn holds_of_a_mutex_never_overlap() {
    let trace = Trace::new();
    let number = Arc::new(Mutex::new(0));
    let start = Arc::new(Barrier::new(3));
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let (number, start) = (Arc::clone(&number), Arc::clone(&start));
            trace.spawn("worker", move |trace| {
                let number = trace.watch("number", number);
                start.wait();
                for _ in 0..200 {
                    *number.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for worker in workers {
        trace.join(worker).unwrap();
    }
    assert_eq!(*number.lock().unwrap(), 600);
    let holds = of(&trace, Kind::Holding);
    assert_eq!(holds.len(), 600);
    for pair in holds.windows(2) {
        assert!(pair[0].end.unwrap() <= pair[1].start, "{pair:?} overlap");
    }
}

#[test]
fn a_lock_that_is_taken_is_waited_for() {
    let trace = Trace::new();
    let number = trace.watch("number", Arc::new(Mutex::new(0)));
    let guard = number.lock().unwrap();
    let (tid, its_tid) = channel();
    let waiter = trace.spawn("waiter", {
        let number = number.clone();
        move |_| {
            tid.send(nix::unistd::gettid().as_raw()).unwrap();
            *number.lock().unwrap() += 1;
        }
    });
    let tid = its_tid.recv().unwrap();
    // Its wait is recorded before it blocks, so this ends.
    while !of(&trace, Kind::Waiting).iter().any(|wait| wait.tid == tid) {
        thread::yield_now();
    }
    drop(guard);
    waiter.join().unwrap();
    let wait = &of(&trace, Kind::Waiting)[0];
    assert_eq!((wait.label.as_str(), wait.tid), ("number", tid));
    let holds = of(&trace, Kind::Holding);
    assert!(wait.start < holds[0].end.unwrap() && wait.end.unwrap() <= holds[1].start);
}

#[test]
fn readers_hold_together_and_writers_alone() {
    let trace = Trace::new();
    let table = trace.watch("table", RwLock::new(1));
    let (first, second) = (table.read().unwrap(), table.read().unwrap());
    assert_eq!(*first + *second, 2);
    drop((first, second));
    *table.write().unwrap() = 2;
    assert_eq!(*table.get_ref().read().unwrap(), 2);
    assert_eq!(of(&trace, Kind::Holding).len(), 3);
    assert!(of(&trace, Kind::Waiting).is_empty());
}

#[test]
fn a_lock_that_a_panic_left_is_poisoned_and_held() {
    let trace = Trace::new();
    let number = trace.watch("number", Arc::new(Mutex::new(7)));
    let unlucky = trace.spawn("unlucky", {
        let number = number.clone();
        move |_| {
            let _guard = number.lock();
            panic!("on purpose");
        }
    });
    trace.join(unlucky).unwrap_err();
    let guard = number.lock().unwrap_err().into_inner();
    assert_eq!((*guard, of(&trace, Kind::Holding).len()), (7, 2));
}

#[test]
fn messages_are_paired_across_processes() {
    let trace = Trace::new();
    trace.sent("order", 1);
    let pid = child(|| {
        trace.received("order", 1);
        trace.sent("answer", 1);
    });
    trace.waitpid(pid);
    trace.received("answer", 1);
    trace.sent("lost", 2);
    let text = trace.timeline().text();
    assert!(text.contains("2 messages"), "{text}");
    let drawn = trace.timeline().to_string();
    assert!(drawn.contains("lost, not received"), "{drawn}");
}

/// Pending once, and ready after that.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// The smallest executor: polls one after the other until all are ready.
fn run(tasks: &mut [Pin<Box<dyn Future<Output = ()> + Send>>]) {
    let mut context = Context::from_waker(Waker::noop());
    let mut ready = vec![false; tasks.len()];
    while ready.contains(&false) {
        for (task, ready) in tasks.iter_mut().zip(&mut ready) {
            *ready = *ready || task.as_mut().poll(&mut context).is_ready();
        }
    }
}

#[test]
fn tasks_have_lanes_with_their_polls() {
    let trace = Trace::new();
    let task = |name: &'static str| -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let inside = trace.clone();
        Box::pin(trace.task(name, async move {
            inside.in_span("parse", || ());
            Yield(false).await;
            inside.instant("woken");
        }))
    };
    run(&mut [task("one"), task("two")]);
    trace.instant("after");

    for name in ["one", "two"] {
        let events = trace.events_of(name);
        let what: Vec<_> = events.iter().map(|e| (e.kind, e.label.as_str())).collect();
        let wanted = [
            (Kind::Polled, name),
            (Kind::Span, "parse"),
            (Kind::Polled, name),
            (Kind::Instant, "woken"),
        ];
        assert_eq!(what, wanted);
        assert_eq!(lane(&trace, name).end.unwrap().how, How::Returned);
    }
    // Polls alternate on the one thread.
    let polls = of(&trace, Kind::Polled);
    let names: Vec<_> = polls.iter().map(|poll| poll.label.as_str()).collect();
    assert_eq!(names, ["one", "two", "one", "two"]);
    let after = trace.events().pop().unwrap();
    assert_eq!((after.task, after.label.as_str()), (None, "after"));
    let text = trace.timeline().text();
    assert!(
        text.contains("3 lanes in 1 process, 2 of them tasks, 2 spans, 4 polls"),
        "{text}"
    );
}

#[test]
fn a_task_may_move_between_threads_and_be_cancelled() {
    let trace = Trace::new();
    let mut task: Pin<Box<dyn Future<Output = ()> + Send>> =
        Box::pin(trace.task("traveller", std::future::pending()));
    for _ in 0..2 {
        task = thread::spawn(move || {
            let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            task
        })
        .join()
        .unwrap();
    }
    drop(task);
    let polls = trace.events_of("traveller");
    assert_eq!(polls.len(), 2);
    assert_ne!(polls[0].tid, polls[1].tid);
    assert_eq!(lane(&trace, "traveller").end.unwrap().how, How::Cancelled);
    assert!(trace.timeline().text().contains("cancelled in traveller"));
}

#[test]
fn a_panic_in_a_poll_is_the_tasks() {
    let trace = Trace::new();
    let inside = trace.clone();
    let worker = trace.spawn("worker", move |_| {
        let mut task = pin!(inside.task("unlucky", async { panic!("on purpose") }));
        let mut context = Context::from_waker(Waker::noop());
        let polled = std::panic::AssertUnwindSafe(|| task.as_mut().poll(&mut context).is_ready());
        std::panic::catch_unwind(polled).is_err()
    });
    assert!(trace.join(worker).unwrap());
    assert_eq!(of(&trace, Kind::Panicked)[0].task, Some(1));
    assert_eq!(lane(&trace, "worker").end.unwrap().how, How::Returned);
    assert!(trace.timeline().text().contains("panic in unlucky"));
}

#[test]
fn threads_tell_who_started_and_who_joined_them() {
    let trace = Trace::new();
    trace.name_lane("starter");
    let fine = trace.spawn("fine", |_| ());
    let unlucky = trace.spawn("unlucky", |trace| {
        let _outer = trace.span("outer");
        trace.in_span("inner", || panic!("on purpose"))
    });
    trace.join(fine).unwrap();
    let failed: Result<(), _> = trace.join(unlucky);
    failed.unwrap_err();

    let starter = lane(&trace, "starter");
    for (name, how) in [("fine", How::Returned), ("unlucky", How::Panicked)] {
        let lane = lane(&trace, name);
        let spawn = lane.spawn.unwrap();
        assert_eq!((spawn.pid, spawn.tid), (starter.pid, starter.tid));
        assert!(spawn.at <= spawn.began);
        let end = lane.end.unwrap();
        let seen = end.seen.unwrap();
        assert_eq!((end.how, seen.tid), (how, starter.tid));
        assert!(spawn.began <= end.at && end.at <= seen.at);
    }
    // Two guards saw it; it was one panic.
    let text = trace.timeline().text();
    assert_eq!(text.matches("panic in unlucky").count(), 1, "{text}");
}

#[test]
fn a_process_that_is_killed_has_its_end() {
    let trace = Trace::new();
    let killed = child(|| {
        let _lane = trace.lane("killed");
        let _span = trace.span("endless");
        loop {
            trace.tick();
        }
    });
    while !trace.events().iter().any(|event| event.label == "endless") {
        thread::yield_now();
    }
    kill(killed, Signal::SIGKILL).unwrap();
    let status = trace.waitpid(killed);
    assert_eq!(status, WaitStatus::Signaled(killed, Signal::SIGKILL, false));
    let exited = child(|| {
        trace.name_lane("exited");
        // SAFETY: ends the process.
        unsafe { libc::_exit(3) }
    });
    trace.waitpid(exited);

    assert_eq!(lane(&trace, "killed").end.unwrap().how, How::Signalled(9));
    assert_eq!(lane(&trace, "exited").end.unwrap().how, How::Exited(3));
    let text = trace.timeline().text();
    assert!(
        text.contains("SIGKILL in killed, exit 3 in exited"),
        "{text}"
    );
    // The killed child's span reaches to its end, and does not go on with the clock.
    let first = trace.timeline().text();
    assert_eq!(first, trace.timeline().text());
}

#[test]
fn an_open_span_of_a_thread_that_lives_reaches_to_now() {
    let trace = Trace::new();
    let span = trace.span("open");
    let length = || {
        let text = trace.timeline().text();
        text.split_once(':').unwrap().0.to_string()
    };
    let first = length();
    while length() == first {
        thread::yield_now();
    }
    drop(span);
    let last = length();
    assert_eq!(last, length());
}

#[test]
fn colours_follow_lanes_and_not_who_was_first() {
    // The same two lanes; in one run the first is the first to record, in the other the second.
    let run = |late: usize| {
        let trace = Trace::new();
        let gates: Vec<_> = (0..2).map(|_| channel::<()>()).collect();
        let (open, wait): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
        let workers: Vec<_> = ["red", "blue"]
            .into_iter()
            .zip(wait)
            .map(|(name, wait)| {
                trace.spawn(name, move |trace| {
                    wait.recv().unwrap();
                    trace.in_span(name, || ());
                })
            })
            .collect();
        let mut workers: Vec<_> = workers.into_iter().zip(open).collect();
        if late == 0 {
            workers.reverse();
        }
        for (worker, open) in workers {
            open.send(()).unwrap();
            worker.join().unwrap();
        }
        let svg = trace.timeline().svg();
        let legend = |label: &str| svg.find(&format!(">{label}<")).unwrap();
        legend("red") < legend("blue")
    };
    assert!(run(0) && run(1));
}
