//! How pools end: by close and join, by terminate, by drop, and with their parent.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use processes::pool::{Pending, TaskError};
use processes::{Pool, Process};

use crate::alone::alone;
use crate::help::{children, descriptors, runs, shared, until, within};

/// A pool whose tasks (but 0, which is done at once) wait for a long time, having counted
/// themselves.
fn patient(workers: usize) -> (Pool<u32, u32>, &'static std::sync::atomic::AtomicU32) {
    let begun = &shared(1)[0];
    let pool = Pool::new(workers, move |n: u32| {
        if n > 0 {
            begun.fetch_add(1, SeqCst);
            std::thread::sleep(Duration::from_secs(3600));
        }
        n
    });
    (pool, begun)
}

#[test]
fn close_lets_what_was_handed_over_be_done() {
    within(|| {
        let pool = Pool::new(2, |n: u32| n);
        let before: Vec<Pending<u32>> = (0..50).map(|n| pool.apply_async(n)).collect();
        let mut begun = pool.imap(0..1000);
        pool.close();
        pool.close();
        assert_eq!(pool.apply(1), Err(TaskError::Closed));
        assert_eq!(pool.map(0..3), Err(TaskError::Closed));
        assert_eq!(
            pool.imap(0..3)
                .map(|(_, result)| result)
                .collect::<Vec<_>>(),
            vec![Err(TaskError::Closed); 3]
        );
        assert_eq!(
            begun
                .by_ref()
                .take(500)
                .filter(|(_, result)| result.is_ok())
                .count(),
            500
        );
        pool.join();
        pool.join();
        assert!(pool.workers().is_empty());
        assert!(before.iter().all(Pending::is_ready));
        // Of the iterator, what had been handed over is done.
        let rest: Vec<_> = begun.map(|(_, result)| result).collect();
        assert_eq!(rest.len(), 500);
        let done = rest.iter().take_while(|result| result.is_ok()).count();
        assert!((1..=128).contains(&done), "{done}");
        assert!(
            rest[done..]
                .iter()
                .all(|result| *result == Err(TaskError::Closed))
        );
        pool.terminate();
        assert_eq!(pool.apply(1), Err(TaskError::Closed));
    });
}

#[test]
fn join_before_close_is_refused() {
    within(|| {
        let pool = Pool::new(1, |n: u32| n);
        let join = std::panic::AssertUnwindSafe(|| pool.join());
        let panic = std::panic::catch_unwind(join).unwrap_err();
        let message = panic.downcast_ref::<&str>().unwrap();
        assert!(
            message.starts_with("the pool is still running"),
            "{message}"
        );
        assert_eq!(pool.apply(1), Ok(1), "and does no harm");
    });
}

#[test]
fn join_waits_for_a_map_of_another_thread() {
    within(|| {
        let pool = Pool::new(2, |n: u32| n);
        std::thread::scope(|scope| {
            let (begun, begin) = std::sync::mpsc::channel();
            let items = (0..20_000).inspect(move |n| {
                // The first items have been handed over, the last have not.
                if *n == 10_000 {
                    begun.send(()).unwrap();
                }
            });
            let map = scope.spawn(|| pool.chunks_of(10).map(items).map(|all| all.len()));
            begin.recv().unwrap();
            pool.close();
            pool.join();
            assert_eq!(map.join().unwrap(), Ok(20_000));
        });
    });
}

#[test]
fn terminate_ends_tasks_that_run_and_tasks_that_wait() {
    within(|| {
        let (pool, begun) = patient(2);
        let pids = pool.workers();
        let pending: Vec<_> = (1..=10).map(|n| pool.apply_async(n)).collect();
        until("both workers are busy", || begun.load(SeqCst) == 2);
        assert!(pids.iter().all(|&pid| runs(pid)));
        let late = pool.apply_async(1);
        let late = late.get_timeout(Duration::from_millis(1)).unwrap_err();
        pool.terminate();
        assert!(!pids.iter().any(|&pid| runs(pid)));
        for pending in pending.into_iter().chain([late]) {
            assert!(pending.is_ready());
            assert_eq!(pending.get(), Err(TaskError::Terminated));
        }
        assert_eq!(pool.apply(0), Err(TaskError::Terminated));
        pool.close();
        pool.join();
        pool.terminate();
        assert_eq!(begun.load(SeqCst), 2);
    });
}

