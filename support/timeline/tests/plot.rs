//! Pictures: valid, accessible, small, and honest about what they leave out.

use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use timeline::plot::{Figure, Moment};
use timeline::trace::{How, Kind, Told, Trace, What};

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("well-formed XML");
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    texts
        .filter_map(|node| node.text().map(str::to_string))
        .collect()
}

fn child<'a>(svg: Node<'a, 'a>, name: &str) -> &'a str {
    let child = svg.children().find(|node| node.has_tag_name(name));
    child.and_then(|node| node.text()).unwrap()
}

fn checked(figure: &Figure) -> String {
    let svg = figure.svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert!(root.attribute("viewBox").is_some());
    assert!(!child(root, "title").is_empty());
    assert_eq!(child(root, "desc"), figure.text());
    svg
}

#[test]
fn an_empty_trace_says_so() {
    let figure = Figure::from(Trace::new().timeline().title("Nothing yet"));
    let svg = checked(&figure);
    assert_eq!(texts(&svg), ["Nothing yet", "Nothing was recorded."]);
    assert_eq!(
        figure.text(),
        "Nothing yet: Empty timeline: nothing was recorded."
    );
    assert_eq!(
        figure.to_string(),
        "Nothing yet: Empty timeline: nothing was recorded.\n"
    );
    checked(&Trace::new().timeline().above(Trace::new().timeline()));
    checked(&Trace::new().timeline().beside(Trace::new().timeline()));
}

#[test]
fn any_label_is_escaped() {
    let trace = Trace::new();
    trace.name_lane("<lane> & \"co\"'");
    trace.in_span("<&>\" größer 大", || {
        trace.busy(Duration::from_micros(500))
    });
    trace.instant("opacity=\"1\"");
    trace.instant("bell\u{7}\nline");
    let svg = checked(
        &trace
            .timeline()
            .title("a < b & \"c\" stroke=\"none\"\u{0}")
            .into(),
    );
    let texts = texts(&svg);
    for wanted in [
        "a < b & \"c\" stroke=\"none\"\u{FFFD}",
        "<lane> & \"co\"'",
        "<&>\" größer 大",
        "opacity=\"1\"",
        "bell\u{FFFD}\u{FFFD}line",
    ] {
        assert!(
            texts.iter().any(|text| text == wanted),
            "{wanted:?} is not in {texts:?}"
        );
    }
}

#[test]
fn labels_that_would_not_fit_are_left_out() {
    let trace = Trace::new();
    trace.in_span("too long for this", || ());
    trace.in_span("wide", || trace.busy(Duration::from_millis(20)));
    let svg = trace.timeline().svg();
    let times = |label: &str| texts(&svg).iter().filter(|text| *text == label).count();
    // In the legend alone, and in the legend and the bar.
    assert_eq!((times("too long for this"), times("wide")), (1, 2));
}

#[test]
fn only_what_is_drawn_is_in_the_legend() {
    let trace = Trace::new();
    trace.in_span("early", || trace.busy(Duration::from_millis(1)));
    trace.busy(Duration::from_millis(2));
    trace.in_span("late", || trace.busy(Duration::from_millis(1)));
    let early = trace
        .timeline()
        .zoom(Duration::ZERO, Duration::from_millis(2))
        .svg();
    assert!(texts(&early).contains(&"early".to_string()));
    assert!(!texts(&early).contains(&"late".to_string()));
    assert!(!texts(&early).iter().any(|text| text.starts_with("cpu")));
    let by_cpu = trace.timeline().by_cpu().svg();
    assert!(texts(&by_cpu).iter().any(|text| text.starts_with("cpu")));
}

#[test]
fn a_fork_is_drawn_from_parent_to_child() {
    let trace = Trace::new();
    // SAFETY: the child only records and ends.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            trace.in_span("work", || ());
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => trace.in_span("wait", || waitpid(child, None).unwrap()),
    };
    let svg = checked(&trace.timeline().into());
    let document = Document::parse(&svg).unwrap();
    let circles = document
        .descendants()
        .filter(|node| node.has_tag_name("circle"));
    // Where the line from parent to child begins.
    assert_eq!(circles.count(), 1);
    assert!(
        trace
            .timeline()
            .text()
            .contains("2 lanes in 2 processes, 2 spans")
    );
}

