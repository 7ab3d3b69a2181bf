//! Threads of an explored program, under the names of `std::thread`.
//!
//! ```
//! use interleavings::{self, thread};
//!
//! let report = interleavings::all(|| {
//!     let adder = thread::spawn_named("adder", || 2 + 3);
//!     assert_eq!(adder.join().unwrap(), 5);
//! });
//! assert!(report.passed());
//! ```
//!
//! Starting a thread, its first moment, its end and waiting for it are no choices of the search:
//! nobody can tell the difference but by what the threads then do.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::object::Op;
use super::world::{Verdict, point, with};

/// Starts a thread, called "thread 1" and so on in the order in which they are started.
///
/// # Panics
///
/// If the caller is not within an explored program.
///
/// ```
/// use interleavings::{self, thread};
///
/// assert!(interleavings::all(|| assert_eq!(thread::spawn(|| 5).join().unwrap(), 5)).passed());
/// ```
pub fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    start(None, work)
}

/// Starts a thread with a name, which the report then uses.
///
/// # Panics
///
/// As [`spawn`].
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| { thread::spawn_named("left", || panic!("no")); });
/// assert_eq!(report.failure().unwrap().thread(), Some("left"));
/// ```
pub fn spawn_named<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    start(Some(name.to_string()), work)
}

/// Starts a thread with a name as `std::thread::Builder` does.
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     let named = thread::Builder::new().name("left".to_string());
///     named.spawn(|| ()).unwrap().join().unwrap();
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// A thread without a name of its own. See [`Builder`].
    ///
    /// ```
    /// let _ = interleavings::thread::Builder::new();
    /// ```
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names it. See [`Builder`].
    ///
    /// ```
    /// let _ = interleavings::thread::Builder::new().name("left".to_string());
    /// ```
    pub fn name(self, name: String) -> Builder {
        Builder { name: Some(name) }
    }

    /// Starts it. See [`Builder`].
    ///
    /// # Errors
    ///
    /// None; the type is std's.
    ///
    /// ```
    /// use interleavings::{self, thread::Builder};
    ///
    /// assert!(interleavings::all(|| drop(Builder::new().spawn(|| ()))).passed());
    /// ```
    pub fn spawn<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::io::Result<JoinHandle<T>> {
        Ok(start(self.name, work))
    }
}

fn start<T: 'static>(name: Option<String>, work: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let work = Box::new(move || put(&place, work()));
    JoinHandle {
        thread: with(|world| world.add_thread(name, Some(work))),
        result,
    }
}

fn put<T>(place: &Mutex<Option<T>>, value: T) {
    *place.lock().unwrap_or_else(|it| it.into_inner()) = Some(value);
}

fn get<T>(place: &Mutex<Option<T>>) -> std::thread::Result<T> {
    let value = place.lock().unwrap_or_else(|it| it.into_inner()).take();
    // A panic ends the whole execution; only who unwinds one comes here.
    value.ok_or_else(|| Box::new("the execution is over") as _)
}

/// A thread that can be waited for. Dropped, it leaves the thread to itself; the execution goes on
/// until every thread has come to its end, also after `main` has.
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     let thread: thread::JoinHandle<i32> = thread::spawn(|| 1);
///     assert_eq!(thread.join().unwrap(), 1);
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: usize,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// None that a program sees: a panic in any thread ends the execution, as a failure.
    ///
    /// ```
    /// use interleavings::{self, thread};
    ///
    /// assert!(interleavings::all(|| thread::spawn(|| ()).join().unwrap()).passed());
    /// ```
    pub fn join(self) -> std::thread::Result<T> {
        join(self.thread);
        get(&self.result)
    }
}

#[inline(never)]
fn join(thread: usize) {
    point(Op::Join(thread));
    with(|world| {
        let view = world.threads[thread].sight.view.clone();
        world.learn(&view);
    });
}

/// Threads that may borrow what was made before the scope; it waits for their ends.
///
/// ```
/// use interleavings::{self, sync::Mutex, thread};
///
/// let report = interleavings::all(|| {
///     let sum = Mutex::new(0);
///     thread::scope(|scope| for n in 1..=2 {
///         let sum = &sum;
///         scope.spawn(move || *sum.lock().unwrap() += n);
///     });
///     assert_eq!(*sum.lock().unwrap(), 3);
/// });
/// assert_eq!(report.schedules(), 2);
/// ```
pub fn scope<'env, T>(work: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T) -> T {
    let scope = Scope {
        threads: Mutex::new(Vec::new()),
        scope: PhantomData,
        env: PhantomData,
    };
    // If it panics, the execution is over: no thread of the scope goes on, or begins.
    let result = work(&scope);
    // A thread of the scope may start others meanwhile.
    for place in 0.. {
        let thread = scope.list().get(place).copied();
        match thread {
            Some(thread) => join(thread),
            None => break,
        }
    }
    result
}

