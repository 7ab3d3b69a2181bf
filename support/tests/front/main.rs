//! The support crate's side of the kernel's front, end to end: a real process that runs cells, a
//! test that plays evcxr on its pipes, and a front that notes what comes.

mod cells;
mod session;

use serde_json::json;
use session::{Cell, Session, text};
use std::time::Duration;

const WORDS: &str = "EVCXR_EXECUTION_COMPLETE
EVCXR_BEGIN_CONTENT text/html
EVCXR_END_CONTENT
text EVCXR_BEGIN_CONTENT text/html
EVCXR_PANIC_NOTIFICATION
EVCXR_ERROR_OCCURRED
EVCXR_VARIABLE_CHANGED_TYPE:x
EVCXR_INPUT_REQUEST:x
text EVCXR_EXECUTION_COMPLETE
\x01support: last words
\x010123456789abcdef D {}
";

/// What Rust says as it ends a process after a panic that left a cell.
const CANNOT_UNWIND: &str = "panic in a function that cannot unwind";

#[test]
fn text_comes_in_order_and_before_the_cells_end() {
    let mut session = Session::start();
    let cell = session.run("text");
    assert_eq!(cell.out(), "one\ntwo\nunfinished");
    assert_eq!(cell.err(), "error\n");
    assert_eq!(cell.evcxr, ["EVCXR_EXECUTION_COMPLETE"]);
    // `run` returns when evcxr has read the cell's end: all frames were answered for before.
    assert_eq!(cell.kinds().last(), Some(&'S'));
    assert_eq!(session.run("nothing").kinds(), ['S']);
}

#[test]
fn a_parent_and_its_children_keep_their_order() {
    let mut session = Session::start();
    for _ in 0..20 {
        assert_eq!(
            session.run("children").out(),
            "parent\nchild 0\nchild 1\nchild 2\nended\n"
        );
    }
}

#[test]
fn a_child_that_returns_from_the_cell_answers_nothing() {
    let mut session = Session::start();
    let cell = session.run("raw fork");
    assert_eq!(
        (cell.out().as_str(), cell.kinds().len()),
        ("child\nparent\n", 2)
    );
    assert_eq!(
        cell.evcxr[1..],
        ["parent", "EVCXR_END_CONTENT", "EVCXR_EXECUTION_COMPLETE"]
    );
}

#[test]
fn a_cell_that_closes_stdout_or_sends_it_elsewhere_ends_and_so_do_those_behind_it() {
    for cell in ["closes stdout", "sends stdout elsewhere"] {
        let mut session = Session::start();
        let said = session.run(cell).err();
        assert!(
            said.starts_with("stdout (descriptor 1) is closed or leads elsewhere"),
            "{said}"
        );
        // It is told once, and stderr is still heard.
        assert_eq!(session.run("text").err(), "error\n");
        assert_eq!(session.run("nothing").err(), "");
    }
}

#[test]
fn a_thread_that_keeps_stdout_is_told_of_to_the_cell_that_waits_for_it() {
    let mut session = Session::start();
    session.run("keeps stdout");
    session.send("text");
    session.wait_for(|frames| text(frames, 'E').contains("keeps the lock on stdout"));
    let said = session.frames_text('E');
    assert!(said.ends_with("It is one of these: 'miser'.\n"), "{said}");
}

#[test]
fn an_unfinished_line_is_seen_while_the_cell_runs() {
    let mut session = Session::start();
    session.send("prompt");
    session.wait_for(|frames| text(frames, 'O') == "name? ");
    session.open_gate();
    assert_eq!(session.end().out(), "name? thank you\n");
}

#[test]
fn control_words_are_text() {
    let mut session = Session::start();
    for _ in 0..3 {
        let cell = session.run("words");
        assert_eq!(cell.out(), format!("{WORDS}end\n"));
        assert_eq!(cell.evcxr, ["EVCXR_EXECUTION_COMPLETE"]);
        let cell = session.run("words in a child");
        assert!(
            cell.out().ends_with("end of the child\nend\n"),
            "{}",
            cell.out()
        );
        assert_eq!(
            session.run("words flood").out(),
            "EVCXR_EXECUTION_COMPLETE\n".repeat(20_000)
        );
    }
    // Words by a thread between the cells.
    session.run("words thread");
    for _ in 0..50 {
        assert_eq!(session.run("nothing").evcxr, ["EVCXR_EXECUTION_COMPLETE"]);
    }
}

