//! The kernel's promises: cells and what they leave for the next cell.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;

#[test]
fn a_panic_is_an_error_reply_and_the_next_cell_works() {
    let mut kernel = Lent::take();
    kernel.run("fn kept() -> i32 { 7 }").ok();
    let reply = kernel
        .run("print!(\"before \");\npanic!(\"boom\");")
        .error();
    assert!(reply.stdout.contains("before"), "{reply:?}");
    assert_eq!(
        (reply.field("ename"), reply.field("evalue")),
        ("panic".into(), "boom".into())
    );
    assert!(
        reply
            .traceback()
            .contains(&format!("--> {}, line 2", kernel.cell(2))),
        "{reply:?}"
    );
    assert_eq!(reply.stderr, "", "it is told once");
    assert_eq!(kernel.run("kept()").ok().text(), "7");
    kernel.run("assert_eq!(1, 2);").error();
    // The hook is back in the process that the kernel started anew.
    let reply = kernel.run("std::thread::spawn(|| { let nothing: Option<i32> = None; nothing.unwrap() }).join().is_err()");
    assert_eq!(reply.text(), "true", "{reply:?}");
    assert!(
        reply.stderr.contains("thread 'unnamed' panicked"),
        "{reply:?}"
    );
    kernel.give_back();
}

#[test]
fn a_static_counts_over_cells() {
    let mut kernel = Lent::take();
    for expected in ["0", "1", "2"] {
        // Each cell is a library of its own; the counter is in `support`, of which there is one.
        assert_eq!(kernel.run("support::kernel::forks()").ok().text(), expected);
        kernel.run("if let Ok(support::nix::unistd::ForkResult::Child) = unsafe { support::nix::unistd::fork() } { std::process::exit(0) }").ok();
    }
    kernel.give_back();
}

#[test]
fn output_without_a_newline_is_its_own_cells() {
    let mut kernel = Lent::take();
    assert_eq!(kernel.run("print!(\"first\");").ok().stdout, "first");
    let reply = kernel.run("print!(\"second\"); 5").ok();
    assert_eq!((reply.stdout.as_str(), reply.text()), ("second", "5"));
    kernel.give_back();
}

#[test]
fn variables_live_on_and_their_types_are_inferred() {
    let mut kernel = Lent::take();
    kernel.run("let words: Vec<_> = \"b a\".split(' ').map(str::to_owned).collect(); let n = words.len();").ok();
    kernel
        .run("let mut sorted = words.clone(); sorted.sort();")
        .ok();
    assert_eq!(kernel.run("(sorted, n)").ok().text(), r#"(["a", "b"], 2)"#);
    kernel.give_back();
}

#[test]
fn two_kernels_started_at_once_both_work() {
    let both = [0, 1].map(|number| {
        std::thread::spawn(move || {
            let mut kernel = Kernel::start();
            let reply = kernel.run(&format!("{number} + 40")).ok();
            assert_eq!(reply.text(), format!("{}", number + 40));
            kernel.shut_down();
        })
    });
    for one in both {
        one.join().expect("both kernels work");
    }
}

#[test]
fn a_notebook_works_from_another_directory_and_sees_that_directory() {
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(elsewhere.path().join("here.txt"), "found").expect("a writable folder");
    let mut kernel = Kernel::start_in(elsewhere.path());
    kernel
        .run(":dep support = { path = \"../support\" }\nuse support::prelude::*;")
        .ok();
    assert_eq!(
        kernel
            .run("std::fs::read_to_string(\"here.txt\").unwrap()")
            .ok()
            .text(),
        "\"found\""
    );
    kernel.shut_down();
}
