//! What cells put out arrives whole, in order, at once, and steers nothing.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;

#[test]
fn a_flood_arrives_whole() {
    let mut kernel = Lent::take();
    let reply = kernel
        .run("for n in 0..100_000 { println!(\"line {n}\"); }")
        .ok();
    assert_eq!(reply.stdout.lines().count(), 100_000);
    assert!(reply.stdout.ends_with("line 99999\n"));
    let reply = kernel
        .run("let line = \"x\".repeat(99) + \"\\n\"; print!(\"{}\", line.repeat(100_000));")
        .ok();
    assert_eq!(reply.stdout.len(), 10_000_000);
    let reply = kernel
        .run("println!(\"{}\", \"y\".repeat(5_000_000));")
        .ok();
    assert_eq!(reply.stdout.len(), 5_000_001);
    let reply = kernel.run("std::io::Write::write_all(&mut std::io::stdout(), b\"a\\xff\\xe4\\xb8\\x96b\\n\").unwrap();").ok();
    assert_eq!(reply.stdout, "a\u{fffd}世b\n");
    kernel.give_back();
}

#[test]
fn words_that_steer_evcxr_are_text_when_a_cell_prints_them() {
    let mut kernel = Lent::take();
    let words = [
        "EVCXR_EXECUTION_COMPLETE",
        "EVCXR_PANIC_NOTIFICATION",
        "EVCXR_ERROR_OCCURRED",
        "EVCXR_END_CONTENT",
        "EVCXR_BEGIN_CONTENT text/html",
        "EVCXR_VARIABLE_CHANGED_TYPE:kept",
        "EVCXR_INPUT_REQUEST:name",
        "\u{1}0123456789abcdef D {}",
    ];
    kernel.run("let kept = 5;").ok();
    for word in words {
        let reply = kernel
            .run(&format!(
                "println!(\"before\");\nprintln!(\"{{}}\", {word:?});\nprintln!(\"after\");"
            ))
            .ok();
        assert_eq!(reply.stdout, format!("before\n{word}\nafter\n"));
        assert_eq!(kernel.run("kept").ok().text(), "5");
    }
    // Not even as a cell's last words.
    let reply = kernel.run("println!(\"EVCXR_EXECUTION_COMPLETE\"); 6").ok();
    assert_eq!(
        (reply.stdout.as_str(), reply.text()),
        ("EVCXR_EXECUTION_COMPLETE\n", "6")
    );
    kernel.give_back();
}

#[test]
fn text_is_seen_before_its_line_ends_and_before_its_cell_ends() {
    let mut kernel = Lent::take();
    let cell = kernel.begin("print!(\"half a line\"); std::io::Write::flush(&mut std::io::stdout()).unwrap(); std::thread::park();");
    kernel.wait_for(&cell, "half a line");
    kernel.interrupt();
    kernel.finish(&cell).error();
    kernel.give_back();
}

#[test]
fn several_pictures_in_a_cell_and_one_that_changes() {
    let mut kernel = Lent::take();
    kernel.run("use support::prelude::*; use support::display; let trace = Trace::new(); trace.in_span(\"work\", || ());").ok();
    let code = "println!(\"one\");\ndisplay::show(&trace.timeline());\nprintln!(\"two\");\ndisplay::html(\"<b>bold</b>\");\nlet shown = display::text(\"first\");\nshown.update_text(\"second\");\ntrace.timeline()";
    let reply = kernel.run(code).ok();
    assert_eq!(reply.stdout, "one\ntwo\n");
    let kinds: Vec<&str> = reply.shown.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "display_data",
            "display_data",
            "display_data",
            "update_display_data"
        ]
    );
    let data = |index: usize| &reply.shown[index].1["data"];
    assert!(
        data(0)["image/svg+xml"]
            .as_str()
            .is_some_and(|svg| svg.starts_with("<svg"))
    );
    assert_eq!(data(1)["text/html"], "<b>bold</b>");
    assert_eq!(data(3)["text/plain"], "second");
    let id = |index: usize| &reply.shown[index].1["transient"]["display_id"];
    assert!(id(2).is_string() && id(2) == id(3) && id(1) != id(2));
    assert!(
        reply.result["image/svg+xml"].starts_with("<svg"),
        "the last expression is the result"
    );
    kernel.give_back();
}

#[test]
fn a_progress_bar_is_one_display_that_ends_finished() {
    let mut kernel = Lent::take();
    kernel.run("use support::progress::Progress;").ok();
    let reply = kernel.run("let mut sum = 0;\nlet began = std::time::Instant::now();\nfor n in (0..200).progress() { sum += n; std::thread::sleep(std::time::Duration::from_millis(2)); }\nprintln!(\"{}\", began.elapsed().as_millis());\nsum").ok();
    assert_eq!(reply.text(), "19900");
    let took: usize = reply.stdout.trim().parse().expect("milliseconds");
    assert_eq!(reply.shown[0].0, "display_data");
    assert!(reply.shown.len() >= 3, "it moves: {}", reply.shown.len());
    let last = reply.shown.last().expect("a bar").1["data"]["text/plain"].to_string();
    assert!(last.contains("200/200"), "{last}");
    // Beside these, the first and the last are shown.
    assert!(
        took >= 400 && reply.shown.len() <= took / 100 + 2,
        "at most ten a second: {} in {took} ms",
        reply.shown.len()
    );
    kernel.give_back();
}

#[test]
fn under_stock_evcxr_the_same_calls_show_the_last_picture_and_plain_lines() {
    let mut kernel = Kernel::start_without_front();
    kernel
        .run("use support::prelude::*; let trace = Trace::new(); trace.in_span(\"work\", || ());")
        .ok();
    let reply = kernel.run_saying("display::html(\"<b>one</b>\"); let two = display::html(\"<i>two</i>\"); two.update_html(\"<i>three</i>\"); println!(\"text\");", |it| it.stdout == "text\n").ok();
    assert_eq!(reply.stdout, "text\n");
    assert_eq!(reply.result["text/html"], "<i>three</i>", "{reply:?}");
    let reply = kernel
        .run_saying("for _ in (0..50).progress() {}", |it| {
            it.stdout.contains("50/50")
        })
        .ok();
    assert!(
        reply.stdout.lines().count() <= 12 && reply.stdout.contains("50/50"),
        "{reply:?}"
    );
    let reply = kernel.run("display::show(&trace.timeline());").ok();
    assert!(reply.result["image/svg+xml"].starts_with("<svg"));
    kernel.run("panic!(\"as ever\")").error();
    assert_eq!(kernel.run("1").ok().text(), "1");
    kernel.shut_down();
}
