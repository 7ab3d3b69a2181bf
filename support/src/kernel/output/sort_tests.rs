//! The sorter by itself: pieces in, frames out. No process, no clock.

use super::super::watch::Doing;
use super::doubt::{GRACE, STEADY};
use super::*;
use crate::kernel::payload;

const CELLS: i32 = 1;
const CHILD: i32 = 2;
const OTHER: i32 = 3;
/// Has ended and been waited for.
const DEAD: i32 = 99;

const READS: Doing = Doing::Reading(Some(7));

struct Bench {
    sorter: Sorter,
    sorted: Sorted,
    now: Instant,
    words: Vec<Word>,
}

impl Bench {
    fn new() -> Bench {
        Bench::of(wire::OUT)
    }

    fn of(kind: u8) -> Bench {
        Bench {
            sorter: Sorter::new(kind, CELLS, |pid| pid != DEAD),
            sorted: Sorted::default(),
            now: Instant::now(),
            words: Vec::new(),
        }
    }

    fn take(&mut self, pid: i32, piece: impl AsRef<[u8]>) -> &mut Bench {
        self.sorter
            .take(pid, piece.as_ref(), self.now, &mut self.sorted);
        self
    }

    fn cells(&mut self, piece: impl AsRef<[u8]>) -> &mut Bench {
        self.take(CELLS, piece)
    }

    fn judge(&mut self, doing: Doing) -> &mut Bench {
        // Twice, as a wait must be steady where words were text.
        for _ in 0..2 {
            let word = self.sorter.judge(doing, self.now, &mut self.sorted);
            self.words.extend(word);
            if matches!(doing, Doing::Reading(_)) {
                self.now += STEADY;
            }
        }
        self
    }

    fn pass(&mut self, time: Duration) -> &mut Bench {
        self.now += time;
        self.sorter.tick(self.now, &mut self.sorted);
        self
    }

    /// The frames, each as its kind and content; and what evcxr was told.
    fn seen(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.sorted.front).bytes;
        let mut rest = &bytes[..];
        let mut seen = Vec::new();
        while let [kind, a, b, c, d, after @ ..] = rest {
            let (payload, after) = after.split_at(u32::from_le_bytes([*a, *b, *c, *d]) as usize);
            seen.push(format!(
                "{}{}",
                *kind as char,
                String::from_utf8_lossy(payload)
            ));
            rest = after;
        }
        seen
    }

    fn evcxr(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.sorted.evcxr)).unwrap()
    }

    fn result(&mut self) -> String {
        let mut out = Vec::new();
        std::mem::take(&mut self.sorter.result).print(&mut out);
        String::from_utf8(out).unwrap()
    }
}

fn data(formats: &[(&str, &str)]) -> String {
    let formats: Vec<_> = formats
        .iter()
        .map(|(a, b)| (a.to_string(), b.to_string()))
        .collect();
    format!("D{}", payload::display(&formats, None, false))
}

fn block(mime: &str, content: &str) -> String {
    format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n")
}

#[test]
fn lines_of_two_processes_stay_whole() {
    let mut bench = Bench::new();
    bench
        .cells("a")
        .take(CHILD, "x\ny")
        .cells("b\n")
        .take(CHILD, "z\n");
    assert_eq!(bench.seen(), ["Ox\nab\nyz\n"]);
}

#[test]
fn an_unfinished_line_is_seen_after_a_moment_and_not_mixed() {
    let mut bench = Bench::new();
    bench.cells("name? ");
    assert!(bench.seen().is_empty());
    let due = bench.sorter.due().unwrap();
    assert_eq!(due - bench.now, HOLD);
    bench.pass(HOLD);
    assert_eq!(bench.seen(), ["Oname? "]);
    bench
        .take(CHILD, "mine\n")
        .cells("x\n")
        .take(CHILD, "more\n");
    assert_eq!(bench.seen(), ["O\nmine\nx\nmore\n"]);
}

#[test]
fn a_waited_for_childs_last_words_come_before_its_parents() {
    let mut bench = Bench::new();
    bench.take(DEAD, "last").cells("it has ended\n");
    assert_eq!(bench.seen(), ["Olast\nit has ended\n"]);
}