#[test]
fn one_scale_and_one_legend_for_two() {
    let (short, long) = (Trace::new(), Trace::new());
    short.in_span("work", || short.busy(Duration::from_millis(1)));
    long.in_span("work", || long.busy(Duration::from_millis(4)));
    let both = short
        .timeline()
        .title("Short")
        .above(long.timeline().title("Long"));
    let svg = checked(&both);
    let legend = texts(&svg).iter().filter(|text| *text == "work").count();
    assert!((1..=3).contains(&legend));
    // The bars of "work" are as long as their times.
    let document = Document::parse(&svg).unwrap();
    let blue = document
        .descendants()
        .filter(|node| node.attribute("fill") == Some("#0072B2"));
    let widths = blue.map(|node| node.attribute("width").unwrap().parse::<f64>().unwrap());
    // The first is the legend's.
    let widths: Vec<f64> = widths.skip(1).collect();
    let time = |trace: &Trace| {
        let event = trace
            .events()
            .into_iter()
            .find(|event| event.label == "work")
            .unwrap();
        (event.end.unwrap() - event.start).as_secs_f64()
    };
    let ratio = time(&short) / time(&long);
    // A bar ends up to a pixel (ten units) early.
    let off = (widths[0] - widths[1] * ratio).abs();
    assert!(off <= 10.0 * (1.0 + ratio), "{widths:?}, {ratio}");
}

#[test]
fn a_hundred_thousand_events_stay_small() {
    let trace = Trace::with_capacity(110_000);
    std::thread::scope(|scope| {
        for lane in 0..64 {
            let trace = &trace;
            scope.spawn(move || {
                trace.name_lane(&format!("worker {lane}"));
                for n in 0..1563 {
                    trace.in_span(["read", "parse", "answer"][n % 3], std::thread::yield_now);
                }
            });
        }
    });
    assert!(trace.events().len() > 100_000);
    let figure = Figure::from(trace.timeline());
    let svg = checked(&figure);
    assert!(svg.len() < 300_000, "{} bytes", svg.len());
    assert!(
        texts(&svg)
            .iter()
            .any(|text| text.contains("are merged with their neighbours"))
    );
    let names = texts(&svg)
        .iter()
        .filter(|text| text.starts_with("worker"))
        .count();
    assert_eq!(names, 64);
}

#[test]
fn a_usual_picture_is_below_twenty_kilobytes() {
    let trace = Trace::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..12 {
                    trace.in_span(["think", "eat"][n % 2], || {
                        trace.busy(Duration::from_micros(300))
                    });
                }
                trace.instant("done");
            });
        }
    });
    let svg = trace.timeline().svg();
    assert!(svg.len() < 20_000, "{} bytes", svg.len());
}

#[test]
fn in_characters_it_has_a_line_for_each_lane() {
    let trace = Trace::new();
    trace.name_lane("only");
    trace.in_span("work", || {
        trace.busy(Duration::from_micros(500));
        trace.instant("done");
    });
    let text = trace.timeline().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[1].starts_with("only ") && lines[1].contains("wwwwwwwwww"),
        "{text}"
    );
    assert!(
        lines[3].starts_with("w work") && lines[3].ends_with("◆ done"),
        "{text}"
    );
}

fn told(tid: u32, at: u64, what: What) -> Told {
    Told {
        pid: 1,
        tid,
        at,
        what,
    }
}

/// A lock that Ada holds up to 40 µs, and that Bob waits for and gets.
fn handed_over() -> Trace {
    let label = || "purse".to_string();
    Trace::foreign(
        1_000,
        &[
            told(1, 1_000, What::Named("Ada".into())),
            told(
                1,
                1_000,
                What::Held {
                    label: label(),
                    end: 41_000,
                },
            ),
            told(2, 1_000, What::Named("Bob".into())),
            told(
                2,
                11_000,
                What::Waited {
                    label: label(),
                    end: 42_000,
                },
            ),
            told(
                2,
                42_000,
                What::Held {
                    label: label(),
                    end: 91_000,
                },
            ),
        ],
    )
}

/// Each holds one lock and waits for the other's.
fn deadlock() -> Trace {
    let both = [(1, "Ada", "A", "B"), (2, "Bob", "B", "A")];
    let all = both.into_iter().flat_map(|(tid, name, own, other)| {
        let at = 1_000 * u64::from(tid);
        let (held, waited) = (own.to_string(), other.to_string());
        [
            told(tid, at, What::Named(name.into())),
            told(
                tid,
                at,
                What::Held {
                    label: held,
                    end: 0,
                },
            ),
            told(
                tid,
                at + 10_000,
                What::Waited {
                    label: waited,
                    end: 0,
                },
            ),
        ]
    });
    Trace::foreign(1_000, &all.collect::<Vec<_>>())
}

