//! What a lane waits for: who holds the lock, who sent the message, whose end it was.
//!
//! Locks are told apart by the names they are recorded under: two of one name count as one.

use std::collections::HashMap;

use super::model::{Arrow, Bar, Cause, Data, Sort};
use crate::trace::Kind;

/// A lock that was held, and by which lane.
struct Hold {
    start: u64,
    end: u64,
    lane: usize,
}

/// A wait for a lock.
struct Wait {
    lane: usize,
    start: u64,
    end: u64,
    holder: usize,
    /// When the lock was let go and when it was taken, if that is what ended the wait.
    handed: Option<(u64, u64)>,
}

impl Wait {
    /// Whether those who hold what is waited for wait themselves, each for the next, and the last for
    /// this one, all at one time.
    fn is_in_a_circle(&self, all: &HashMap<usize, Vec<&Wait>>) -> bool {
        let (mut from, mut to, mut at) = (self.start, self.end, self.holder);
        for _ in 0..LONGEST_CIRCLE {
            // A lane's waits follow each other.
            let own = all.get(&at).map_or(&[][..], Vec::as_slice);
            let first = own.partition_point(|it| it.end <= from);
            let Some(next) = own.get(first).filter(|it| it.start < to) else {
                return false;
            };
            (from, to, at) = (from.max(next.start), to.min(next.end), next.holder);
            if at == self.lane {
                return true;
            }
        }
        false
    }
}

/// Lanes that a circle may have; a longer one is not looked for.
const LONGEST_CIRCLE: usize = 16;

/// A wait ends no later than this after the lock is free, in ns, or than a quarter of its own length:
/// else it was for something else.
const LATE: u64 = 200_000;

/// Readers that may hold a lock together; of more the earliest are not looked at.
const TOGETHER: usize = 64;

/// Finds the cause of each wait, and adds the arrows of locks.
pub(super) fn waits(data: &mut Data) {
    let held = held(data);
    let mut comes: HashMap<usize, Vec<(u64, usize)>> = HashMap::new();
    for arrow in &data.arrows {
        if arrow.sort != Sort::Start {
            let to = comes.entry(arrow.to.0).or_default();
            to.push((arrow.to.1, arrow.from.0));
        }
    }
    comes.values_mut().for_each(|all| all.sort_unstable());
    let mut waits = Vec::new();
    let lanes = data.processes.iter_mut().flat_map(|it| &mut it.lanes);
    for (lane, own) in lanes.enumerate() {
        // What comes just after a wait's end is what it waited for: it is recorded after it.
        let mut bars: Vec<&mut Bar> = own.rows.iter_mut().flatten().collect();
        bars.retain(|bar| bar.kind == Kind::Waiting);
        bars.sort_by_key(|bar| bar.start);
        let starts: Vec<u64> = bars.iter().map(|bar| bar.start).collect();
        for (number, bar) in bars.into_iter().enumerate() {
            let holder = held.get(&bar.label).and_then(|all| holder(all, lane, bar));
            if let Some(hold) = holder {
                bar.cause = Some(match hold.start <= bar.start {
                    true => Cause::Held(hold.lane),
                    false => Cause::Got(hold.lane),
                });
                waits.push(Wait {
                    lane,
                    start: bar.start,
                    end: bar.until(),
                    holder: hold.lane,
                    handed: (hold.end <= bar.end && takes(&held[&bar.label], lane, bar.end))
                        .then_some((hold.end, bar.end)),
                });
            } else if !bar.open
                && let Some(comes) = comes.get(&lane)
            {
                let until = starts.get(number + 1).copied().unwrap_or(u64::MAX);
                let after = comes.partition_point(|(at, _)| *at < bar.start);
                let until = until.min(bar.end.saturating_add(LATE));
                let first = comes.get(after).filter(|(at, _)| *at < until);
                bar.cause = first.map(|(_, from)| Cause::Woken(*from));
            }
        }
    }
    let mut by_lane: HashMap<usize, Vec<&Wait>> = HashMap::new();
    for wait in &waits {
        by_lane.entry(wait.lane).or_default().push(wait);
    }
    for wait in &waits {
        if let Some((let_go, taken)) = wait.handed {
            data.arrows.push(Arrow {
                sort: Sort::Handed,
                from: (wait.holder, let_go),
                to: (wait.lane, taken),
            });
        }
        if wait.end == u64::MAX || wait.is_in_a_circle(&by_lane) {
            data.arrows.push(Arrow {
                sort: Sort::Waits,
                from: (wait.lane, wait.start),
                to: (wait.holder, wait.start),
            });
        }
    }
}

/// All holds by the locks' names, each list sorted by its start.
fn held(data: &Data) -> HashMap<String, Vec<Hold>> {
    let mut held: HashMap<String, Vec<Hold>> = HashMap::new();
    for (place, lane) in data.lanes().enumerate() {
        for bar in lane.rows.iter().flatten() {
            if bar.kind == Kind::Holding {
                held.entry(bar.label.clone()).or_default().push(Hold {
                    start: bar.start,
                    end: bar.until(),
                    lane: place,
                });
            }
        }
    }
    held.values_mut()
        .for_each(|all| all.sort_by_key(|hold| hold.start));
    held
}

/// The last of the others to let go of the lock while it was waited for, or who holds it still.
fn holder<'a>(all: &'a [Hold], lane: usize, wait: &Bar) -> Option<&'a Hold> {
    let before = all.partition_point(|hold| hold.start < wait.end);
    let last = all[..before].iter().rev().take(TOGETHER);
    let last = last
        .filter(|hold| hold.lane != lane && hold.end >= wait.start)
        // Who took it during the wait and holds it still, holds it together with who waited.
        .filter(|hold| hold.end <= wait.end || hold.start <= wait.start)
        .max_by_key(|hold| hold.end)?;
    let late = LATE.max((wait.end - wait.start) / 4);
    (last.end.saturating_add(late) >= wait.end).then_some(last)
}

/// Whether the lane took the lock when its wait was over: it may also have given up.
fn takes(all: &[Hold], lane: usize, at: u64) -> bool {
    let after = all.partition_point(|hold| hold.start < at);
    let mut soon = all[after..]
        .iter()
        .take_while(|hold| hold.start <= at + LATE);
    soon.any(|hold| hold.lane == lane)
}