/// Starts the threads of a [`scope`].
///
/// ```
/// use interleavings::{self, thread};
///
/// fn two<'s>(scope: &'s thread::Scope<'s, '_>) {
///     scope.spawn(|| ());
///     scope.spawn(|| ());
/// }
/// assert!(interleavings::all(|| thread::scope(two)).passed());
/// ```
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    threads: Mutex<Vec<usize>>,
    /// Invariant, as std's are: neither lifetime may be shortened.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.threads.lock().unwrap_or_else(|it| it.into_inner())
    }

    /// Starts a thread that may borrow. See [`scope`] and [`spawn`].
    ///
    /// ```
    /// use interleavings::{self, thread};
    ///
    /// let report = interleavings::all(|| {
    ///     let n = 5;
    ///     assert_eq!(thread::scope(|scope| scope.spawn(|| n + 1).join().unwrap()), 6);
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn spawn<T: Send + 'scope>(
        &'scope self,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        self.start(None, work)
    }

    /// Starts a thread with a name. See [`spawn_named`].
    ///
    /// ```
    /// use interleavings::{self, thread};
    ///
    /// let report = interleavings::all(|| {
    ///     thread::scope(|scope| { scope.spawn_named("left", || panic!("no")); })
    /// });
    /// assert_eq!(report.failure().unwrap().thread(), Some("left"));
    /// ```
    pub fn spawn_named<T: Send + 'scope>(
        &'scope self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        self.start(Some(name.to_string()), work)
    }

    fn start<T: Send + 'scope>(
        &'scope self,
        name: Option<String>,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let work: Box<dyn FnOnce() + 'scope> = Box::new(move || put(&place, work()));
        // SAFETY: only the lifetime changes. `scope` does not return before the thread has come to
        // its end, and if it panics no explored thread runs any more: the world has a verdict from
        // the panic's hook on, stacks that are left are never resumed, and functions that never
        // ran are forgotten (`Search::judge`).
        let work =
            unsafe { std::mem::transmute::<Box<dyn FnOnce() + 'scope>, Box<dyn FnOnce()>>(work) };
        let thread = with(|world| world.add_thread(name, Some(work)));
        self.list().push(thread);
        ScopedJoinHandle {
            thread,
            result,
            scope: PhantomData,
        }
    }
}

/// A thread of a [`scope`] that can be waited for.
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     let n = thread::scope(|scope| scope.spawn(|| 1).join().unwrap());
///     assert_eq!(n, 1);
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    thread: usize,
    result: Arc<Mutex<Option<T>>>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for its end. See [`JoinHandle::join`].
    ///
    /// # Errors
    ///
    /// None that a program sees.
    ///
    /// ```
    /// use interleavings::{self, thread};
    ///
    /// assert!(interleavings::all(|| thread::scope(|s| s.spawn(|| ()).join().unwrap())).passed());
    /// ```
    pub fn join(self) -> std::thread::Result<T> {
        join(self.thread);
        get(&self.result)
    }
}

/// Lets others go first: the caller is not chosen again until another thread has taken a step,
/// unless no other can.
///
/// A loop that waits for another thread needs it (or [`hint::spin_loop`](super::hint::spin_loop)):
/// without it there are schedules in which the loop goes round for ever.
///
/// ```
/// use interleavings::{self, sync::atomic::{AtomicBool, Ordering::SeqCst}, thread};
///
/// let report = interleavings::all(|| {
///     let ready = AtomicBool::new(false);
///     thread::scope(|scope| {
///         scope.spawn(|| while !ready.load(SeqCst) { thread::yield_now() });
///         scope.spawn(|| ready.store(true, SeqCst));
///     });
/// });
/// assert!(report.passed());
/// ```
#[inline(never)]
pub fn yield_now() {
    with(|world| {
        let thread = &mut world.threads[world.now];
        thread.yielded = true;
        world.memory.yielded(&mut thread.sight);
    });
}

/// Does what [`yield_now`] does. There is no time in an explored program: whatever may happen
/// during a sleep is tried, and so is what may happen before and after.
///
/// ```
/// use std::time::Duration;
/// use interleavings::{self, thread};
///
/// assert!(interleavings::all(|| thread::sleep(Duration::from_secs(3600))).passed());
/// ```
pub fn sleep(_time: Duration) {
    yield_now();
}

/// Ends the execution with this as the reason.
pub(super) fn unfit(why: &str) {
    with(|world| world.verdict = Some(Verdict::Unfit(why.to_string())));
    super::world::switch();
}