#[test]
fn terminate_ends_a_join_and_a_map_that_wait() {
    within(|| {
        let (pool, begun) = patient(1);
        std::thread::scope(|scope| {
            let map = scope.spawn(|| pool.map(1..5));
            until("the worker is busy", || begun.load(SeqCst) == 1);
            pool.close();
            let join = scope.spawn(|| pool.join());
            pool.terminate();
            assert_eq!(map.join().unwrap(), Err(TaskError::Terminated));
            join.join().unwrap();
        });
    });
}

#[test]
fn drop_leaves_no_process_and_no_descriptor() {
    alone("ends::drop_leaves_no_process_and_no_descriptor", || {
        let one_is_replaced = || {
            let (pool, begun) = patient(3);
            let pending: Vec<_> = (1..=9).map(|n| pool.apply_async(n)).collect();
            until("all are busy", || begun.load(SeqCst) == 3);
            let first = pool.workers()[0];
            // SAFETY: sends a signal to a child that has not been waited for.
            unsafe { libc::kill(first, libc::SIGKILL) };
            until("its successor is busy", || begun.load(SeqCst) == 4);
            assert_eq!(children().len(), 3);
            drop(pool);
            let failed = pending
                .into_iter()
                .map(|pending| pending.get().unwrap_err());
            assert_eq!(
                failed
                    .filter(|failed| *failed == TaskError::Terminated)
                    .count(),
                8
            );
        };
        // What is made once for all pools.
        one_is_replaced();
        let before = (descriptors(), children());
        assert!(before.1.is_empty());
        for _ in 0..5 {
            one_is_replaced();
            assert_eq!((descriptors(), children()), before);
        }
        let pool = Pool::new(3, |n: u32| n);
        pool.map(0..100).unwrap();
        pool.close();
        pool.join();
        assert_eq!(children(), before.1);
        drop(pool);
        assert_eq!((descriptors(), children()), before);
    });
}

#[test]
fn a_worker_holds_no_descriptor_of_the_others() {
    alone("ends::a_worker_holds_no_descriptor_of_the_others", || {
        drop(Pool::new(1, |n: u32| n));
        let pool = Pool::new(4, |die: bool| {
            if die {
                processes::exit(1);
            }
            // Long enough that each worker has one.
            std::thread::sleep(Duration::from_millis(20));
            (std::process::id() as i32, descriptors().len())
        });
        assert!(pool.outcomes([true; 3]).iter().all(Result::is_err));
        until("all are there", || pool.workers().len() == 4);
        let before = descriptors().len();
        let seen = pool.chunks_of(1).map([false; 16]).unwrap();
        let own = seen.iter().map(|(_, own)| *own).max().unwrap();
        // The parent has one for each worker.
        assert!(own <= before - 4, "{own} of {before}: {seen:?}");
    });
}

#[test]
fn workers_die_with_their_parent() {
    // Alone: a forked child that starts a thread, the pool's, needs a parent in which none begins or
    // ends meanwhile.
    alone("ends::workers_die_with_their_parent", || {
        let pids = shared(4);
        let parent = Process::spawn("parent", || {
            let (pool, begun) = patient(3);
            let _pending: Vec<_> = (1..=3).map(|n| pool.apply_async(n)).collect();
            until("all are busy", || begun.load(SeqCst) == 3);
            for (place, pid) in pids.iter().zip(pool.workers()) {
                place.store(pid as u32, SeqCst);
            }
            pids[3].store(1, SeqCst);
            std::thread::sleep(Duration::from_secs(3600));
        });
        until("they are there", || pids[3].load(SeqCst) == 1);
        let pids = pids[..3]
            .iter()
            .map(|pid| pid.load(SeqCst) as i32)
            .collect::<Vec<_>>();
        assert!(pids.iter().all(|&pid| runs(pid)));
        parent.kill();
        parent.join();
        until("they have gone", || !pids.iter().any(|&pid| runs(pid)));
    });
}

#[test]
fn a_forked_childs_copy_of_a_pool_does_nothing() {
    within(|| {
        let mut pool = Some(Pool::new(2, |n: u32| n));
        let pids = pool.as_ref().unwrap().workers();
        let child = Process::spawn("child", || {
            let pool = pool.take().unwrap();
            pool.terminate();
            pool.join();
            let call = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.apply(1)));
            assert!(call.is_err());
            drop(pool);
        });
        assert!(child.join().success());
        let pool = pool.unwrap();
        assert_eq!(pool.workers(), pids);
        assert_eq!(pool.apply(5), Ok(5));
    });
}