#[test]
fn a_thread_that_never_stops_printing_hides_no_end() {
    let mut session = Session::start();
    session.run("chatter");
    for _ in 0..20 {
        assert_eq!(session.run("text").evcxr, ["EVCXR_EXECUTION_COMPLETE"]);
    }
}

#[test]
fn the_result_goes_to_evcxr_and_other_blocks_are_shown() {
    let mut session = Session::start();
    let cell = session.run("blocks");
    let block = |data| json!({"data": data, "metadata": {}, "display_id": null, "update": false});
    let first = block(json!({"text/html": "<b>1</b>", "text/plain": "1"}));
    let child = block(json!({"text/plain": "child's"}));
    assert_eq!(cell.of('D'), [first, child]);
    assert_eq!(cell.kinds(), ['O', 'D', 'O', 'D', 'O', 'S']);
    assert_eq!(
        cell.evcxr,
        [
            "EVCXR_BEGIN_CONTENT text/plain",
            "result",
            "é",
            "EVCXR_END_CONTENT",
            "EVCXR_EXECUTION_COMPLETE"
        ]
    );
}

#[test]
fn displays_come_at_once_and_are_replaced() {
    let mut session = Session::start();
    let cell = session.run("displays");
    assert_eq!(cell.kinds(), ['O', 'D', 'O', 'D', 'D', 'D', 'O', 'S']);
    let shown = cell.of('D');
    let id = |n: usize| shown[n]["display_id"].as_str().unwrap();
    assert_eq!(
        shown[0]["data"],
        json!({"text/html": "<b>1</b>\n", "text/plain": "1"})
    );
    assert_eq!(shown[0]["update"], false);
    assert_eq!(shown[2]["update"], true);
    assert_eq!((id(0), id(1) == id(0)), (id(2), false));
    // From a child, of its parent's display.
    assert_eq!(id(3), id(1));
    assert_eq!(cell.out(), "beforebetween\nafter\n");
    // A big one from a thread, over the end of its cell.
    let cells: String = (0..5)
        .map(|_| session.run("big displays"))
        .flat_map(|cell| cell.of('D'))
        .map(|shown| shown.to_string())
        .collect();
    session.run("join");
    assert!(!cells.contains("EVCXR_"));
}

#[test]
fn panics_of_the_cells_thread_are_frames() {
    let mut session = Session::start();
    let cell = session.run("caught panic");
    assert_eq!(cell.kinds(), ['E', 'P', 'E', 'S']);
    let told = &cell.of('P')[0];
    assert_eq!(told["message"], "it \"failed\"");
    assert_eq!(told["thread"], "main");
    assert_eq!(told["main"], true);
    assert!(told["file"].is_string());
    for number in ["pid", "line", "column"] {
        assert!(told[number].is_u64(), "{number}");
    }
    let text = told["text"].as_str().unwrap();
    assert!(
        text.starts_with("thread 'main' panicked: it \"failed\" ("),
        "{text}"
    );
    assert_eq!(
        cell.evcxr,
        ["EVCXR_PANIC_NOTIFICATION", "EVCXR_EXECUTION_COMPLETE"]
    );
    let cell = session.run("thread panic");
    assert_eq!(cell.kinds(), ['E', 'S']);
    assert!(cell.err().starts_with("thread 'worker' panicked: here ("));
    // One that leaves the cell: the process ends, all it had said has come.
    session.send("panic");
    let cell = session.end();
    assert_eq!(cell.out(), "before\nunfinished");
    assert_eq!((cell.of('P').len(), cell.evcxr.len()), (1, 0));
    assert_eq!(session.status().code(), Some(101));
}

#[test]
fn a_panic_with_the_words_of_rusts_last_is_like_others() {
    let mut session = Session::start();
    let cell = session.run("cannot unwind");
    assert_eq!(cell.out(), "all told\n");
    let told = format!("panicked: {CANNOT_UNWIND} (");
    let err = cell.err();
    assert_eq!(err.matches(&told).count(), 3, "{err}");
    assert!(err.contains("process 'worker' ("), "{err}");
    assert!(cell.of('P')[0].to_string().contains(CANNOT_UNWIND));
}

