//! `std::hint` of an explored program.

/// Says that the caller goes round in a loop until another thread does something: see
/// [`yield_now`](super::thread::yield_now), which does the same.
///
/// ```
/// use interleavings::{self, hint, sync::atomic::{AtomicBool, Ordering::SeqCst}, thread};
///
/// let report = interleavings::all(|| {
///     let ready = AtomicBool::new(false);
///     thread::scope(|scope| {
///         scope.spawn(|| while !ready.load(SeqCst) { hint::spin_loop() });
///         scope.spawn(|| ready.store(true, SeqCst));
///     });
/// });
/// assert!(report.passed());
/// ```
#[track_caller]
pub fn spin_loop() {
    super::thread::yield_now();
}
