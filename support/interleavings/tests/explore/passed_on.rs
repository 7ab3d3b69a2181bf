//! A panic that no hook sees, because it was passed on, ends the execution as any other does.

use interleavings::sync::Mutex;
use interleavings::thread;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[test]
fn who_borrows_from_a_scope_that_was_left_never_goes_on() {
    let report = interleavings::all(|| {
        let lock = Mutex::named("lock", ());
        let left = AssertUnwindSafe(|| {
            let lent = vec![7; 100];
            thread::scope(|scope| {
                scope.spawn(|| {
                    drop(lock.lock());
                    assert_eq!(lent, [7; 100], "what it borrows is gone");
                });
                resume_unwind(Box::new("on"))
            })
        });
        let caught: Result<(), _> = catch_unwind(left);
        assert!(caught.is_err());
        // Whoever could go on would do so here.
        drop(lock.lock());
    });
    let failure = report.failure().expect("the panic is a failure");
    assert_eq!(failure.message(), "(a panic that was passed on)");
    assert_eq!(failure.thread(), Some("main"));
}