#[test]
fn a_cell_ends_when_its_thread_waits_for_the_next() {
    let mut bench = Bench::new();
    bench
        .cells("text\nEVCXR_EXECUTION_COMPLETE\n")
        .judge(Doing::Other);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["Otext\n".to_string()], 0)
    );
    bench.judge(READS);
    assert_eq!(
        (bench.seen().len(), &bench.words[..]),
        (0, &[Word::Complete][..])
    );
}

#[test]
fn a_system_that_does_not_say_what_threads_do_is_no_obstacle() {
    let mut bench = Bench::new();
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\n")
        .judge(Doing::Unknown);
    assert_eq!(bench.words, [Word::Complete]);
}

#[test]
fn the_words_as_text_are_text() {
    for word in [
        "EVCXR_EXECUTION_COMPLETE",
        "a EVCXR_EXECUTION_COMPLETE",
        "EVCXR_INPUT_REQUEST:name",
        "EVCXR_PANIC_NOTIFICATION",
        "EVCXR_ERROR_OCCURRED",
        "EVCXR_VARIABLE_CHANGED_TYPE:x",
        "EVCXR_END_CONTENT",
        "EVCXR_BEGIN_CONTENT ",
        "EVCXR_BEGIN_CONTENT",
        "EVCXR_",
        "\x01support: last words",
        "\x010123456789abcdef D {}",
    ] {
        let mut bench = Bench::new();
        bench
            .cells(format!("{word}\n"))
            .judge(Doing::Other)
            .cells("more\n")
            .judge(Doing::Other);
        bench.now += GRACE;
        bench.judge(Doing::Other);
        assert_eq!(
            bench.seen().concat().replace("\nO", "\n"),
            format!("O{word}\nmore\n")
        );
        bench.cells("EVCXR_EXECUTION_COMPLETE\n").judge(READS);
        assert_eq!(
            (bench.evcxr(), bench.words),
            (String::new(), vec![Word::Complete])
        );
    }
}

#[test]
fn of_two_words_the_later_counts() {
    let mut bench = Bench::new();
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\nEVCXR_EXECUTION_COMPLETE\n")
        .judge(READS);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["OEVCXR_EXECUTION_COMPLETE\n".into()], 1)
    );
    // A later one that is no word, in the middle of a line, hides none.
    let later = "say EVCXR_EXECUTION_COMPLETE now\n";
    for pieces in [
        ["EVCXR_EXECUTION_COMPLETE\n", later].concat(),
        String::new(),
    ] {
        let mut bench = Bench::new();
        if pieces.is_empty() {
            bench.cells("EVCXR_EXECUTION_COMPLETE\n").cells(later);
        }
        bench.cells(pieces).judge(READS);
        assert_eq!(bench.words, [Word::Complete]);
    }
    // Split over two pieces, too.
    let mut bench = Bench::new();
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\nEVCXR_EXEC")
        .cells("UTION_COMPLETE\n");
    bench.judge(READS);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["OEVCXR_EXECUTION_COMPLETE\n".into()], 1)
    );
}

#[test]
fn a_thread_that_prints_on_does_not_hide_the_end() {
    let mut bench = Bench::new();
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\n")
        .cells("from a thread\n")
        .judge(Doing::Other);
    assert!(bench.seen().is_empty());
    bench.judge(READS);
    assert_eq!(
        (bench.seen(), &bench.words[..]),
        (vec!["Ofrom a thread\n".into()], &[Word::Complete][..])
    );
}

#[test]
fn where_words_are_text_a_moments_wait_is_no_end() {
    let mut bench = Bench::new();
    bench.cells("EVCXR_EXECUTION_COMPLETE\nEVCXR_EXECUTION_COMPLETE\n");
    let look = |bench: &mut Bench, wait| {
        let doing = Doing::Reading(Some(wait));
        bench.sorter.judge(doing, bench.now, &mut bench.sorted)
    };
    assert_eq!(look(&mut bench, 1), None);
    bench.now += STEADY;
    assert_eq!(look(&mut bench, 2), None);
    bench.now += STEADY;
    assert_eq!(look(&mut bench, 2), Some(Word::Complete));
}

