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

use std::any::Any;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::object::Op;
use super::verdict::{Fault, Verdict};
use super::world::{World, point, with, with_any};

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

    /// Starts it in a [`scope`]. See [`Builder`].
    ///
    /// # Errors
    ///
    /// None; the type is std's.
    ///
    /// ```
    /// use interleavings::{self, thread::{self, Builder}};
    ///
    /// let report = interleavings::all(|| thread::scope(|scope| {
    ///     let left = Builder::new().name("left".to_string());
    ///     left.spawn_scoped(scope, || panic!("no")).unwrap();
    /// }));
    /// assert_eq!(report.failure().unwrap().thread(), Some("left"));
    /// ```
    pub fn spawn_scoped<'scope, T: Send + 'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> std::io::Result<ScopedJoinHandle<'scope, T>> {
        Ok(scope.start(self.name, work))
    }
}

fn start<T: 'static>(name: Option<String>, work: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    let (work, result) = boxed(work);
    begin(name, work, result, ())
}

type Place<T> = Arc<Mutex<Option<T>>>;

fn boxed<'a, T: 'a>(work: impl FnOnce() -> T + 'a) -> (Box<dyn FnOnce() + 'a>, Place<T>) {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    (Box::new(move || put(&place, work())), result)
}

fn begin<T, S>(
    name: Option<String>,
    work: Box<dyn FnOnce()>,
    result: Place<T>,
    scope: S,
) -> JoinHandle<T, S> {
    JoinHandle {
        thread: with(|world| world.add_thread(name, Some(work))),
        result,
        scope,
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
pub struct JoinHandle<T, S = ()> {
    thread: usize,
    result: Place<T>,
    #[expect(dead_code, reason = "it keeps a scope's lifetime")]
    scope: S,
}

impl<T, S> JoinHandle<T, S> {
    /// The thread, by which it is unparked. See [`Thread`].
    pub fn thread(&self) -> Thread {
        Thread::of(self.thread)
    }

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
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        join(self.thread);
        get(&self.result)
    }
}

#[inline(never)]
#[track_caller]
fn join(thread: usize) {
    point(Op::Join(thread));
    with(|world| {
        let (view, ended) = {
            let thread = &world.threads[thread];
            (thread.sight.view.clone(), thread.ended)
        };
        world.learn(&view);
        world.depends(world.now, ended);
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
#[track_caller]
pub fn scope<'env, T>(work: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T) -> T {
    let scope = Scope {
        threads: Mutex::new(Vec::new()),
        scope: PhantomData,
        env: PhantomData,
    };
    // If it panics, the execution is over: no thread of the scope goes on, or begins. A panic that is
    // passed on by `resume_unwind` and caught outside is seen by no hook, so it is told here.
    let unwinding = Unwinding;
    let result = work(&scope);
    std::mem::forget(unwinding);
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

/// Dropped only where a scope is left by unwinding.
struct Unwinding;

impl Drop for Unwinding {
    fn drop(&mut self) {
        super::panic::unseen();
    }
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
        let (work, result) = boxed(work);
        // SAFETY: only the lifetime changes. `scope` does not return before the thread has come to
        // its end, and if it panics no explored thread runs any more: the world has a verdict from
        // the panic's hook on, stacks that are left are never resumed, and functions that never
        // ran are forgotten (`Search::judge`).
        let work =
            unsafe { std::mem::transmute::<Box<dyn FnOnce() + 'scope>, Box<dyn FnOnce()>>(work) };
        let handle = begin(name, work, result, PhantomData);
        self.list().push(handle.thread);
        handle
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
pub type ScopedJoinHandle<'scope, T> = JoinHandle<T, PhantomData<&'scope ()>>;

/// Says that the caller waits for others. It is no step, and orders nothing: the caller may go on at
/// once. But one that comes to the same place again and again, while others could go on and did not,
/// lets them go first at last: see [`Search::rounds`](super::Search::rounds).
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
#[track_caller]
pub fn yield_now() {
    let at = Location::caller();
    with(|world| world.yielded(at));
}

/// Does what [`yield_now`] does. There is no time in an explored program: whatever may happen during a
/// sleep is tried, and so is that nothing happens. Who sleeps knows nothing of others when it wakes.
///
/// ```
/// use std::time::Duration;
/// use interleavings::{self, sync::atomic::{AtomicBool, Ordering::SeqCst}, thread};
///
/// let report = interleavings::all(|| {
///     let ready = AtomicBool::new(false);
///     thread::scope(|scope| {
///         scope.spawn(|| ready.store(true, SeqCst));
///         thread::sleep(Duration::from_secs(3600));
///         assert!(ready.load(SeqCst), "an hour was not enough");
///     });
/// });
/// assert_eq!(report.failure().unwrap().message(), "an hour was not enough");
/// ```
#[track_caller]
pub fn sleep(_time: Duration) {
    yield_now();
}

/// Waits until somebody unparks the calling thread, if nobody has done so yet: a step. It knows then
/// what those knew.
///
/// It does not return without a reason unless the search is told to try that, too:
/// [`Search::spurious_wakeups`](super::Search::spurious_wakeups).
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     let main = thread::current();
///     thread::spawn(move || main.unpark());
///     thread::park();
/// });
/// assert!(report.passed());
/// let report = interleavings::all(|| thread::park());
/// let message = report.failure().unwrap().message().to_string();
/// assert_eq!(message, "deadlock: main waits for somebody to unpark it, and nobody is left to do so");
/// ```
#[inline(never)]
#[track_caller]
pub fn park() {
    point(Op::Park);
    wake("park", |world| {
        let thread = &mut world.threads[world.now];
        thread.spurious = thread.spurious.saturating_sub(1);
        ": wakes for no reason"
    });
}

/// Takes the caller's token, or says why it goes on without.
fn wake(how: &str, without: impl FnOnce(&mut World) -> &'static str) {
    with(|world| {
        let thread = &mut world.threads[world.now];
        let why = if std::mem::take(&mut thread.token) {
            let view = std::mem::take(&mut thread.token_view);
            world.learn(&view);
            ""
        } else {
            without(world)
        };
        world.did(|_| format!("{how}{why}"));
    });
}

/// [`park`] with a limit, which is over at any moment.
///
/// ```
/// use std::time::Duration;
/// use interleavings::{self, thread};
///
/// assert!(interleavings::all(|| thread::park_timeout(Duration::from_secs(1))).passed());
/// ```
#[inline(never)]
#[track_caller]
pub fn park_timeout(_limit: Duration) {
    let at = Location::caller();
    point(Op::Unpark(with(|world| world.now)));
    wake("park_timeout", |world| {
        world.yielded(at);
        ": the time is over"
    });
}

/// A thread of an explored program, by which others wake it: `std::thread::Thread`.
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     let sleeper = thread::spawn_named("sleeper", || thread::park());
///     assert_eq!(sleeper.thread().name(), Some("sleeper".to_string()));
///     sleeper.thread().unpark();
///     sleeper.join().unwrap();
/// });
/// assert!(report.passed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    run: u64,
    number: usize,
}

impl Thread {
    fn of(number: usize) -> Thread {
        let run = with(|world| world.run);
        Thread { run, number }
    }

    /// Lets it go on from [`park`], now or when it comes there: a step. It then knows what the caller
    /// knows. See [`Thread`].
    ///
    /// # Panics
    ///
    /// Outside of the execution that it is of.
    #[inline(never)]
    #[track_caller]
    pub fn unpark(&self) {
        let is_of = with(|world| world.run == self.run);
        assert!(is_of, "a thread of another execution was unparked");
        point(Op::Unpark(self.number));
        with(|world| {
            let view = world.view().clone();
            let thread = &mut world.threads[self.number];
            thread.token = true;
            thread.token_view.join(&view);
            world.did(|world| format!("unpark {}", world.threads[self.number].name));
        });
    }

    /// Its name. See [`Thread`].
    pub fn name(&self) -> Option<String> {
        let name = |world: &mut World| {
            let is_of = world.run == self.run;
            is_of.then(|| world.threads[self.number].name.clone())
        };
        with_any(name).flatten()
    }
}

/// The thread that runs. See [`Thread`].
///
/// ```
/// use interleavings::{self, thread};
///
/// let report = interleavings::all(|| {
///     assert_eq!(thread::current().name().as_deref(), Some("main"));
/// });
/// assert!(report.passed());
/// ```
pub fn current() -> Thread {
    Thread::of(with(|world| world.now))
}

/// A value that each explored thread has for itself: what
/// [`thread_local!`](crate::thread_local) declares.
#[derive(Debug)]
pub struct LocalKey<T: 'static> {
    init: fn() -> T,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> LocalKey<T> {
        LocalKey { init }
    }

    /// The calling thread's value, made at its first use and dropped at the thread's end.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use interleavings::{self, thread};
    ///
    /// interleavings::thread_local! { static COUNT: Cell<u32> = Cell::new(0) }
    ///
    /// let report = interleavings::all(|| {
    ///     COUNT.with(|count| count.set(5));
    ///     let other = thread::spawn(|| COUNT.with(Cell::get)).join().unwrap();
    ///     assert_eq!((COUNT.with(Cell::get), other), (5, 0));
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn with<R>(&'static self, work: impl FnOnce(&T) -> R) -> R {
        let key = std::ptr::from_ref(self) as usize;
        let found = with(|world| {
            let mut locals = world.threads[world.now].locals.iter();
            let own = locals.find(|(other, _)| *other == key);
            own.map(|(_, value)| Rc::clone(value))
        });
        let value = found.unwrap_or_else(|| {
            let value: Rc<dyn Any> = Rc::new((self.init)());
            let own = Rc::clone(&value);
            with(|world| world.threads[world.now].locals.push((key, own)));
            value
        });
        work(value.downcast_ref().expect("a key has one type"))
    }
}

/// `std::thread_local!` of an explored program: a value that each explored thread has for itself. std's
/// own would be one for all of them, since they share one thread of the system.
///
/// See [`LocalKey::with`](crate::thread::LocalKey::with).
///
/// ```
/// use interleavings::{self, thread};
///
/// interleavings::thread_local! {
///     static NAME: String = "nobody".to_string();
/// }
/// assert!(interleavings::all(|| NAME.with(|name| assert_eq!(name, "nobody"))).passed());
/// ```
#[macro_export]
macro_rules! thread_local {
    ($($(#[$meta:meta])* $seen:vis static $name:ident: $type:ty = $init:expr);+ $(;)?) => {
        $($(#[$meta])* $seen static $name: $crate::thread::LocalKey<$type> =
            $crate::thread::LocalKey::new(|| $init);)+
    };
}

/// Ends the execution with this as the reason.
pub(super) fn unfit(why: &str) {
    with(|world| world.verdict = Some(Verdict::Failed(Fault::unfit(why.to_string()))));
    super::world::switch();
}
