//! What the judge saw of a run from outside: which processes and threads there were, when they ran and
//! slept, when it asked and when it was asked. Of the run that failed a picture is made of it.
//!
//! Nothing here is the program's own word, and nothing is the test's: questions and requests are shown,
//! not quoted. It is all bounded, for a program may have many threads and run for long.

use crate::watch::Seen;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use support::timeline::Timeline;
use support::timeline::trace::{Told, Trace, What};

/// What a picture has room for.
const MOST_LANES: usize = 16;
const MOST_STRETCHES: usize = 240;
/// The lane of the judge itself.
const JUDGE: (u32, u32) = (1, 1);

/// Shared by a test, its programs and their connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Mutex<Run>>);

#[derive(Debug, Default)]
struct Run {
    began: Option<Instant>,
    /// By process and thread.
    lanes: BTreeMap<(i32, i32), Lane>,
    /// Threads that came when there was no room any more.
    more: usize,
    asked: Vec<Open>,
    requests: Vec<Open>,
    stretches: usize,
}

#[derive(Debug)]
struct Lane {
    /// In the order in which they came, counted from 1.
    number: usize,
    parent: i32,
    states: Vec<(char, u64, u64)>,
}

/// From when to when; none if it never ended.
#[derive(Debug)]
struct Open(u64, Option<u64>);

impl Witness {
    fn run(&self) -> (MutexGuard<'_, Run>, u64) {
        let mut run = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = *run.began.get_or_insert_with(Instant::now);
        let now = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        // 0 would be "no end" to a trace.
        (run, now + 1)
    }

    /// Another program was started: what was before is another run's.
    pub fn begins(&self) {
        *self.run().0 = Run::default();
    }

    pub fn asked(&self) {
        let (mut run, now) = self.run();
        run.open(now, |run| &mut run.asked);
    }

    /// The earliest question that has no answer has one now.
    pub fn answered(&self) {
        let (mut run, now) = self.run();
        if let Some(open) = run.asked.iter_mut().find(|open| open.1.is_none()) {
            open.1 = Some(now);
        }
    }

    /// Which request it is, to be told when it is replied to.
    pub fn requested(&self) -> usize {
        let (mut run, now) = self.run();
        run.open(now, |run| &mut run.requests);
        run.requests.len()
    }

    pub fn replied(&self, request: usize) {
        let (mut run, now) = self.run();
        if let Some(open) = run.requests.get_mut(request.wrapping_sub(1)) {
            open.1.get_or_insert(now);
        }
    }

    /// A look at all processes.
    pub fn looked(&self, processes: &[Seen]) {
        let (mut run, now) = self.run();
        for process in processes {
            for thread in &process.threads {
                run.saw((process.pid, thread.tid), process.parent, thread.state, now);
            }
        }
    }

    /// The picture; none if nothing was seen.
    pub fn timeline(&self) -> Option<Timeline> {
        let (run, now) = self.run();
        (!run.lanes.is_empty()).then(|| run.timeline(now))
    }
}

impl Run {
    fn open(&mut self, now: u64, list: fn(&mut Run) -> &mut Vec<Open>) {
        if self.stretches < MOST_STRETCHES {
            self.stretches += 1;
            list(self).push(Open(now, None));
        }
    }

    fn saw(&mut self, who: (i32, i32), parent: i32, state: char, now: u64) {
        let known = self.lanes.len();
        let room = self.stretches < MOST_STRETCHES;
        let lane = match self.lanes.entry(who) {
            std::collections::btree_map::Entry::Occupied(lane) => lane.into_mut(),
            std::collections::btree_map::Entry::Vacant(none) => {
                if known >= MOST_LANES {
                    self.more += 1;
                    return;
                }
                none.insert(Lane {
                    number: known + 1,
                    parent,
                    states: Vec::new(),
                })
            }
        };
        match lane.states.last_mut() {
            Some((last, _, until)) if *last == state || !room => *until = now,
            last => {
                // It changed somewhere between two looks.
                let from = last.map_or(now, |(_, _, until)| *until);
                lane.states.push((state, from, now));
                self.stretches += 1;
            }
        }
    }

