//! The C++20 memory model by its axioms, for small programs: every way in which reads could have been
//! from writes, and writes in an order, is made, and those are kept that the axioms permit.
//!
//! After Lahav, Vafeiadis, Kang, Hur and Dreyer, *Repairing sequential consistency in C/C++11* (2017),
//! whose repair C++20 took over.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Release, SeqCst};

use super::small::{Act, Outcome, Outcomes, Small};

/// For each event the set of those that it comes before.
#[derive(Clone)]
struct Relation(Vec<u32>);

impl Relation {
    fn empty(events: usize) -> Relation {
        Relation(vec![0; events])
    }
    fn add(&mut self, from: usize, to: usize) {
        self.0[from] |= 1 << to;
    }
    fn has(&self, from: usize, to: usize) -> bool {
        self.0[from] >> to & 1 == 1
    }
    fn or(&self, other: &Relation) -> Relation {
        Relation(self.0.iter().zip(&other.0).map(|(a, b)| a | b).collect())
    }
    fn then(&self, other: &Relation) -> Relation {
        let rows = self.0.iter().map(|row| {
            let through = (0..other.0.len()).filter(|to| row >> to & 1 == 1);
            through.fold(0, |all, to| all | other.0[to])
        });
        Relation(rows.collect())
    }
    fn closed(mut self) -> Relation {
        for through in 0..self.0.len() {
            let further = self.0[through];
            for row in &mut self.0 {
                if *row >> through & 1 == 1 {
                    *row |= further;
                }
            }
        }
        self
    }
    fn is_acyclic(&self) -> bool {
        let closed = self.clone().closed();
        (0..closed.0.len()).all(|event| !closed.has(event, event))
    }
}

#[derive(Clone, Copy)]
struct Event {
    /// None for the first values.
    thread: Option<usize>,
    place: Option<usize>,
    reads: bool,
    writes: Option<u32>,
    order: Ordering,
}

impl Event {
    fn is_fence(&self) -> bool {
        self.place.is_none()
    }
    fn acquires(&self) -> bool {
        matches!(self.order, Acquire | AcqRel | SeqCst)
    }
    fn releases(&self) -> bool {
        matches!(self.order, Release | AcqRel | SeqCst)
    }
    fn is_sc(&self) -> bool {
        self.order == SeqCst && self.thread.is_some()
    }
}

/// What the axioms permit; and how much of it the explorer models: executions in which the order of
/// steps agrees with who reads from whom, with the order of writes to each place, and with the one order
/// of sequentially consistent operations.
pub struct Permitted {
    pub all: Outcomes,
    pub modelled: Outcomes,
}

pub fn permitted(program: &Small) -> Permitted {
    let mut events: Vec<Event> = (0..program.places)
        .map(|place| Event {
            thread: None,
            place: Some(place),
            reads: false,
            writes: Some(0),
            order: Ordering::Relaxed,
        })
        .collect();
    for (thread, acts) in program.threads.iter().enumerate() {
        for act in acts {
            let (place, reads, writes, order) = match *act {
                Act::Load(place, order) => (Some(place), true, None, order),
                Act::Store(place, value, order) => (Some(place), false, Some(value), order),
                Act::Swap(place, value, order) => (Some(place), true, Some(value), order),
                Act::Fence(order) => (None, false, None, order),
            };
            events.push(Event {
                thread: Some(thread),
                place,
                reads,
                writes,
                order,
            });
        }
    }
    let mut found = Permitted {
        all: Outcomes::new(),
        modelled: Outcomes::new(),
    };
    let reads: Vec<usize> = (0..events.len()).filter(|it| events[*it].reads).collect();
    let mut from = vec![usize::MAX; events.len()];
    choose_reads(program, &events, &reads, &mut from, &mut found);
    found
}

fn choose_reads(
    program: &Small,
    events: &[Event],
    reads: &[usize],
    from: &mut Vec<usize>,
    found: &mut Permitted,
) {
    let Some((read, rest)) = reads.split_first() else {
        let mut orders = Vec::new();
        return choose_orders(program, events, from, &mut orders, found);
    };
    for write in 0..events.len() {
        let writes = events[write].writes.is_some() && events[write].place == events[*read].place;
        if writes && write != *read {
            from[*read] = write;
            choose_reads(program, events, rest, from, found);
        }
    }
}

/// An order of the writes to each place, the first value first.
fn choose_orders(
    program: &Small,
    events: &[Event],
    from: &[usize],
    orders: &mut Vec<Vec<usize>>,
    found: &mut Permitted,
) {
    let place = orders.len();
    if place == program.places {
        judge(program, events, from, orders, found);
        return;
    }
    let own = |event: &usize| {
        let event = &events[*event];
        event.thread.is_some() && event.writes.is_some() && event.place == Some(place)
    };
    let writes: Vec<usize> = (0..events.len()).filter(own).collect();
    let mut all = Vec::new();
    permutations(&mut vec![place], &writes, &mut all);
    for order in all {
        // An update reads the write just before its own.
        let follows = |pair: &[usize]| !events[pair[1]].reads || from[pair[1]] == pair[0];
        if order.windows(2).all(follows) {
            orders.push(order);
            choose_orders(program, events, from, orders, found);
            orders.pop();
        }
    }
}

