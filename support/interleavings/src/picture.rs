//! The picture of one execution: the same kind of timeline as a real run's, with steps for time.

use super::record::Record;
use super::world::World;
use timeline::plot::{STEP, Timeline};
use timeline::trace::{Told, Trace, What};

/// The number of a program's first thread. The picture shows thread numbers counted from it.
const FIRST: u32 = 1;

/// Where time begins: 0 would be "no end" to a trace.
const ZERO: u64 = STEP;

/// Where the picture ends: a step later than the last, if somebody still waits.
pub(super) fn picture(world: &World, record: &Record, panicked: Option<usize>) -> Timeline {
    let at = |step: usize| ZERO + step as u64 * STEP;
    let tid = |thread: usize| FIRST + thread as u32;
    let longest = record.waits.iter().filter_map(|wait| wait.to).max();
    let last = world.steps.max(longest.unwrap_or(0));
    let mut told: Vec<(u64, usize, What)> = Vec::new();
    for (thread, (parent, began)) in record.began.iter().enumerate() {
        let name = world.threads[thread].name.clone();
        told.push((at(*began), thread, What::Named(name)));
        if thread > 0 {
            let parent = (FIRST, tid(*parent));
            told.push((at(*began), thread, What::Spawned { parent }));
        }
        if let Some(ended) = record.ended[thread] {
            let panicked = panicked == Some(thread);
            told.push((at(ended), thread, What::Left { panicked }));
        }
    }
    let mut spans: Vec<(u64, usize, What)> = Vec::new();
    for stretch in &record.held {
        let end = at(stretch.to.unwrap_or(last));
        let label = stretch.what.clone();
        spans.push((at(stretch.from), stretch.thread, What::Held { label, end }));
    }
    for stretch in &record.waits {
        let end = at(stretch.to.unwrap_or(last));
        let label = stretch.what.clone();
        spans.push((
            at(stretch.from),
            stretch.thread,
            What::Waited { label, end },
        ));
    }
    for row in record.rows.iter().filter(|row| !row.took) {
        let (label, end) = (row.label.clone(), at(row.step));
        spans.push((at(row.step - 1), row.thread, What::Span { label, end }));
    }
    // What begins together and lasts longer stands above.
    spans.sort_by_key(|(start, _, what)| (*start, std::cmp::Reverse(what.end())));
    told.extend(spans);
    let told: Vec<Told> = told
        .into_iter()
        .map(|(at, thread, what)| Told {
            pid: FIRST,
            tid: tid(thread),
            at,
            what,
        })
        .collect();
    Trace::foreign(ZERO, &told).timeline().in_steps()
}