/// What the page of a figure knows of it.
fn touched(figure: &Figure) -> Value {
    let html = figure.html();
    let (_, rest) = html
        .split_once("<div data-figure='")
        .expect("a live figure");
    let (data, _) = rest.split_once("'>").unwrap();
    let data = data.replace("&lt;", "<").replace("&#39;", "'");
    serde_json::from_str(&data.replace("&amp;", "&")).unwrap()
}

#[test]
fn a_wait_says_who_holds_the_lock_and_an_arrow_hands_it_over() {
    let figure = Figure::from(handed_over().timeline());
    let svg = checked(&figure);
    assert!(texts(&svg).contains(&"purse, held by Ada".to_string()));
    let part = &touched(&figure)["parts"][0];
    // From Ada as she lets go to Bob as he has it.
    assert_eq!(part["arrows"], json!([[0, 40_000, 1, 41_000]]));
    let wait = &part["lanes"][1]["bars"][0];
    assert_eq!(
        wait.as_array().unwrap()[1..3],
        [json!(10_000), json!(31_000)]
    );
    assert_eq!(touched(&figure)["causes"], json!(["held by Ada"]));
}

#[test]
fn who_shares_a_lock_is_not_who_was_waited_for() {
    let label = || "read".to_string();
    let mut all = Vec::new();
    for tid in [1, 2] {
        for (from, to) in [(1_000, 1_000_000), (3_000_000 + u64::from(tid), 4_000_000)] {
            let end = to;
            all.push(told(
                tid,
                from,
                What::Held {
                    label: label(),
                    end,
                },
            ));
        }
        let end = 3_000_000 + u64::from(tid);
        all.push(told(
            tid,
            1_000_000,
            What::Waited {
                label: label(),
                end,
            },
        ));
    }
    let trace = Trace::foreign(1_000, &all);
    let figure = Figure::from(trace.timeline());
    assert_eq!(touched(&figure)["causes"], json!([]));
    assert_eq!(touched(&figure)["parts"][0]["arrows"], json!([]));
}

#[test]
fn the_arrows_of_a_deadlock_close() {
    let figure = Figure::from(deadlock().timeline().title("Stuck"));
    checked(&figure);
    let text = figure.text();
    assert!(text.contains(" Ada waits for B, which Bob holds. Bob waits for A, which Ada holds."));
    let arrows = &touched(&figure)["parts"][0]["arrows"];
    assert_eq!(
        *arrows,
        json!([[0, 10_000, 1, 10_000], [1, 11_000, 0, 11_000]])
    );
}

#[test]
fn a_lock_that_is_held_is_seen_by_state_too() {
    let svg = checked(&handed_over().timeline().by_state().into());
    let texts = texts(&svg);
    assert!(texts.contains(&"holding a lock".to_string()));
    let bars = touched(&handed_over().timeline().by_state().into());
    let rows = &bars["parts"][0]["lanes"][0]["rows"];
    assert_eq!(rows.as_array().unwrap().len(), 4);
}

#[test]
fn a_note_stands_where_its_event_is() {
    let trace = handed_over();
    let events = trace.events();
    let held = events.iter().rfind(|event| event.kind == Kind::Holding);
    let held = held.unwrap();
    let timeline = trace
        .timeline()
        .note("Bob is <rich>", held)
        .note("and poor again", Moment::end_of(held))
        .note("nobody yet", Duration::from_micros(200));
    let figure = Figure::from(&timeline);
    let svg = checked(&figure);
    assert!(figure.text().starts_with(
        "At 41 µs in Bob: Bob is <rich>. At 90 µs in Bob: and poor again. Timeline of "
    ));
    // What is outside of the picture is not told.
    assert!(!figure.text().contains("nobody yet"));
    assert!(!texts(&svg).contains(&"nobody yet".to_string()));
    let notes = &touched(&figure)["parts"][0]["notes"];
    assert_eq!(
        (&notes[0][0], &notes[0][2]),
        (&json!(41_000), &json!("Bob is <rich>"))
    );
    // The line stands at the beginning of Bob's bar.
    let document = Document::parse(&svg).unwrap();
    let dashes = document
        .descendants()
        .filter_map(|node| node.attribute("d"));
    let mut dashes = dashes.filter(|path| path.matches('M').count() > 4);
    let x = |path: &str| -> f64 {
        let digits = path.trim_start_matches('M').split(',').next().unwrap();
        digits.parse().unwrap()
    };
    let line = x(dashes.next().unwrap()) / 10.0;
    let sides = &touched(&figure)["parts"][0]["x"];
    let (left, right) = (sides[0].as_f64().unwrap(), sides[1].as_f64().unwrap());
    let wanted = left + (right - left) * 41.0 / 90.0;
    assert!((line - wanted).abs() < 0.2, "{line}, {wanted}");
    assert!(
        figure
            .to_string()
            .contains("At 41 µs in Bob: Bob is <rich>.\n")
    );
}

