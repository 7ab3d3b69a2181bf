//! What can be seen of a lock, and what becomes of programs that misuse the explorer.

use std::panic::catch_unwind;

use interleavings::sync::atomic::{AtomicU32, Ordering::SeqCst};
use interleavings::sync::{Arc, Mutex};
use interleavings::{self, FailureKind, Search, thread};

#[test]
fn a_lock_that_is_held_for_nothing_is_seen_by_who_tries_it() {
    // Between taking and letting go there is no other step: only a try tells.
    let report = Search::new().keep_going().run(|| {
        let lock = Mutex::named("lock", ());
        thread::scope(|scope| {
            scope.spawn_named("left", || drop(lock.lock().unwrap()));
            scope.spawn_named("right", || assert!(lock.try_lock().is_ok(), "taken"));
        });
    });
    // right before, between, after.
    assert_eq!((report.schedules(), report.failed()), (3, 1), "{report}");
    let failure = report.failure().unwrap();
    let operations: Vec<&str> = failure
        .steps()
        .iter()
        .map(|step| step.operation())
        .collect();
    assert_eq!(operations, ["lock lock", "try_lock lock: taken"]);
}

#[test]
fn a_lock_serialises_and_its_value_survives() {
    let report = interleavings::all(|| {
        let words = Arc::new(Mutex::named("words", Vec::new()));
        let threads = ["a", "b"].map(|word| {
            let words = words.clone();
            thread::spawn_named(word, move || words.lock().unwrap().push(word))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        let words = words.lock().unwrap();
        assert!(*words == ["a", "b"] || *words == ["b", "a"]);
    });
    assert!(report.passed(), "{report}");
    assert_eq!(report.schedules(), 2);
}

#[test]
fn what_a_guard_protects_is_freed_by_a_panic_without_a_second_one() {
    let report = interleavings::all(|| {
        let lock = Mutex::named("lock", 0);
        thread::scope(|scope| {
            for name in ["left", "right"] {
                scope.spawn_named(name, || {
                    let mut guard = lock.lock().unwrap();
                    *guard += 1;
                    assert!(*guard < 2, "too many");
                });
            }
        });
    });
    let failure = report.failure().unwrap();
    assert_eq!(
        (failure.kind(), failure.message()),
        (FailureKind::Panic, "too many")
    );
}

#[test]
fn a_destructor_that_locks_while_a_panic_passes_does_not_hang_or_abort() {
    struct Last<'a>(&'a Mutex<u32>);
    impl Drop for Last<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let report = Search::new().keep_going().run(|| {
        let (lock, step) = (Mutex::named("lock", 0), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn_named("holder", || {
                let _guard = lock.lock().unwrap();
                step.fetch_add(1, SeqCst);
                step.fetch_add(1, SeqCst);
            });
            scope.spawn_named("faller", || {
                let _last = Last(&lock);
                assert!(step.load(SeqCst) != 1, "in the middle");
            });
        });
    });
    assert_eq!(report.failure().unwrap().message(), "in the middle");
    assert!(report.failed() < report.schedules(), "{report}");
}

#[test]
fn a_panic_that_the_program_catches_is_a_failure_all_the_same() {
    let report = interleavings::all(|| {
        let caught = catch_unwind(|| panic!("oops"));
        assert!(caught.is_err());
        drop(Mutex::new(0).lock());
    });
    assert_eq!(report.failure().unwrap().message(), "oops");
}

#[test]
fn things_of_another_execution_are_refused() {
    use std::sync::{Mutex as Real, OnceLock};
    static KEPT: OnceLock<Real<Option<Arc<Mutex<u32>>>>> = OnceLock::new();
    let kept = KEPT.get_or_init(|| Real::new(None));
    let report = interleavings::all(|| *kept.lock().unwrap() = Some(Arc::new(Mutex::new(0))));
    assert!(report.passed());
    let mutex = kept.lock().unwrap().take().unwrap();
    let report = interleavings::all(move || drop(mutex.lock()));
    let message = report.failure().unwrap().message().to_string();
    assert!(
        message.contains("something of another execution was used"),
        "{message}"
    );
    let outside = catch_unwind(|| Mutex::new(0)).unwrap_err();
    let message = outside.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("within the closure that interleavings::all"),
        "{message}"
    );
}

#[test]
fn threads_that_are_not_joined_run_to_their_ends() {
    let report = interleavings::all(|| {
        let x = Arc::new(AtomicU32::named("x", 0));
        for _ in 0..2 {
            let x = x.clone();
            thread::spawn(move || assert!(x.fetch_add(1, SeqCst) < 1, "the second"));
        }
    });
    assert_eq!(report.failure().unwrap().message(), "the second");
}

#[test]
fn a_scope_whose_body_panics_is_a_failure_like_any_other() {
    let report = interleavings::all(|| {
        let data = [1, 2, 3];
        thread::scope(|scope| {
            scope.spawn(|| data.iter().sum::<i32>());
            panic!("the body");
        })
    });
    assert_eq!(report.failure().unwrap().message(), "the body");
}

#[test]
fn searches_on_several_threads_do_not_meet() {
    let searches: Vec<_> = (0..4)
        .map(|n| {
            std::thread::spawn(move || {
                let report = interleavings::all(move || {
                    let x = AtomicU32::new(0);
                    thread::scope(|scope| {
                        for _ in 0..2 {
                            scope.spawn(|| (0..n).for_each(|_| _ = x.fetch_add(1, SeqCst)));
                        }
                    });
                    assert_eq!(x.into_inner(), 2 * n);
                });
                (report.passed(), report.schedules())
            })
        })
        .collect();
    let found: Vec<_> = searches.into_iter().map(|it| it.join().unwrap()).collect();
    assert_eq!(found, [(true, 1), (true, 2), (true, 6), (true, 20)]);
}

#[test]
fn panics_elsewhere_are_printed_as_before() {
    // The hook that keeps explored panics passes all others on, and shuttle's is not in between.
    let exe = std::env::current_exe().unwrap();
    let test = [
        "--exact",
        "locks::panics_after_a_search",
        "--ignored",
        "--nocapture",
    ];
    let output = std::process::Command::new(exe).args(test).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(
        text.contains("a real panic") && !text.contains("explored"),
        "{text}"
    );
    assert!(!text.contains("schedule"), "{text}");
}

#[test]
#[ignore = "run by panics_elsewhere_are_printed_as_before"]
fn panics_after_a_search() {
    assert_eq!(interleavings::all(|| panic!("explored")).failed(), 1);
    assert!(catch_unwind(|| panic!("a real panic")).is_err());
}