#[test]
fn a_fork_does_not_wait_for_ever_for_a_stream() {
    let mut session = Session::start();
    assert_eq!(session.run("fork under a lock").out(), "true\n");
    let out = session.run("fork between two locks").out();
    assert_eq!(out.lines().last(), Some("end"));
}

#[test]
fn a_program_can_open_its_streams_by_name() {
    for mut session in [Session::start(), Session::stock()] {
        let cell = session.run("streams by name");
        let out = "before\nfine\nend\nafter\nfrom a child\nend\n";
        match cell.frames.is_empty() {
            true => assert_eq!(
                cell.evcxr.join("\n"),
                format!("{out}EVCXR_EXECUTION_COMPLETE")
            ),
            false => assert_eq!((cell.out().as_str(), cell.err().as_str()), (out, "oops\n")),
        }
    }
}

#[test]
fn a_program_that_was_waited_for_has_spoken() {
    let mut session = Session::start();
    let turn = |n| format!("{n}: before\nprogram\n{n}: after\n");
    let all: String = (0..50).map(turn).collect();
    assert_eq!(session.run("programs in turn").out(), all);
}

#[test]
fn lines_of_programs_stay_whole() {
    let mut session = Session::start();
    let out = session.run("programs at once").out();
    for line in ["aa", "bb", "cc"] {
        let count = out.lines().filter(|it| *it == line).count();
        assert_eq!(count, 200, "{out}");
    }
    let out = session.run("flood of a program").out();
    assert_eq!(out, "y\n".repeat(5_000_000));
}

#[test]
fn a_programs_streams_are_those_that_it_was_given() {
    let mut session = Session::start();
    let out = session.run("program's streams elsewhere").out();
    assert_eq!(out, "Ok(\"caught\\n\")\nOk(\"caught\\n\")\n");
}

#[test]
fn a_question_mark_is_told() {
    let mut session = Session::start();
    let cell = session.run("question mark");
    assert_eq!(cell.kinds(), ['E', 'Q', 'S']);
    assert_eq!(
        cell.evcxr,
        ["EVCXR_ERROR_OCCURRED", "EVCXR_EXECUTION_COMPLETE"]
    );
    let cell = session.run("changed type");
    assert_eq!(
        cell.evcxr,
        ["EVCXR_VARIABLE_CHANGED_TYPE:x", "EVCXR_EXECUTION_COMPLETE"]
    );
}

#[test]
fn input_is_asked_for_after_the_text_before() {
    let mut session = Session::start();
    session.send("input");
    assert_eq!(
        session.evcxr_line().as_deref(),
        Some("EVCXR_INPUT_REQUEST:name")
    );
    assert_eq!(session.frames_text('O'), "a question: ");
    session.send("Ada");
    assert_eq!(session.end().out(), "a question: Ada\n");
}

#[test]
fn the_connection_ends_with_the_process_and_nothing_is_lost() {
    for (cell, code) in [("exit", Some(3)), ("abort", None)] {
        let mut session = Session::start();
        session.send(cell);
        assert_eq!(session.end().out(), "last\nwords");
        assert_eq!(session.status().code(), code);
    }
    // Neither a child nor a program that it started holds the connection open.
    let mut session = Session::start();
    let cell = session.run("left behind");
    session.kill();
    assert!(session.end().evcxr.is_empty());
    for pid in cell.out().split_whitespace() {
        let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::SIGKILL).unwrap();
    }
}

#[test]
fn a_front_that_has_gone_ends_the_process() {
    let mut session = Session::start();
    session.hang_up();
    session.send("chatter");
    assert!(!session.status().success());
}

