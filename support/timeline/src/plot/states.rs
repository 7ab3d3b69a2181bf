//! What a lane was in at each moment: the innermost of its spans that says why it does not run.

use super::model::Bar;
use super::rows::Rows;
use crate::trace::Kind;

/// Whether a lane in such a span is not running.
pub(super) fn is_at_rest(kind: Kind) -> bool {
    matches!(kind, Kind::Waiting | Kind::Sleeping | Kind::Blocked)
}

/// What a lane was in at each moment, and, in rows of their own, the locks that it held meanwhile.
pub(super) fn states(rows: &[Vec<Bar>]) -> Vec<Vec<Bar>> {
    let mut out = Rows::default();
    for mut bar in innermost(rows) {
        if !is_at_rest(bar.kind) {
            bar.kind = Kind::Span;
        }
        out.put(0, bar);
    }
    let mut held: Vec<&Bar> = rows.iter().flatten().collect();
    held.retain(|bar| bar.kind == Kind::Holding);
    held.sort_by_key(|bar| bar.start);
    for bar in held {
        let depth = out.depth(bar.start, bar.end, 1);
        out.put(depth, bar.clone());
    }
    out.rows
}

/// Turns rows of spans into one row without overlaps.
///
/// At each moment the span that began last counts. Bars of its rows are cut where an inner one
/// begins or ends; the pieces keep its label.
fn innermost(rows: &[Vec<Bar>]) -> Vec<Bar> {
    if rows.len() == 1 {
        return rows[0].clone();
    }
    let mut all: Vec<&Bar> = rows.iter().flatten().collect();
    // Of two that begin together the outer one, which stands higher, is first: the sort is stable.
    all.sort_by_key(|bar| bar.start);
    let mut out: Vec<Bar> = Vec::new();
    let mut stack: Vec<&Bar> = Vec::new();
    let mut now = 0;
    for bar in all {
        close(&mut stack, &mut out, &mut now, bar.start);
        piece(&stack, &mut out, now, bar.start);
        now = now.max(bar.start);
        stack.push(bar);
    }
    close(&mut stack, &mut out, &mut now, u64::MAX);
    out
}

/// Ends all spans that end up to `until`.
fn close(stack: &mut Vec<&Bar>, out: &mut Vec<Bar>, now: &mut u64, until: u64) {
    while let Some(top) = stack.last() {
        if top.end > until {
            // One below it may end earlier: guards need not be dropped in order.
            stack.retain(|bar| bar.end > until);
            return;
        }
        piece(stack, out, *now, top.end);
        *now = (*now).max(top.end);
        stack.pop();
    }
}

fn piece(stack: &[&Bar], out: &mut Vec<Bar>, start: u64, end: u64) {
    if let Some(top) = stack.last()
        && end > start
    {
        out.push(Bar {
            start,
            end,
            ..(*top).clone()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(kind: Kind, label: &str, start: u64, end: u64) -> Bar {
        Bar {
            start,
            end,
            label: label.to_string(),
            kind,
            cpu: 0,
            open: false,
            cause: None,
        }
    }

    #[test]
    fn the_innermost_counts() {
        let rows = [
            vec![bar(Kind::Span, "work", 0, 100)],
            vec![
                bar(Kind::Sleeping, "sleep", 10, 20),
                bar(Kind::Waiting, "lock", 40, 60),
            ],
        ];
        let found: Vec<_> = innermost(&rows)
            .into_iter()
            .map(|bar| (bar.kind, bar.start, bar.end))
            .collect();
        let wanted = [
            (Kind::Span, 0, 10),
            (Kind::Sleeping, 10, 20),
            (Kind::Span, 20, 40),
            (Kind::Waiting, 40, 60),
            (Kind::Span, 60, 100),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_lock_is_held_also_by_who_sleeps() {
        let rows = [
            vec![bar(Kind::Holding, "number", 0, 100)],
            vec![bar(Kind::Sleeping, "sleep", 10, 90)],
        ];
        let found = states(&rows);
        let kinds: Vec<_> = found[0].iter().map(|bar| bar.kind).collect();
        assert_eq!(kinds, [Kind::Span, Kind::Sleeping, Kind::Span]);
        let held = (&found[1][0].kind, found[1][0].start, found[1][0].end);
        assert_eq!((held, found.len()), ((&Kind::Holding, 0, 100), 2));
    }
}
