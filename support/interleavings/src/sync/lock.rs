//! What a mutex and a read-write lock have in common: a mutex is one that nobody takes for reading.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{TryLockError, TryLockResult};

use crate::id::{Id, text};
use crate::memory::View;
use crate::object::{Kind, Op};
use crate::value::Value;
use crate::verdict::Verdict;
use crate::world::{World, point, switch, with, with_any};

/// A lock that nobody holds.
pub(super) fn kind(noun: &'static str) -> Kind {
    Kind::Lock {
        noun,
        writer: None,
        readers: Vec::new(),
        read: View::default(),
    }
}

/// A lock that is held, by one of std's guards; dropped, it lets go.
#[must_use = "the lock is held until the guard is dropped: bind it to a name"]
pub struct Guard<L, G: Deref<Target: Value + Sized>> {
    id: Id,
    /// What a condition variable needs to take it again.
    lock: L,
    /// None where a condition variable has taken it.
    value: Option<G>,
}

impl<L: Copy, G: Deref<Target: Value + Sized>> Guard<L, G> {
    /// The guard of a lock that the world has just given to the caller: std's is free, too.
    pub(super) fn new(id: Id, lock: L, value: TryLockResult<G>) -> Guard<L, G> {
        let value = Some(match value {
            Ok(guard) => guard,
            // A panic ends the execution: nobody else comes to see what it left.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => never(),
        });
        Guard { id, lock, value }
    }

    /// Gives up std's without telling the world: for a condition variable, which does so itself.
    pub(super) fn part(self) -> (Id, Option<String>, L) {
        let value = text(&*self);
        let mut guard = ManuallyDrop::new(self);
        guard.value = None;
        (guard.id, value, guard.lock)
    }
}

const HELD: &str = "only a guard that is no more has none";

impl<L, G: Deref<Target: Value + Sized>> Deref for Guard<L, G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        self.value.as_ref().expect(HELD)
    }
}

impl<L, G: DerefMut<Target: Value + Sized>> DerefMut for Guard<L, G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        self.value.as_mut().expect(HELD)
    }
}

impl<L, G: Deref<Target: Value + fmt::Debug + Sized>> fmt::Debug for Guard<L, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<L, G: Deref<Target: Value + Sized>> Drop for Guard<L, G> {
    fn drop(&mut self) {
        let_go(self.id, text(&**self));
    }
}

/// Somebody tries a lock, or to receive: it matters to others when a lock is free again, or a sender
/// gone.
pub(super) fn tries() {
    let anew = with(|world| {
        let anew = !world.rules.unlocks && world.verdict.is_none();
        if anew {
            world.verdict = Some(Verdict::Anew);
        }
        anew
    });
    if anew && !std::thread::panicking() {
        switch();
    }
}

/// Waits until the lock is free for the operation, and takes it.
#[inline(never)]
#[track_caller]
pub(super) fn take(id: Id, op: fn(usize) -> Op, how: &str) {
    // Before the wait: of another execution's lock nothing is known here.
    let op = op(with(|world| id.of(world)));
    point(op);
    taken(op, how);
}

/// The caller was let go on: it holds the lock now.
pub(super) fn taken(op: Op, how: &str) {
    if !with(|world| enter(world, op, how)) {
        never();
    }
}

/// Takes the lock if it is free for the operation.
#[inline(never)]
#[track_caller]
pub(super) fn try_take(id: Id, op: fn(usize) -> Op, how: &str) -> bool {
    let place = with(|world| id.of(world));
    tries();
    point(Op::Change(place));
    with(|world| {
        let enters = enter(world, op(place), how);
        if !enters {
            world.did(|world| format!("{how} {}: taken", world.objects[place].name));
        }
        enters
    })
}

fn enter(world: &mut World, op: Op, how: &str) -> bool {
    let (now, step) = (world.now, world.steps);
    let place = op.object().unwrap_or_default();
    let object = &mut world.objects[place];
    let is_free = object.admits(op);
    if let Kind::Lock {
        writer,
        readers,
        read,
        ..
    } = &mut object.kind
        && is_free
    {
        let (mut view, freed) = (object.view.clone(), object.freed);
        match op {
            Op::Read(_) => readers.push(now),
            _ => {
                *writer = Some(now);
                view.join(read);
            }
        }
        world.learn(&view);
        world.did(|world| format!("{how} {}", world.objects[place].name));
        world.did_follow(freed);
        if let Some(record) = &mut world.record {
            record.took(now, step, &world.objects[place].name);
        }
    }
    is_free
}

/// Lets go of a lock. Does nothing for a guard that outlives its execution.
#[inline(never)]
pub(super) fn let_go(id: Id, value: Option<String>) {
    let step = with_any(|world| id.still(world).filter(|_| world.rules.unlocks)).flatten();
    if let Some(place) = step
        && !std::thread::panicking()
    {
        point(Op::Change(place));
    }
    let step = step.is_some();
    with_any(|world| {
        let Some(place) = id.still(world) else {
            return;
        };
        if step {
            world.did(|world| format!("unlock {}", world.objects[place].name));
        }
        let (now, steps) = (world.now, world.steps);
        let view = world.view().clone();
        let object = &mut world.objects[place];
        let Kind::Lock {
            writer,
            readers,
            read,
            ..
        } = &mut object.kind
        else {
            return;
        };
        let own = readers.iter().position(|reader| *reader == now);
        if let Some(own) = own {
            // Read while others may: a writer has to know.
            readers.remove(own);
            read.join(&view);
        } else {
            *writer = None;
            object.view.join(&view);
        }
        object.freed = steps;
        object.value = value.or(object.value.take());
        if let Some(record) = &mut world.record {
            // An unlocking that is a step belongs to the time without the lock.
            let step = if step { steps.saturating_sub(1) } else { steps };
            record.let_go(now, step, &object.name);
        }
        world.touch(place, own.is_none());
    });
}

/// Somebody who unwinds a panic takes a lock that another thread holds. Nobody else goes on after a
/// panic, so it never comes free; and to take it all the same would give two threads what is one's.
pub(super) fn never() -> ! {
    with(|world| world.settle());
    loop {
        switch();
    }
}
