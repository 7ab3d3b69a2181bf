//! One schedule for all that differ only in the order of steps that do not concern each other.
//!
//! Sleep sets (Godefroid, 1996): once everything that begins with a step of one thread was tried, the
//! same step need not be tried after steps that have nothing to do with it. An execution in which
//! nothing else is left to do is like one that was tried; it runs to its end, since a stack that is
//! left can never be freed, and does not count.
//!
//! How many schedules one stands for is the number of orders in which its steps can be put without
//! changing the order of any two that concern each other.

use std::sync::atomic::Ordering;

use super::chunks::{Chunk, Touched};
use super::object::{Kind, Object, Op};
use super::state::State;
use super::world::World;

/// A thread's token, by which it is unparked, is an object, too.
fn token(thread: usize) -> usize {
    usize::MAX - thread
}

/// The objects that an operation of this thread has to do with, and whether it may change them.
fn objects(world: &World, thread: usize, op: Op) -> [Option<(usize, bool)>; 2] {
    match op {
        Op::Load(object, order) => {
            let changes = match world.objects[object].kind {
                Kind::Atomic { place, .. } => !world.memory.is_agreed(place),
                _ => false,
            };
            [Some((object, order == Ordering::SeqCst && changes)), None]
        }
        Op::Read(object) => [Some((object, false)), None],
        Op::Select(both) => both.map(|object| Some((object, true))),
        Op::Park => [Some((token(thread), true)), None],
        Op::Unpark(other) => [Some((token(other), true)), None],
        _ => [op.object().map(|object| (object, true)), None],
    }
}

fn is_atomic(objects: &[Object], op: Op) -> bool {
    let object = op.object().and_then(|object| objects.get(object));
    object.is_some_and(|object| matches!(object.kind, Kind::Atomic { .. }))
}

impl World {
    /// What was done now has to do with this object.
    pub fn touch(&mut self, object: usize, changes: bool) {
        if let Some(reduction) = &mut self.reduction {
            reduction.now.touch(object, changes);
        }
    }

    /// The next step of this thread could not have been without this one.
    pub fn depends(&mut self, thread: usize, step: usize) {
        if self.reduction.is_some() {
            self.threads[thread].since.push(step);
        }
    }

    /// Of those who are ready the ones whose next chunk was not tried already.
    pub fn awake(&mut self, ready: Vec<usize>) -> Vec<usize> {
        self.end_chunk();
        let Some(reduction) = &mut self.reduction else {
            return ready;
        };
        if let Some(last) = reduction.chunks.last() {
            reduction
                .asleep
                .retain(|(_, its)| !its.meets(&last.touched));
        }
        let asleep = &reduction.asleep;
        let awake = ready.iter().copied();
        let awake = awake.filter(|thread| asleep.iter().all(|(other, _)| other != thread));
        let awake: Vec<usize> = awake.collect();
        reduction.redundant |= awake.is_empty();
        if reduction.redundant { ready } else { awake }
    }

    /// A thread takes its step, of these whose steps it could be; those before it were tried already.
    pub fn begin_chunk(&mut self, awake: &[usize], place: usize) {
        let thread = awake[place];
        let State::Before(op) = self.threads[thread].state else {
            return;
        };
        let Some(mut reduction) = self.reduction.take() else {
            return;
        };
        let choice = (awake.len() > 1 && !reduction.redundant)
            .then(|| self.chooser.place())
            .flatten();
        if choice.is_some() {
            let tried = self.chooser.tried().iter().cloned();
            reduction
                .asleep
                .extend(awake[..place].iter().copied().zip(tried));
        }
        reduction.asleep.retain(|(other, _)| *other != thread);
        reduction.chunks.push(Chunk {
            thread,
            since: std::mem::take(&mut self.threads[thread].since),
            touched: Touched::default(),
            choice,
        });
        reduction.now = Touched {
            objects: Vec::new(),
            atomics: is_atomic(&self.objects, op),
            fence: op == Op::Fence,
        };
        for (object, changes) in objects(self, thread, op).into_iter().flatten() {
            reduction.now.touch(object, changes);
        }
        self.reduction = Some(reduction);
    }

    /// The next choice is reached, or the end.
    pub fn end_chunk(&mut self) {
        if let Some(reduction) = &mut self.reduction
            && let Some(last) = reduction.chunks.last_mut()
        {
            last.touched.join(&std::mem::take(&mut reduction.now));
            if let Some(choice) = last.choice {
                self.chooser.note(choice, &last.touched);
            }
        }
    }

    /// How many schedules this execution stands for; none if it would take too long to count them.
    pub fn stands_for(&self) -> Option<u128> {
        self.reduction.as_ref()?.count(self.threads.len())
    }
}
