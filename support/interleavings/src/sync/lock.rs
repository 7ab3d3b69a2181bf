//! What taking and letting go have in common, whatever is taken.

use std::sync::{TryLockError, TryLockResult};

use crate::id::Id;
use crate::object::{Kind, Object, Op};
use crate::world::{Verdict, World, point, switch, with, with_any};

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

/// Lets go of a lock. Does nothing for a guard that outlives its execution.
pub(super) fn free(id: Id, value: Option<String>, letting: impl FnOnce(&mut Object, usize)) {
    let step = with_any(|world| id.still(world).filter(|_| world.rules.unlocks)).flatten();
    if let Some(place) = step
        && !std::thread::panicking()
    {
        point(Op::Change(place));
    }
    let step = step.is_some();
    with_any(|world| {
        if let Some(place) = id.still(world) {
            if step {
                world.did(|world| format!("unlock {}", world.objects[place].name));
            }
            let (now, steps) = (world.now, world.steps);
            let view = world.view().clone();
            let object = &mut world.objects[place];
            let changes = match &mut object.kind {
                // Read while others may: a writer has to know.
                Kind::RwLock { writer, read, .. } if *writer != Some(now) => {
                    read.join(&view);
                    false
                }
                _ => {
                    object.view.join(&view);
                    true
                }
            };
            object.freed = steps;
            letting(object, now);
            if value.is_some() {
                object.value = value;
            }
            if let Some(record) = &mut world.record {
                // An unlocking that is a step belongs to the time without the lock.
                let step = if step { steps.saturating_sub(1) } else { steps };
                record.let_go(now, step, &object.name);
            }
            world.touch(place, changes);
        }
    });
}

/// Takes a lock: the caller has been chosen, so it is free (or nobody else runs any more).
pub(super) fn took(world: &mut World, place: usize, how: &str) {
    let object = &world.objects[place];
    let (view, freed) = (object.view.clone(), object.freed);
    world.learn(&view);
    if let Kind::RwLock {
        writer: Some(_),
        read,
        ..
    } = &world.objects[place].kind
    {
        let read = read.clone();
        world.learn(&read);
    }
    world.did(|world| format!("{how} {}", world.objects[place].name));
    world.did_follow(freed);
    let (now, step) = (world.now, world.steps);
    if let Some(record) = &mut world.record {
        record.took(now, step, &world.objects[place].name);
    }
}

/// A lock that somebody tried in vain.
pub(super) fn refused(world: &mut World, place: usize, how: &str) {
    world.did(|world| format!("{how} {}: taken", world.objects[place].name));
}

/// Somebody who unwinds a panic takes a lock that another thread holds. Nobody else goes on after a
/// panic, so it never comes free; and to take it all the same would give two threads what is one's.
pub(super) fn never() -> ! {
    with(|world| world.settle());
    loop {
        switch();
    }
}

/// The lock of std's that keeps the value of one that the world has just given to the caller.
pub(super) fn free_now<G>(taken: TryLockResult<G>) -> G {
    match taken {
        Ok(guard) => guard,
        // A panic ends the execution: nobody else comes to see what it left.
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => never(),
    }
}