fn permutations(begun: &mut Vec<usize>, rest: &[usize], all: &mut Vec<Vec<usize>>) {
    if rest.is_empty() {
        all.push(begun.clone());
    }
    for (place, next) in rest.iter().enumerate() {
        let mut others = rest.to_vec();
        others.remove(place);
        begun.push(*next);
        permutations(begun, &others, all);
        begun.pop();
    }
}

fn judge(
    program: &Small,
    events: &[Event],
    from: &[usize],
    orders: &[Vec<usize>],
    found: &mut Permitted,
) {
    let n = events.len();
    let pairs = || (0..n).flat_map(|a| (0..n).map(move |b| (a, b)));
    // Sequenced before; the first values before everything.
    let mut sb = Relation::empty(n);
    for (a, b) in pairs().filter(|(a, b)| a < b) {
        match (events[a].thread, events[b].thread) {
            (None, Some(_)) => sb.add(a, b),
            (one, other) if one == other && one.is_some() => sb.add(a, b),
            _ => {}
        }
    }
    let mut rf = Relation::empty(n);
    for read in (0..n).filter(|it| events[*it].reads) {
        rf.add(from[read], read);
    }
    let mut mo = Relation::empty(n);
    for order in orders {
        for (place, write) in order.iter().enumerate() {
            order[place + 1..]
                .iter()
                .for_each(|later| mo.add(*write, *later));
        }
    }
    let mut fr = Relation::empty(n);
    for read in (0..n).filter(|it| events[*it].reads) {
        for write in (0..n).filter(|it| mo.has(from[read], *it) && *it != read) {
            fr.add(read, write);
        }
    }
    let eco = rf.or(&mo).or(&fr).closed();
    // Synchronizes with: by a release sequence, with fences before and after.
    let mut sw = Relation::empty(n);
    for read in (0..n).filter(|it| events[*it].reads) {
        let ends: Vec<usize> = (0..n)
            .filter(|it| {
                *it == read && events[read].acquires()
                    || events[*it].is_fence() && events[*it].acquires() && sb.has(read, *it)
            })
            .collect();
        // The write that is read, and those before it that updates carry on.
        let mut write = from[read];
        loop {
            let begins = (0..n).filter(|it| {
                *it == write && events[write].releases() && events[write].thread.is_some()
                    || events[*it].is_fence() && events[*it].releases() && sb.has(*it, write)
            });
            for begin in begins {
                ends.iter().for_each(|end| sw.add(begin, *end));
            }
            if !events[write].reads {
                break;
            }
            write = from[write];
        }
    }
    let hb = sb.or(&sw).closed();
    let coherent = hb.is_acyclic()
        && (0..n).all(|it| !hb.then(&eco).has(it, it))
        && (0..n).all(|it| !eco.has(it, it));
    if !coherent {
        return;
    }
    // Who has to be before whom in the one order.
    let mut sc = Relation::empty(n);
    for (a, b) in pairs().filter(|(a, b)| a != b && eco.has(*a, *b)) {
        let is_fence = |it: usize| events[it].is_fence() && events[it].is_sc();
        for first in
            (0..n).filter(|it| *it == a && events[a].is_sc() || is_fence(*it) && hb.has(*it, a))
        {
            for second in
                (0..n).filter(|it| *it == b && events[b].is_sc() || is_fence(*it) && hb.has(b, *it))
            {
                sc.add(first, second);
            }
        }
    }
    // Strongly happens before.
    let mut both = Relation::empty(n);
    for (a, b) in pairs().filter(|(a, b)| sw.has(*a, *b)) {
        if events[a].is_sc() && events[b].is_sc() && !events[a].is_fence() && !events[b].is_fence()
        {
            both.add(a, b);
        }
    }
    let strongly = sb.or(&both).or(&sb.then(&hb).then(&sb)).closed();
    let mut one_order = sc.clone();
    for (a, b) in pairs().filter(|(a, b)| strongly.has(*a, *b)) {
        if events[a].is_sc() && events[b].is_sc() {
            one_order.add(a, b);
        }
    }
    if !one_order.is_acyclic() {
        return;
    }
    let outcome: Outcome = (
        (0..program.threads.len())
            .map(|thread| {
                let own =
                    (0..n).filter(|it| events[*it].thread == Some(thread) && events[*it].reads);
                own.filter_map(|read| events[from[read]].writes).collect()
            })
            .collect(),
        orders
            .iter()
            .filter_map(|order| events[*order.last()?].writes)
            .collect(),
    );
    if sb.or(&rf).or(&mo).or(&sc).is_acyclic() {
        found.modelled.insert(outcome.clone());
    }
    found.all.insert(outcome);
}
