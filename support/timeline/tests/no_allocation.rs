//! Recording allocates nothing: it has to work in a child forked from a many-threaded process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use timeline::trace::Trace;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn recording_allocates_nothing() {
    let trace = Trace::new();
    let mutex = trace.watch("mutex", std::sync::Mutex::new(1));
    let before = ALLOCATIONS.get();
    trace.name_lane("lane");
    trace.in_span("span", || trace.instant("instant"));
    trace.busy(std::time::Duration::from_micros(100));
    trace.sleep(std::time::Duration::from_micros(1));
    drop(trace.span("guarded"));
    *mutex.lock().unwrap() += 1;
    trace.sent("message", 1);
    trace.received("message", 1);
    drop(trace.lane("lane"));
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(trace.events().len() >= 3);
}
