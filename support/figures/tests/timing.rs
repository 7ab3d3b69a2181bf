//! Measuring: rounds alternate, and what is told is what was sampled.

use std::time::Duration;

use figures::timing::{self, Timing};
use figures::{Figure, Histogram, Lines};
use roxmltree::Document;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn checked(figure: impl Into<Figure>) -> String {
    let figure = figure.into();
    let svg = figure.svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let child = |name| root.children().find(|node| node.has_tag_name(name));
    assert!(child("title").is_some());
    assert_eq!(child("desc").unwrap().text(), Some(figure.text().as_str()));
    assert!(svg.len() < 60_000, "{} bytes", svg.len());
    assert!(!figure.to_string().is_empty());
    svg
}

#[test]
fn rounds_go_up_and_down() {
    let order = std::cell::RefCell::new(String::new());
    let say = |c| order.borrow_mut().push(c);
    let timings = timing::rounds(3).warm_up(1).compare(&mut [
        ("a", &mut || say('a')),
        ("b", &mut || say('b')),
        ("c", &mut || say('c')),
    ]);
    assert_eq!(*order.borrow(), "abccbaabccba");
    assert!(
        timings
            .list()
            .iter()
            .all(|timing| timing.samples().len() == 3)
    );
}

#[test]
fn medians_and_ratios_are_of_the_samples() {
    let slow = Timing::new("slow", [30, 10, 20].map(ms).to_vec());
    let fast = Timing::new("fast", [4, 6, 5, 100].map(ms).to_vec());
    assert_eq!(
        (slow.min(), slow.median(), slow.max()),
        (ms(10), ms(20), ms(30))
    );
    assert_eq!(fast.median(), ms(5));
    let timings = timing::Timings::new(vec![slow, fast]);
    assert_eq!(timings.ratio("slow", "fast"), 4.0);
    let text = timings.bars().text();
    assert!(text.contains("slow 20 ms (10 ms to 30 ms)"), "{text}");
    assert!(
        text.ends_with("slow takes 4.0 times as long as fast."),
        "{text}"
    );
    assert!(
        timings
            .to_string()
            .ends_with("slow takes 4.0 times as long as fast\n")
    );
    checked(timings.bars());
    checked(timings.bars().log());
}

#[test]
#[should_panic(expected = "only [\"here\"]")]
fn a_name_that_was_not_timed_is_told() {
    timing::compare(&mut [("here", &mut || ())]).of("there");
}

#[test]
fn a_sweep_has_a_line_and_a_speed_up() {
    let sweep = timing::rounds(3).sweep("workers", &[1, 2, 4], &mut |_| std::hint::black_box(()));
    checked(sweep.lines());
    let svg = checked(sweep.speed_up_lines());
    assert!(svg.contains(">ideal<") && svg.contains(">measured<") && svg.contains(">workers<"));
    assert_eq!(sweep.speed_up(1), 1.0);
}

#[test]
fn charts_of_anything_are_valid() {
    let times: Vec<Duration> = (1..2000).map(|n| Duration::from_micros(n * n)).collect();
    let zero = vec![Duration::ZERO; 5];
    for histogram in [
        Histogram::new(),
        Histogram::new().sample("none", &[]),
        Histogram::new().sample("zero", &zero),
        Histogram::new().sample("one", &times[..1]),
        Histogram::new()
            .sample("<many> & \"more\"", &times)
            .sample("zero", &zero),
    ] {
        checked(histogram.clone());
        checked(histogram.log());
        checked(histogram.title("Titled"));
    }
    for points in [
        &[][..],
        &[(0.0, 0.0)],
        &[(1.0, -1.0), (2.0, f64::NAN)],
        &[(1.0, 1e300)],
    ] {
        let lines = Lines::new("x", "y")
            .line("odd", points)
            .ideal("ideal", points);
        checked(lines.clone());
        checked(lines.log_x().log_y());
        checked(
            lines
                .seconds()
                .beside(lines.title("Beside").above(Histogram::new())),
        );
    }
}
