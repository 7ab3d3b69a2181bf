//! What a trace shows of coroutines.

use support::coroutine::Coroutine;
use support::timeline::trace::{How, Kind, Trace};
use support::traced::TraceExt;

fn counter(trace: &Trace) -> Coroutine<u32> {
    let inside = trace.clone();
    trace.coroutine("counter", move |co| {
        for n in 1..=2 {
            inside.in_span("count", || ());
            co.yield_(n);
        }
    })
}

#[test]
fn each_resume_is_a_bar_in_the_coroutines_lane() {
    let trace = Trace::new();
    trace.name_lane("main");
    assert_eq!(counter(&trace).into_iter().sum::<u32>(), 3);
    trace.instant("after");
    let events = trace.events_of("counter");
    let of = |kind| {
        events
            .iter()
            .filter(|event| event.kind == kind)
            .collect::<Vec<_>>()
    };
    let resumes = of(Kind::Polled);
    assert_eq!(resumes.len(), 3);
    // What the body recorded lies in its lane, within a resume.
    for (span, resume) in of(Kind::Span).iter().zip(&resumes) {
        assert!(resume.start <= span.start && span.end <= resume.end);
    }
    assert_eq!(of(Kind::Span).len(), 2);
    // After the last, the caller is itself again.
    assert_eq!(trace.events_of("main").last().unwrap().label, "after");
    let lanes = trace.lanes();
    let lane = lanes.iter().find(|lane| lane.name == "counter").unwrap();
    assert_eq!(lane.end.unwrap().how, How::Returned);
}

#[test]
fn arrows_lead_in_and_out() {
    let trace = Trace::new();
    trace.name_lane("main");
    let gen_ = counter(&trace);
    gen_.next().unwrap();
    gen_.close().unwrap();
    let messages: Vec<(String, String)> = trace
        .events()
        .iter()
        .filter(|event| event.message.is_some())
        .map(|event| {
            let lane = trace
                .lanes()
                .into_iter()
                .find(|lane| lane.has(event))
                .unwrap();
            (format!("{:?} {}", event.kind, event.label), lane.name)
        })
        .collect();
    let wanted = [
        ("Sent next", "main"),
        ("Received next", "counter"),
        ("Sent yield", "counter"),
        ("Received yield", "main"),
        ("Sent close", "main"),
        ("Received close", "counter"),
        ("Sent return", "counter"),
        ("Received return", "main"),
    ];
    let wanted = wanted.map(|(what, lane)| (what.to_string(), lane.to_string()));
    assert_eq!(messages, wanted);
    let lanes = trace.lanes();
    let lane = lanes.iter().find(|lane| lane.name == "counter").unwrap();
    assert_eq!(lane.end.unwrap().how, How::Cancelled);
}

#[test]
fn a_coroutine_that_resumes_another_is_its_resumer() {
    let trace = Trace::new();
    let inner = counter(&trace);
    let outer: Coroutine<u32> = trace.coroutine("outer", |co| {
        inner.into_iter().for_each(|n| {
            co.yield_(10 * n);
        });
    });
    assert_eq!(outer.into_iter().collect::<Vec<_>>(), [10, 20]);
    let sent = |lane: &str, label: &str| {
        let events = trace.events_of(lane);
        let sent = |event: &&_| {
            let event: &support::timeline::trace::Event = event;
            event.kind == Kind::Sent && event.label == label
        };
        events.iter().filter(sent).count()
    };
    assert_eq!((sent("outer", "next"), sent("counter", "yield")), (3, 2));
    assert_eq!((sent("outer", "yield"), sent("outer", "return")), (2, 1));
}

#[test]
fn a_panic_is_the_lanes_end() {
    let trace = Trace::new();
    let unlucky: Coroutine<u32> = trace.coroutine("unlucky", |_| {
        std::panic::resume_unwind(Box::new("no luck"))
    });
    assert_eq!(super::panic_of(|| unlucky.next()), "no luck");
    let lane = trace
        .lanes()
        .into_iter()
        .find(|lane| lane.name == "unlucky");
    assert_eq!(lane.unwrap().end.unwrap().how, How::Panicked);
}