#[test]
fn a_cells_end_is_heard_at_once() {
    let mut session = Session::start();
    let mut times: Vec<Duration> = (0..1000)
        .map(|_| {
            let started = std::time::Instant::now();
            session.run("nothing");
            started.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "an empty cell: median {:?}, p99 {:?}",
        times[500], times[990]
    );
    assert!(times[500] < Duration::from_millis(20));
}

#[test]
fn a_flood_passes_quickly_and_whole() {
    let mut session = Session::start();
    for (cell, lines, bytes) in [
        ("100,000 lines", 100_000, 1_988_890),
        ("10 MB", 100_000, 10_000_000),
        ("a line of 5 MB", 1, 5_000_001),
        ("100,000 lines to stderr", 100_000, 1_988_890),
    ] {
        let started = std::time::Instant::now();
        let seen = session.run(cell);
        let took = started.elapsed();
        let text = seen.out() + &seen.err();
        println!("{cell}: {took:?}");
        assert_eq!((text.lines().count(), text.len()), (lines, bytes), "{cell}");
        assert!(
            seen.frames
                .iter()
                .all(|(_, payload)| payload.len() <= 64 * 1024)
        );
        // Generous: other tests run beside.
        assert!(took < Duration::from_secs(10), "{cell} took {took:?}");
    }
}

#[test]
fn bytes_that_are_no_text_pass_unchanged() {
    let mut session = Session::start();
    let cell = session.run("bytes");
    assert_eq!(cell.bytes('O'), b"\xff\x00\x80\n\xfe");
}

#[test]
fn progress_and_live_timelines_move_in_place() {
    let mut session = Session::start();
    let cell = session.run("progress");
    let shown = cell.of('D');
    let last = shown.last().unwrap();
    let text = last["data"].to_string();
    assert!(
        text.contains("counting 100% ▕██████████▏ 1000/1000 in "),
        "{text}"
    );
    assert!(last["display_id"].is_string());
    assert!(
        shown
            .iter()
            .all(|shown| shown["display_id"] == last["display_id"])
    );
    let cell = session.run("live");
    let last = cell.of('D').pop().unwrap();
    assert!(last["data"].to_string().contains("50 instants"));
    assert!(last["data"]["image/svg+xml"].is_string());
}

#[test]
fn without_a_front_all_goes_through_evcxrs_pipes() {
    let mut session = Session::stock();
    let cell = session.run("text");
    assert_eq!(
        cell.evcxr,
        ["one", "two", "unfinished", "EVCXR_EXECUTION_COMPLETE"]
    );
    let cell = session.run("displays");
    let blocks = cell
        .evcxr
        .iter()
        .filter(|line| line.starts_with("EVCXR_BEGIN_CONTENT"))
        .count();
    // Of each in each of its formats; evcxr shows the last.
    assert_eq!(blocks, 6);
    let lines = |cell: Cell| cell.evcxr.join("\n");
    for _ in 0..20 {
        let said = "parent\nchild 0\nchild 1\nchild 2\nended\nEVCXR_EXECUTION_COMPLETE";
        assert_eq!(lines(session.run("children")), said);
    }
    // A child that comes back to the loop does not answer for its parent; words in text are text.
    let ends = |cell: &Cell| {
        cell.evcxr
            .iter()
            .filter(|line| line.starts_with("EVCXR_EX"))
            .count()
    };
    for cell in ["raw fork", "words", "words in a child", "words flood"] {
        let cell = session.run(cell);
        assert_eq!(ends(&cell), 1, "{:#?}", cell.evcxr);
    }
    assert!(lines(session.run("words")).contains("text EVCXR-EXECUTION_COMPLETE\n"));
    assert_eq!(session.run("bytes").evcxr.len(), 3);
    let flood = session.run("100,000 lines").evcxr;
    assert_eq!(flood.len(), 100_001);
    session.send("input");
    assert_eq!(session.evcxr_line().as_deref(), Some("a question: "));
    assert_eq!(
        session.evcxr_line().as_deref(),
        Some("EVCXR_INPUT_REQUEST:name")
    );
    session.send("Ada");
    assert_eq!(lines(session.end()), "Ada\nEVCXR_EXECUTION_COMPLETE");
    let cell = session.run("progress");
    // One line for every tenth at most, and the last.
    assert!(cell.evcxr.len() <= 11, "{:#?}", cell.evcxr);
    assert!(cell.evcxr[cell.evcxr.len() - 2].contains("100%"));
    let cell = session.run("live");
    assert_eq!(
        cell.evcxr
            .iter()
            .filter(|line| line.contains("EVCXR_BEGIN_CONTENT image/svg+xml"))
            .count(),
        2
    );
    // What was said before the end is not lost.
    session.send("exit");
    assert_eq!(lines(session.end()), "last\nwords");
}
