//! A condition variable of an explored program.

use std::panic::Location;

use super::lock::{let_go, taken};
use super::mutex::MutexGuard;
use crate::id::{Id, debug_by_name, make};
use crate::object::{Kind, Op};
use crate::state::State;
use crate::value::Value;
use crate::world::{point, with};
use std::sync::LockResult;
use std::time::Duration;

/// `std::sync::Condvar` of an explored program.
///
/// To begin to wait is a step, so is each notification, and so is it to take the mutex again
/// afterwards. If several wait, every one of them is tried as the one that `notify_one` wakes.
/// Nobody wakes without a notification (a *spurious* wake-up) unless the search is told to try that, too:
/// [`Search::spurious_wakeups`](crate::Search::spurious_wakeups).
///
/// ```
/// use interleavings::{self, sync::{Condvar, Mutex}, thread};
///
/// let report = interleavings::all(|| {
///     let (ready, changed) = (Mutex::new(false), Condvar::new());
///     thread::scope(|scope| {
///         scope.spawn(|| {
///             let guard = ready.lock().unwrap();
///             drop(changed.wait_while(guard, |ready| !*ready).unwrap());
///         });
///         scope.spawn(|| {
///             *ready.lock().unwrap() = true;
///             changed.notify_one();
///         });
///     });
/// });
/// assert!(report.passed());
/// ```
pub struct Condvar {
    id: Id,
}

impl Condvar {
    /// One that is called "Condvar 1" and so on.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use interleavings::{self, sync::Condvar};
    ///
    /// assert!(interleavings::all(|| drop(Condvar::new())).passed());
    /// ```
    #[track_caller]
    pub fn new() -> Condvar {
        let waiting = Vec::new();
        Condvar {
            id: make(Kind::Condvar { waiting }, None, None),
        }
    }

    /// One that reports call by this name. Panics as [`Condvar::new`].
    ///
    /// ```
    /// use interleavings::{self, sync::Condvar};
    ///
    /// assert!(interleavings::all(|| Condvar::named("ready").notify_all()).passed());
    /// ```
    #[track_caller]
    pub fn named(name: &str) -> Condvar {
        let waiting = Vec::new();
        Condvar {
            id: make(Kind::Condvar { waiting }, Some(name), None),
        }
    }

    /// Lets go of the mutex and waits for a notification, in one; then takes the mutex again.
    ///
    /// # Errors
    ///
    /// None: the mutex is never poisoned.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, sync::{Condvar, Mutex}};
    ///
    /// let report = interleavings::all(|| {
    ///     let (mutex, ready) = (Mutex::new(()), Condvar::named("ready"));
    ///     drop(ready.wait(mutex.lock().unwrap()).unwrap());
    /// });
    /// let message = report.failure().unwrap().message().to_string();
    /// assert!(message.ends_with("`ready` (a Condvar) and nobody is left to notify it"));
    /// ```
    #[track_caller]
    pub fn wait<'a, T: Value>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        Ok(self.waited(guard, false).0)
    }

    /// [`Condvar::wait`] with a limit. There is no time in an explored program: it is over at any
    /// moment, before a notification or never.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use std::time::Duration;
    /// use interleavings::{self, sync::{Condvar, Mutex}};
    ///
    /// let report = interleavings::all(|| {
    ///     let (mutex, ready) = (Mutex::new(()), Condvar::new());
    ///     let guard = mutex.lock().unwrap();
    ///     let (_guard, result) = ready.wait_timeout(guard, Duration::from_secs(1)).unwrap();
    ///     assert!(result.timed_out(), "nobody notifies");
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn wait_timeout<'a, T: Value>(
        &self,
        guard: MutexGuard<'a, T>,
        _limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, notified) = self.waited(guard, true);
        Ok((guard, WaitTimeoutResult(!notified)))
    }

    #[track_caller]
    fn waited<'a, T: Value>(
        &self,
        guard: MutexGuard<'a, T>,
        timed: bool,
    ) -> (MutexGuard<'a, T>, bool) {
        let (id, value, mutex) = guard.part();
        let notified = wait(self.id, id, value, timed);
        (mutex.guard(), notified)
    }

    /// Waits as long as the condition holds: [`Condvar::wait`] in a loop.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use interleavings::{self, sync::{Condvar, Mutex}};
    ///
    /// let report = interleavings::all(|| {
    ///     let (mutex, ready) = (Mutex::new(true), Condvar::new());
    ///     drop(ready.wait_while(mutex.lock().unwrap(), |ready| !*ready).unwrap());
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn wait_while<'a, T: Value>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits as long as the condition holds, with a limit: [`Condvar::wait_timeout`] in a loop, until one
    /// of its waits is over.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use std::time::Duration;
    /// use interleavings::{self, sync::{Condvar, Mutex}};
    ///
    /// let report = interleavings::all(|| {
    ///     let (mutex, ready) = (Mutex::new(true), Condvar::new());
    ///     let (guard, second) = (mutex.lock().unwrap(), Duration::from_secs(1));
    ///     let (guard, result) = ready.wait_timeout_while(guard, second, |waits| *waits).unwrap();
    ///     assert!(*guard && result.timed_out(), "nobody notifies");
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn wait_timeout_while<'a, T: Value>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let mut over = false;
        while condition(&mut *guard) && !over {
            let (again, result) = self.wait_timeout(guard, limit)?;
            (guard, over) = (again, result.timed_out());
        }
        let timed_out = over && condition(&mut *guard);
        Ok((guard, WaitTimeoutResult(timed_out)))
    }

    /// Wakes one that waits, if any does: which one is a choice of the search.
    ///
    /// ```
    /// use interleavings::{self, sync::Condvar};
    ///
    /// assert!(interleavings::all(|| Condvar::new().notify_one()).passed());
    /// ```
    #[track_caller]
    pub fn notify_one(&self) {
        notify(self.id, false);
    }

    /// Wakes all that wait.
    ///
    /// ```
    /// use interleavings::{self, sync::Condvar};
    ///
    /// assert!(interleavings::all(|| Condvar::new().notify_all()).passed());
    /// ```
    #[track_caller]
    pub fn notify_all(&self) {
        notify(self.id, true);
    }
}

