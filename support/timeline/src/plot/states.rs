//! What a lane was in at each moment: the innermost of its spans that says why it does not run.

use super::model::Bar;
use crate::trace::Kind;

/// Whether a lane in such a span is not running.
pub(super) fn is_at_rest(kind: Kind) -> bool {
    matches!(kind, Kind::Waiting | Kind::Sleeping | Kind::Blocked)
}

/// Turns rows of spans into one row without overlaps.
///
/// At each moment the span that began last counts. Bars of its rows are cut where an inner one
/// begins or ends; the pieces keep its label.
pub(super) fn states(rows: &[Vec<Bar>]) -> Vec<Bar> {
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
        let found: Vec<_> = states(&rows)
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
}