#[test]
fn a_thread_kept_from_running_loses_no_end() {
    let mut bench = Bench::new();
    bench.cells("EVCXR_EXECUTION_COMPLETE\n");
    bench.now += GRACE;
    bench.judge(Doing::Other);
    assert_eq!((bench.seen().len(), bench.words.len()), (1, 0));
    bench.judge(Doing::Other).judge(READS);
    assert_eq!(bench.words, [Word::Complete]);
    assert!(!bench.sorter.asks());
}

#[test]
fn between_cells_nothing_ends() {
    let mut bench = Bench::new();
    bench.cells("EVCXR_EXECUTION_COMPLETE\n").judge(READS);
    bench.cells("EVCXR_EXECUTION_COMPLETE\n").judge(READS);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["OEVCXR_EXECUTION_COMPLETE\n".into()], 1)
    );
    assert!(!bench.sorter.asks());
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\n")
        .judge(Doing::Reading(Some(8)));
    assert_eq!(bench.words.len(), 2);
}

#[test]
fn a_question_for_input_goes_to_evcxr_after_its_text() {
    let mut bench = Bench::new();
    bench.cells("promptEVCXR_INPUT_REQUEST:name\n");
    assert!(bench.seen().is_empty() && bench.evcxr().is_empty());
    bench.judge(READS);
    assert_eq!(bench.seen(), ["Oprompt"]);
    assert_eq!(
        (bench.evcxr().as_str(), &bench.words[..]),
        ("EVCXR_INPUT_REQUEST:name\n", &[Word::Input][..])
    );
    // While it waits for that, nothing ends.
    bench.cells("EVCXR_EXECUTION_COMPLETE\n").judge(READS);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["OEVCXR_EXECUTION_COMPLETE\n".into()], 1)
    );
}

#[test]
fn words_are_true_where_the_facts_agree() {
    let mut bench = Bench::new();
    bench
        .sorter
        .facts
        .wrote_to_stderr(b"The type of the variable x was redefined, so was lost.\n");
    bench.cells(
        "EVCXR_VARIABLE_CHANGED_TYPE:x\nEVCXR_VARIABLE_CHANGED_TYPE:y\nEVCXR_ERROR_OCCURRED\n",
    );
    assert_eq!(
        bench.evcxr(),
        "EVCXR_VARIABLE_CHANGED_TYPE:x\nEVCXR_ERROR_OCCURRED\n"
    );
    assert_eq!(bench.seen(), ["OEVCXR_VARIABLE_CHANGED_TYPE:y\n", "Q"]);
    bench.sorter.facts.panicked = true;
    bench.cells("xEVCXR_PANIC_NOTIFICATION\n");
    assert_eq!(
        (bench.evcxr(), bench.seen()),
        ("EVCXR_PANIC_NOTIFICATION\n".into(), vec!["Ox".into()])
    );
    // The next cell starts from nothing.
    bench
        .cells("EVCXR_EXECUTION_COMPLETE\n")
        .judge(READS)
        .cells("EVCXR_ERROR_OCCURRED\n");
    assert_eq!(
        (bench.evcxr(), bench.seen()),
        ("".into(), vec!["OEVCXR_ERROR_OCCURRED\n".into()])
    );
}

#[test]
fn the_last_thing_is_the_result_and_those_before_are_shown() {
    let mut bench = Bench::new();
    let (svg, text) = (
        block("image/svg+xml", "<svg>\n</svg>"),
        block("text/plain", "p"),
    );
    bench.cells(format!("a{svg}{text}{svg}between\n{text}b\n{svg}{text}"));
    let pair = data(&[("image/svg+xml", "<svg>\n</svg>"), ("text/plain", "p")]);
    let one = data(&[("image/svg+xml", "<svg>\n</svg>")]);
    let other = data(&[("text/plain", "p")]);
    assert_eq!(
        bench.seen(),
        ["Oa", &pair, &one, "Obetween\n", &other, "Ob\n"]
    );
    bench.cells("EVCXR_EXECUTION_COMPLETE\n").judge(READS);
    assert_eq!((bench.result(), bench.seen().len()), (svg + &text, 0));
}

#[test]
fn a_block_without_an_end_was_text() {
    let mut bench = Bench::new();
    bench
        .cells("EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_EXECUTION_COMPLETE\n")
        .judge(READS);
    assert_eq!(bench.seen(), ["OEVCXR_BEGIN_CONTENT text/html\n<b>\n"]);
    assert_eq!(bench.result(), "");
}

