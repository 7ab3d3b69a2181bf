//! Merges what is too small to be seen.

use super::model::Bar;

/// Bars drawn as one.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// In pixels.
    pub from: f64,
    pub to: f64,
    /// The only bar, or the one with whose like the group is filled most.
    pub bar: &'a Bar,
    pub bars: usize,
    /// The part of the group that is covered by bars.
    pub cover: f64,
    /// No kind of bar covers most of the group: it has no one colour.
    pub mixed: bool,
}

/// A kind of bar that covers less than this part of what a group covers does not stand for it.
const MOST: f64 = 0.75;

/// Groups grow to this many times the least width, so that a row still shows how dense it is
/// where.
const LONGEST: f64 = 16.0;

/// Turns a row into groups: bars narrower than `least` pixels are joined to such neighbours less
/// than `least` away; wider ones stay by themselves. `at` says where a time stands; `same` says
/// which bars look alike.
pub(super) fn groups<'a>(
    bars: impl Iterator<Item = &'a Bar>,
    least: f64,
    at: impl Fn(u64) -> f64,
    same: impl Fn(&Bar, &Bar) -> bool,
) -> Vec<Group<'a>> {
    let mut out: Vec<Group> = Vec::new();
    // The kinds of bars in the last group, with the pixels that each covers.
    let mut shares: Vec<(&Bar, f64)> = Vec::new();
    for bar in bars {
        let (from, to) = (at(bar.start), at(bar.end));
        let width = to - from;
        if let Some(last) = out.last_mut()
            && width < least
            // An open bar is pale from here to the lane's end: no sliver.
            && !bar.open
            && !last.bar.open
            && (last.bars > 1 || last.to - last.from < least)
            && from - last.to < least
            && to - last.from < LONGEST * least
        {
            match shares.iter_mut().find(|(other, _)| same(other, bar)) {
                Some((_, share)) => *share += width,
                None => shares.push((bar, width)),
            }
            last.to = last.to.max(to);
            last.bars += 1;
            let all: f64 = shares.iter().map(|(_, share)| share).sum();
            last.cover = (all / (last.to - last.from).max(1e-9)).min(1.0);
            if let Some((most, share)) = shares.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
                last.bar = most;
                last.mixed = *share < MOST * all;
            }
            continue;
        }
        shares = vec![(bar, width)];
        out.push(Group {
            from,
            to,
            bar,
            bars: 1,
            cover: 1.0,
            mixed: false,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(times: &[(u64, u64)]) -> Vec<Bar> {
        let bar = |&(start, end)| Bar {
            start,
            end,
            label: String::new(),
            kind: crate::trace::Kind::Span,
            cpu: 0,
            open: false,
            cause: None,
        };
        times.iter().map(bar).collect()
    }

    #[test]
    fn wide_bars_stay_and_narrow_ones_join() {
        let bars = bars(&[(0, 100), (100, 200), (205, 206), (207, 208), (300, 301)]);
        let groups = groups(bars.iter(), 5.0, |time| time as f64, |_, _| true);
        let found: Vec<_> = groups.iter().map(|g| (g.from, g.to, g.bars)).collect();
        let wanted = [
            (0.0, 100.0, 1),
            (100.0, 200.0, 1),
            (205.0, 208.0, 2),
            (300.0, 301.0, 1),
        ];
        assert_eq!(found, wanted);
        assert!((groups[2].cover - 2.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn an_open_bar_is_not_taken_for_a_sliver() {
        let mut bars = bars(&[(0, 1), (1, 1), (2, 3)]);
        bars[1].open = true;
        let groups = groups(bars.iter(), 5.0, |time| time as f64, |_, _| true);
        let found: Vec<_> = groups.iter().map(|g| (g.bar.open, g.bars)).collect();
        assert_eq!(found, [(false, 1), (true, 1), (false, 1)]);
    }
}
