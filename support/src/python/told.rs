//! What the Python module `spans` writes, and what of it goes into a trace.
//!
//! A line has five fields with tabs between them: what, pid, tid, time in ns, text.

use std::collections::HashMap;

use timeline::trace::{How, Told, What};

/// What the lines tell, and how many of them tell nothing.
pub(super) fn read(text: &str) -> (Vec<Told>, usize) {
    let mut reader = Reader::default();
    let bad = text.lines().filter(|line| reader.take(line).is_none());
    let bad = bad.count();
    (reader.told, bad)
}

#[derive(Default)]
struct Reader {
    told: Vec<Told>,
    /// For each thread the places of its spans that have not ended, the innermost last.
    open: HashMap<(u32, u32), Vec<usize>>,
    /// How many processes are known: the first is the program's own.
    first: Option<u32>,
}

impl Reader {
    /// None if it is no such line.
    fn take(&mut self, line: &str) -> Option<()> {
        let mut fields = line.splitn(5, '\t');
        let kind = fields.next()?;
        let pid: u32 = fields.next()?.parse().ok()?;
        let tid: u32 = fields.next()?.parse().ok()?;
        let at: u64 = fields.next()?.parse().ok()?;
        let text = fields.next()?;
        let mut words = text.split(' ');
        let label = text.to_string();
        let what = match kind {
            "lane" => {
                let first = *self.first.get_or_insert(pid) == pid && pid == tid;
                match text {
                    "" if first => What::Named("main".into()),
                    // It is known by its number.
                    "" => return Some(()),
                    _ => What::Named(label),
                }
            }
            "begin" => {
                let open = self.open.entry((pid, tid)).or_default();
                open.push(self.told.len());
                What::Span { label, end: 0 }
            }
            "end" => {
                let begun = self.open.get_mut(&(pid, tid))?.pop()?;
                if let What::Span { end, .. } = &mut self.told[begun].what {
                    *end = at;
                }
                return Some(());
            }
            "instant" => What::Instant(label),
            // The thread has said its name, so that it has a lane; the child tells the rest.
            "forks" => return Some(()),
            "forked" => What::Forked {
                began: words.next()?.parse().ok()?,
                parent: (words.next()?.parse().ok()?, words.next()?.parse().ok()?),
            },
            "ended" => What::Ended {
                pid: words.next()?.parse().ok()?,
                how: match words.next()?.parse().ok()? {
                    signal @ ..0 => How::Signalled(-signal),
                    code => How::Exited(code),
                },
            },
            _ => return None,
        };
        self.told.push(Told { pid, tid, at, what });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_ended_from_the_inside_out_and_each_thread_has_its_own() {
        let (told, bad) = read(
            "lane\t7\t7\t10\t\nbegin\t7\t7\t10\touter\nbegin\t7\t8\t11\tother thread's\n\
             begin\t7\t7\t12\tinner\nend\t7\t7\t13\t\nend\t7\t7\t14\t\ninstant\t7\t7\t15\tdone\n",
        );
        assert_eq!(bad, 0);
        let span = |label: &str, end| What::Span {
            label: label.into(),
            end,
        };
        let whats: Vec<_> = told.into_iter().map(|told| (told.at, told.what)).collect();
        let expected = [
            (10, What::Named("main".into())),
            (10, span("outer", 14)),
            (11, span("other thread's", 0)),
            (12, span("inner", 13)),
            (15, What::Instant("done".into())),
        ];
        assert_eq!(whats, expected);
    }

    #[test]
    fn forks_and_ends_are_read() {
        let (told, bad) =
            read("forked\t9\t9\t20\t25 7 8\nended\t7\t7\t30\t9 -15\nended\t7\t7\t31\t9 3\n");
        assert_eq!(bad, 0);
        let whats: Vec<_> = told.into_iter().map(|told| told.what).collect();
        let parent = (7, 8);
        let ended = |how| What::Ended { pid: 9, how };
        let expected = [
            What::Forked { began: 25, parent },
            ended(How::Signalled(15)),
            ended(How::Exited(3)),
        ];
        assert_eq!(whats, expected);
    }

    #[test]
    fn lines_that_tell_nothing_are_counted_and_do_no_harm() {
        let bad = [
            "",
            "begin",
            "begin\t7\t7\tsoon\ta label",
            "begin\t7\t7\t-1\ta label",
            "dance\t7\t7\t1\t",
            "end\t7\t7\t1\t",
            "forked\t7\t7\t1\t2 3",
            "ended\t7\t7\t1\tnobody",
        ];
        assert_eq!(read(&bad.join("\n")), (vec![], bad.len()));
    }
}