#[test]
fn a_childs_picture_is_shown_and_its_words_are_not_heard() {
    let mut bench = Bench::new();
    let (svg, text) = (block("image/svg+xml", "<svg/>"), block("text/plain", "p"));
    bench.take(DEAD, format!("{svg}{text}")).cells("after\n");
    let pair = data(&[("image/svg+xml", "<svg/>"), ("text/plain", "p")]);
    assert_eq!(bench.seen(), [&pair, "Oafter\n"]);
    bench
        .take(CHILD, "xEVCXR_EXECUTION_COMPLETE\n")
        .take(OTHER, "EVCXR_PANIC_NOTIFICATION\n");
    assert_eq!(
        (bench.sorter.asks(), bench.seen()),
        (false, vec!["Ox".into()])
    );
    // A child that returns from the cell leaves no result.
    bench
        .take(CHILD, &svg)
        .cells("parent\n")
        .take(CHILD, "EVCXR_EXECUTION_COMPLETE\n")
        .pass(HOLD);
    assert_eq!(bench.seen(), ["O\nparent\n"]);
    // Nobody speaks after it: it is shown after a moment.
    bench.take(OTHER, &svg).pass(HOLD);
    assert_eq!(bench.seen(), [data(&[("image/svg+xml", "<svg/>")])]);
}

#[test]
fn marked_lines_keep_their_place() {
    let display = String::from_utf8(mark::line(mark::DISPLAY, "{\"n\":1}")).unwrap();
    let mut bench = Bench::new();
    bench.cells(format!("a{display}b\n")).take(CHILD, &display);
    assert_eq!(bench.seen(), ["Oa", "D{\"n\":1}", "Ob\n", "D{\"n\":1}"]);
    // In pieces, and with evcxr's word in between.
    let (one, two) = display.split_at(22);
    bench
        .cells(one)
        .pass(HOLD)
        .cells("EVCXR_EXECUTION_COMPLETE\n")
        .judge(READS)
        .cells(two);
    assert_eq!(
        (bench.seen(), bench.words.len()),
        (vec!["D{\"n\":1}".into()], 1)
    );
    // A panic is told by the cells' process alone.
    let panic = mark::line(mark::PANIC, "{}");
    let mut bench = Bench::of(wire::ERR);
    bench
        .cells("e")
        .cells(&panic)
        .take(CHILD, &panic)
        .cells("f\n");
    assert_eq!(bench.seen(), ["Ee", "P{}", "Ef\n"]);
}

#[test]
fn last_words_bring_out_all() {
    let mut bench = Bench::new();
    let text = block("text/plain", "p");
    bench
        .cells(format!("a\n{text}"))
        .cells("b")
        .cells(mark::last_words());
    assert_eq!(bench.seen(), ["Oa\n", &data(&[("text/plain", "p")]), "Ob"]);
}

#[test]
fn bytes_that_are_no_text_pass_unchanged() {
    let mut bench = Bench::new();
    bench.cells(b"\xff\x00\n\xfe");
    bench.pass(HOLD);
    assert_eq!(bench.sorted.front.bytes, b"O\x04\0\0\0\xff\x00\n\xfe");
}

#[test]
fn a_long_line_costs_what_it_is_long() {
    let mut bench = Bench::new();
    let piece = vec![b'x'; 64 * 1024];
    let started = Instant::now();
    for _ in 0..1600 {
        bench.cells(&piece);
    }
    bench.cells("\n");
    assert_eq!(
        bench
            .sorted
            .front
            .bytes
            .iter()
            .filter(|&&byte| byte == b'x')
            .count(),
        1600 << 16
    );
    // 100 MB: seconds if each piece were to cost as much as all before it.
    assert!(started.elapsed() < Duration::from_secs(5));
    // Words as text, many in a piece.
    let mut bench = Bench::new();
    let words = "EVCXR_EXECUTION_COMPLETE\n".repeat(2600);
    for _ in 0..40 {
        bench.cells(&words);
    }
    bench.judge(READS);
    assert_eq!(bench.words, [Word::Complete]);
    assert!(started.elapsed() < Duration::from_secs(10));
}
