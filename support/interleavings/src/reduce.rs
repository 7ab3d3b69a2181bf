//! One schedule for all that differ only in the order of steps that do not concern each other.
//!
//! Sleep sets (Godefroid, 1996): once everything that begins with a step of one thread was tried, the
//! same step need not be tried after steps that have nothing to do with it. An execution in which
//! nothing else is left to do is like one that was tried; it runs to its end, since a stack that is
//! left can never be freed, and does not count.
//!
//! How many schedules one stands for is the number of orders in which its steps can be put without
//! changing the order of any two that concern each other.

use super::object::{Kind, Object, Op};
use super::state::State;
use super::world::World;
use std::sync::atomic::Ordering;

/// So many states of the counting are too many: it then gives up.
const MOST: usize = 1 << 16;

/// What the steps between two choices had to do with.
#[derive(Clone, Default)]
pub(super) struct Touched {
    /// Objects, and whether they were changed.
    objects: Vec<(usize, bool)>,
    atomics: bool,
    fence: bool,
}

/// A step, and all that follows it up to the next choice.
struct Chunk {
    thread: usize,
    /// The chunks without which it could not have been, counted from 1; 0 is the beginning.
    since: Vec<usize>,
    touched: Touched,
    /// The choice by which it is done, if there was one.
    choice: Option<usize>,
}

#[derive(Default)]
pub(super) struct Reduction {
    /// Threads whose next chunk was tried already, and what it had to do with.
    asleep: Vec<(usize, Touched)>,
    now: Touched,
    chunks: Vec<Chunk>,
    /// It is like an execution that was tried.
    pub redundant: bool,
}

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

impl Touched {
    fn concerns(&self, objects: [Option<(usize, bool)>; 2]) -> bool {
        let meets = |(object, changes): (usize, bool)| {
            let own = self.objects.iter();
            own.copied()
                .any(|(other, changed)| other == object && (changes || changed))
        };
        objects.into_iter().flatten().any(meets)
    }

    fn meets(&self, other: &Touched) -> bool {
        let objects = other.objects.iter();
        (self.fence && (other.fence || other.atomics))
            || (other.fence && self.atomics)
            || objects
                .copied()
                .any(|object| self.concerns([Some(object), None]))
    }

    pub fn join(&mut self, other: &Touched) {
        self.atomics |= other.atomics;
        self.fence |= other.fence;
        for (object, changes) in &other.objects {
            self.touch(*object, *changes);
        }
    }

    pub fn touch(&mut self, object: usize, changes: bool) {
        match self.objects.iter_mut().find(|(it, _)| *it == object) {
            Some((_, changed)) => *changed |= changes,
            None => self.objects.push((object, changes)),
        }
    }
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
    pub fn awake(&mut self, ready: &[usize]) -> Vec<usize> {
        self.end_chunk();
        let Some(reduction) = &mut self.reduction else {
            return Vec::new();
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
        if reduction.redundant {
            ready.to_vec()
        } else {
            awake
        }
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

impl Reduction {
    /// The number of orders of all chunks.
    fn count(&self, threads: usize) -> Option<u128> {
        let mut own: Vec<Vec<usize>> = vec![Vec::new(); threads];
        // For each chunk how many of each thread's have to be before it.
        let mut needs: Vec<Vec<usize>> = Vec::with_capacity(self.chunks.len());
        for (number, chunk) in self.chunks.iter().enumerate() {
            let mut need = vec![0; threads];
            for (other, before) in self.chunks[..number].iter().enumerate() {
                if chunk.since.contains(&(other + 1)) || before.touched.meets(&chunk.touched) {
                    let place = own[before.thread].iter().position(|it| *it == other);
                    need[before.thread] = place.map_or(0, |place| place + 1);
                }
            }
            own[chunk.thread].push(number);
            needs.push(need);
        }
        let mut strides = Vec::with_capacity(threads);
        let mut states: usize = 1;
        for chunks in &own {
            strides.push(states);
            states = states
                .checked_mul(chunks.len() + 1)
                .filter(|states| *states <= MOST)?;
        }
        let mut ways = vec![0_u128; states];
        ways[0] = 1;
        for state in 0..states {
            let at = |thread: usize| state / strides[thread] % (own[thread].len() + 1);
            if ways[state] == 0 {
                continue;
            }
            for thread in 0..threads {
                if let Some(chunk) = own[thread].get(at(thread))
                    && (0..threads).all(|other| needs[*chunk][other] <= at(other))
                {
                    let next = state + strides[thread];
                    ways[next] = ways[next].saturating_add(ways[state]);
                }
            }
        }
        ways.last().copied()
    }
}