    fn timeline(&self, now: u64) -> Timeline {
        let mut told = vec![say(JUDGE, 1, What::Named("the judge".to_owned()))];
        for (noun, all) in [("question", &self.asked), ("request", &self.requests)] {
            for Open(from, to) in all {
                let label = noun.to_owned();
                let end = to.unwrap_or(now);
                told.push(say(JUDGE, *from, What::Span { label, end }));
            }
        }
        let mut processes: BTreeMap<i32, (u32, u32)> = BTreeMap::new();
        let mut lanes: Vec<_> = self.lanes.iter().collect();
        lanes.sort_by_key(|(_, lane)| lane.number);
        for (&(pid, _), lane) in lanes {
            let known = processes.len() as u32;
            // Numbers of the machine say nothing to a student, and the judge has the first.
            let entry = processes.entry(pid).or_insert((100 * (known + 2), 0));
            let (process, thread) = *entry;
            entry.1 += 1;
            let first = thread == 0;
            let who = (process, process + thread);
            let began = lane.states.first().map_or(1, |state| state.1);
            let name = match (process / 100 - 1, thread) {
                (1, 0) => "your program".to_owned(),
                (number, 0) => format!("process {number}"),
                (_, number) => format!("thread {}", number + 1),
            };
            told.push(say(who, began, What::Named(name)));
            if !first {
                let parent = (process, process);
                told.push(say(who, began, What::Spawned { parent }));
            } else if let Some(&(parent, _)) = processes.get(&lane.parent) {
                let parent = (parent, parent);
                told.push(say(who, began, What::Forked { began, parent }));
            }
            for &(state, at, end) in &lane.states {
                let end = end.max(at + 1);
                let waited = |label: &str| What::Waited {
                    label: label.to_owned(),
                    end,
                };
                let what = match state {
                    'S' => waited("asleep"),
                    'T' | 't' => waited("stopped"),
                    'D' => waited("waits for a device"),
                    'Z' | 'X' => waited("ended, not waited for"),
                    _ => What::Span {
                        label: "running or ready".to_owned(),
                        end,
                    },
                };
                told.push(say(who, at, what));
            }
            let last = lane.states.last().map_or(1, |state| state.2);
            // Gone before the last look.
            if last + 20_000_000 < now {
                told.push(say(who, last, What::Left { panicked: false }));
            }
        }
        let title = match self.more {
            0 => "Your program in the test that fails, seen from outside".to_owned(),
            _ => format!("Your program in the test that fails: the first {MOST_LANES} threads"),
        };
        Trace::foreign(0, &told).timeline().title(&title)
    }
}

fn say((pid, tid): (u32, u32), at: u64, what: What) -> Told {
    Told { pid, tid, at, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Thread;

    fn seen(pid: i32, threads: usize, state: char) -> Seen {
        let thread = |number| Thread {
            tid: pid + number as i32,
            state,
            ticks: 0,
            switches: 0,
        };
        Seen {
            pid,
            parent: 1,
            threads: (0..threads).map(thread).collect(),
            memory: 0,
        }
    }

    #[test]
    fn a_run_is_drawn_with_who_slept_and_what_was_asked() {
        let witness = Witness::default();
        assert!(witness.timeline().is_none());
        witness.begins();
        witness.asked();
        witness.looked(&[seen(7, 1, 'R')]);
        witness.looked(&[seen(7, 2, 'S')]);
        let request = witness.requested();
        witness.replied(request);
        witness.looked(&[
            seen(7, 2, 'S'),
            Seen {
                parent: 7,
                ..seen(20, 1, 'R')
            },
        ]);
        witness.answered();
        let text = witness.timeline().expect("a picture").text();
        assert!(text.contains("4 lanes in 3 processes"), "{text}");
    }

    #[test]
    fn however_much_there_is_to_see_the_picture_is_small() {
        let witness = Witness::default();
        for round in 0..3000 {
            let state = if round % 2 == 0 { 'R' } else { 'S' };
            witness.looked(
                &(0..50)
                    .map(|pid| seen(1000 * (pid + 1), 5, state))
                    .collect::<Vec<_>>(),
            );
            witness.asked();
            witness.replied(witness.requested());
        }
        let svg = witness.timeline().expect("a picture").svg();
        assert!(svg.len() < 60_000, "{}", svg.len());
    }
}
