//! Pictures: valid, accessible, small, and honest about what they leave out.

use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use roxmltree::{Document, Node};
use timeline::plot::Figure;
use timeline::trace::Trace;

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
