//! What was done between two choices, what it had to do with, and in how many orders it could be done.

/// So many states of the counting are too many: it then gives up.
const MOST: usize = 1 << 16;

/// What the steps between two choices had to do with.
#[derive(Clone, Default)]
pub(super) struct Touched {
    /// Objects, and whether they were changed.
    pub objects: Vec<(usize, bool)>,
    pub atomics: bool,
    pub fence: bool,
}

/// A step, and all that follows it up to the next choice.
pub(super) struct Chunk {
    pub thread: usize,
    /// The chunks without which it could not have been, counted from 1; 0 is the beginning.
    pub since: Vec<usize>,
    pub touched: Touched,
    /// The choice by which it is done, if there was one.
    pub choice: Option<usize>,
}

#[derive(Default)]
pub(super) struct Reduction {
    /// Threads whose next chunk was tried already, and what it had to do with.
    pub asleep: Vec<(usize, Touched)>,
    pub now: Touched,
    pub chunks: Vec<Chunk>,
    /// It is like an execution that was tried.
    pub redundant: bool,
}

impl Touched {
    pub fn meets(&self, other: &Touched) -> bool {
        let shared = |(object, changed): &(usize, bool)| {
            let mut own = self.objects.iter();
            own.any(|(it, changes)| it == object && (*changes || *changed))
        };
        (self.fence && (other.fence || other.atomics))
            || (other.fence && self.atomics)
            || other.objects.iter().any(shared)
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

impl Reduction {
    /// The number of orders of all chunks.
    pub fn count(&self, threads: usize) -> Option<u128> {
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