#[test]
fn a_page_knows_where_each_bar_is() {
    let trace = Trace::new();
    trace.name_lane("a 'lane' & <more>");
    trace.in_span("work", || trace.busy(Duration::from_millis(2)));
    trace.instant("done");
    let two = trace.timeline().above(trace.timeline().by_cpu());
    let data = touched(&two);
    let part = &data["parts"][0];
    assert_eq!(data["parts"].as_array().unwrap().len(), 2);
    assert_eq!(part["lanes"][0]["name"], "a 'lane' & <more>");
    let bar = part["lanes"][0]["bars"][0].as_array().unwrap();
    let event = &trace.events()[0];
    assert_eq!(bar[2], json!(event.time().as_nanos() as u64));
    assert_eq!(data["labels"][bar[3].as_u64().unwrap() as usize], "work");
    let (cpu, known) = (bar[5].as_i64().unwrap(), trace.events());
    assert!(known.iter().any(|event| event.cpu as i64 == cpu));
    // As high as it is drawn.
    let svg = two.svg();
    let document = Document::parse(&svg).unwrap();
    let rects = document.descendants().filter(|it| it.has_tag_name("rect"));
    let mut ys = rects.map(|it| it.attribute("y").unwrap().parse::<f64>().unwrap());
    let y = part["lanes"][0]["rows"][0][0].as_f64().unwrap();
    assert!(ys.any(|top| (top - 10.0 * y).abs() < 2.0));
}

#[test]
fn the_legend_stands_below_the_title() {
    let trace = handed_over();
    let figure = trace
        .timeline()
        .title("One")
        .beside(trace.timeline().title("Two"));
    let place = |svg: &str, wanted: &str| {
        let document = Document::parse(svg).unwrap();
        let mut all = document.descendants().filter(|it| it.has_tag_name("text"));
        let text = all.find(|it| it.text() == Some(wanted)).unwrap();
        text.attribute("y").unwrap().parse::<i32>().unwrap()
    };
    let svg = checked(&figure);
    assert!(place(&svg, "One") < place(&svg, "waiting"));
    assert!(place(&svg, "waiting") < place(&svg, "Ada"));
    assert_eq!(
        child(Document::parse(&svg).unwrap().root_element(), "title"),
        "One; Two"
    );
    let svg = checked(&figure.title("Both"));
    assert!(place(&svg, "Both") < place(&svg, "waiting"));
    assert!(place(&svg, "waiting") < place(&svg, "One"));
}

#[test]
fn the_threads_of_a_process_end_with_it() {
    let own = |tid, at, what| Told {
        pid: 7,
        tid,
        at,
        what,
    };
    let label = "work".to_string();
    let trace = Trace::foreign(
        1_000,
        &[
            told(1, 1_000, What::Named("parent".into())),
            own(7, 1_000, What::Named("child".into())),
            own(8, 11_000, What::Span { label, end: 0 }),
            told(
                1,
                51_000,
                What::Ended {
                    pid: 7,
                    how: How::Signalled(6),
                },
            ),
            told(1, 91_000, What::Instant("later".into())),
        ],
    );
    let figure = Figure::from(trace.timeline());
    let thread = &touched(&figure)["parts"][0]["lanes"][2];
    assert_eq!(thread["life"][1], 40_000, "{thread}");
    // The pale part of its span, too.
    assert_eq!(
        thread["bars"][0].as_array().unwrap()[1..3],
        [json!(0), json!(40_000)]
    );
}

#[test]
fn the_longest_bars_say_what_they_are_without_a_script() {
    let html = Figure::from(handed_over().timeline()).html();
    assert_eq!(html.matches("<span title=").count(), 3);
    assert!(
        html.contains("<span title=\"purse: 31 µs, held by Ada\" style=\"position:absolute;left:")
    );
    // Of many the longest.
    let trace = Trace::new();
    for n in 0..100 {
        trace.in_span(&format!("span {n}"), || ());
    }
    trace.in_span("long", || trace.busy(Duration::from_millis(2)));
    let html = Figure::from(trace.timeline()).html();
    assert_eq!(html.matches("<span title=").count(), 12);
    assert!(html.contains("<span title=\"long: "));
}
