//! A condition variable of an explored program.

use std::fmt;

use super::lock::took;
use super::mutex::{MutexGuard, let_go};
use crate::id::{Id, make};
use crate::object::{Kind, Op};
use crate::state::State;
use crate::world::{point, with};
use std::sync::LockResult;

/// `std::sync::Condvar` of an explored program.
///
/// To begin to wait is a step, so is each notification, and so is it to take the mutex again
/// afterwards. If several wait, every one of them is tried as the one that `notify_one` wakes.
/// Nobody wakes without a notification: a program that is right only because of a
/// *spurious* wake-up, or wrong only with one, is not told apart.
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
    #[expect(clippy::new_without_default, reason = "it belongs to an execution")]
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
    pub fn wait<'a, T: fmt::Debug>(
        &self,
        guard: MutexGuard<'a, T>,
    ) -> LockResult<MutexGuard<'a, T>> {
        let (id, value) = (guard.id(), crate::id::text(&*guard));
        let mutex = guard.into_mutex();
        wait(self.id, id, value);
        Ok(MutexGuard::again(mutex))
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
    pub fn wait_while<'a, T: fmt::Debug>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Wakes one that waits, if any does: which one is a choice of the search.
    ///
    /// ```
    /// use interleavings::{self, sync::Condvar};
    ///
    /// assert!(interleavings::all(|| Condvar::new().notify_one()).passed());
    /// ```
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
    pub fn notify_all(&self) {
        notify(self.id, true);
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condvar").field(&self.id.name()).finish()
    }
}

#[inline(never)]
fn wait(condvar: Id, mutex: Id, value: Option<String>) {
    let (condvar, place) = with(|world| (condvar.of(world), mutex.of(world)));
    point(Op::Free);
    let_go_at_once(condvar, place, mutex, value);
    // Whoever notifies puts it before the lock.
    point(Op::Notified {
        condvar,
        mutex: place,
    });
    with(|world| {
        let now = world.now;
        if let Kind::Mutex { holder } = &mut world.objects[place].kind {
            *holder = Some(now);
        }
        took(world, place, "lock");
    });
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
        std::mem::take(&mut world.unlocks)
    });
    // Beginning to wait and unlocking are one step.
    let_go(mutex, value);
    with(|world| world.unlocks = unlocks);
}

#[inline(never)]
fn notify(id: Id, all: bool) {
    let place = with(|world| id.of(world));
    point(Op::Free);
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
