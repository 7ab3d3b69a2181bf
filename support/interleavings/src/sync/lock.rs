//! What taking and letting go have in common, whatever is taken.

use crate::id::Id;
use crate::object::Op;
use crate::world::{Verdict, World, point, switch, with, with_any};

/// Somebody tries a lock, or to receive: it matters to others when a lock is free again, or a sender
/// gone.
pub(super) fn tries() {
    let anew = with(|world| {
        let anew = !world.unlocks && world.verdict.is_none();
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
pub(super) fn free(id: Id, value: Option<String>, letting: impl FnOnce(&mut World, usize)) {
    let step = with_any(|world| world.unlocks && id.still(world).is_some());
    if step == Some(true) && !std::thread::panicking() {
        point(Op::Free);
    }
    with_any(|world| {
        if let Some(place) = id.still(world) {
            if step == Some(true) {
                world.did(|world| format!("unlock {}", world.objects[place].name));
            }
            letting(world, place);
            let (now, steps) = (world.now, world.steps);
            let view = world.view().clone();
            let object = &mut world.objects[place];
            object.view.join(&view);
            if value.is_some() {
                object.value = value;
            }
            if let Some(record) = &mut world.record {
                // An unlocking that is a step belongs to the time without the lock.
                let step = if step == Some(true) {
                    steps.saturating_sub(1)
                } else {
                    steps
                };
                record.let_go(now, step, &object.name);
            }
        }
    });
}

/// Takes a lock: the caller has been chosen, so it is free (or nobody else runs any more).
pub(super) fn took(world: &mut World, place: usize, how: &str) {
    let view = world.objects[place].view.clone();
    world.learn(&view);
    world.did(|world| format!("{how} {}", world.objects[place].name));
    let (now, step) = (world.now, world.steps);
    if let Some(record) = &mut world.record {
        record.took(now, step, &world.objects[place].name);
    }
}

/// A lock that somebody tried in vain.
pub(super) fn refused(world: &mut World, place: usize, how: &str) {
    world.did(|world| format!("{how} {}: taken", world.objects[place].name));
}