/// Whether a [`Condvar::wait_timeout`] went on because the time was over.
///
/// ```
/// use std::time::Duration;
/// use interleavings::{self, sync::{Condvar, Mutex, WaitTimeoutResult}};
///
/// let report = interleavings::all(|| {
///     let mutex = Mutex::new(());
///     let waited = Condvar::new().wait_timeout(mutex.lock().unwrap(), Duration::ZERO);
///     let over: WaitTimeoutResult = waited.unwrap().1;
///     assert!(over.timed_out());
/// });
/// assert!(report.passed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over. See [`WaitTimeoutResult`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use interleavings::{self, sync::{Condvar, Mutex}};
    /// # let report = interleavings::all(|| {
    /// #     let mutex = Mutex::new(());
    /// #     let waited = Condvar::new().wait_timeout(mutex.lock().unwrap(), Duration::ZERO);
    /// assert!(waited.unwrap().1.timed_out());
    /// # });
    /// # assert!(report.passed());
    /// ```
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Condvar {
        Condvar::new()
    }
}

debug_by_name!(Condvar);

/// Waits; false if it goes on without having been notified.
#[inline(never)]
#[track_caller]
fn wait(condvar: Id, mutex: Id, value: Option<String>, timed: bool) -> bool {
    let at = Location::caller();
    let (condvar, place) = with(|world| (condvar.of(world), mutex.of(world)));
    point(Op::Change(condvar));
    let_go_at_once(condvar, place, mutex, value);
    // Whoever notifies puts it before the lock.
    point(Op::Notified {
        condvar,
        mutex: place,
        timed,
    });
    let notified = with(|world| {
        let now = world.now;
        let Kind::Condvar { waiting } = &mut world.objects[condvar].kind else {
            return true;
        };
        let Some(own) = waiting.iter().position(|thread| *thread == now) else {
            return true;
        };
        waiting.remove(own);
        let why = if timed {
            world.yielded(at);
            "the time is over"
        } else {
            let left = &mut world.threads[now].spurious;
            *left = left.saturating_sub(1);
            "for no reason"
        };
        world.did(|world| format!("wake from {}: {why}", world.objects[condvar].name));
        false
    });
    if !notified {
        point(Op::Lock(place));
    }
    taken(Op::Lock(place), "lock");
    notified
}

fn let_go_at_once(condvar: usize, place: usize, mutex: Id, value: Option<String>) {
    let unlocks = with(|world| {
        world.did_so(|world| {
            let (condvar, mutex) = (&world.objects[condvar], &world.objects[place]);
            (
                format!("wait {}", condvar.name),
                format!(" (unlocks {})", mutex.name),
            )
        });
        let now = world.now;
        if let Kind::Condvar { waiting } = &mut world.objects[condvar].kind {
            waiting.push(now);
        }
        std::mem::take(&mut world.rules.unlocks)
    });
    // Beginning to wait and unlocking are one step.
    let_go(mutex, value);
    with(|world| world.rules.unlocks = unlocks);
}

#[inline(never)]
#[track_caller]
fn notify(id: Id, all: bool) {
    let place = with(|world| id.of(world));
    point(Op::Change(place));
    with(|world| {
        let Kind::Condvar { waiting } = &mut world.objects[place].kind else {
            return;
        };
        let mut woken = std::mem::take(waiting);
        if !all && woken.len() > 1 {
            let pick = world.pick(woken.len());
            let one = woken.remove(pick);
            if let Kind::Condvar { waiting } = &mut world.objects[place].kind {
                *waiting = woken;
            }
            woken = vec![one];
        }
        for thread in &woken {
            if let State::Before(Op::Notified { mutex, .. }) = world.threads[*thread].state {
                world.threads[*thread].state = State::Before(Op::Lock(mutex));
                world.depends(*thread, world.steps);
            }
        }
        world.did_so(|world| {
            let how = if all { "notify_all" } else { "notify_one" };
            let names: Vec<&str> = woken.iter().map(|it| &*world.threads[*it].name).collect();
            let whom = match names.len() {
                0 => "nobody waits".to_string(),
                _ => format!("wakes {}", names.join(", ")),
            };
            (
                format!("{how} {}", world.objects[place].name),
                format!(": {whom}"),
            )
        });
    });
}
