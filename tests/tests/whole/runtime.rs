//! The session's runtime in cells: each is a shared object of its own, all use the same tasks.

use end_to_end::lent::Lent;

#[test]
fn tasks_live_across_cells() {
    let mut kernel = Lent::take();
    kernel.run("use support::prelude::*;").ok();
    // Its type is inferred, as nothing that is awaited is of a hidden crate.
    kernel
        .run("let (send, receive) = std::sync::mpsc::channel::<u32>();\nlet task = spawn(async move { runtime::spawn_blocking(move || receive.recv().unwrap()).await.unwrap() });")
        .ok();
    kernel
        .run("assert!(!task.is_finished()); send.send(42).unwrap();")
        .ok();
    let reply = kernel.run("block_on(task).unwrap()").ok();
    assert_eq!(reply.result["text/plain"], "42");

    // Cancelled by a cell, seen by another; a trace names a task.
    kernel
        .run("let trace = Trace::new();\nlet task = spawn(trace.task(\"sleeper\", async { tokio::time::sleep(Duration::from_secs(600)).await; }));")
        .ok();
    kernel.run("task.abort();").ok();
    let reply = kernel
        .run("block_on(task).unwrap_err().is_cancelled()")
        .ok();
    assert_eq!(reply.result["text/plain"], "true");
    let reply = kernel
        .run("trace.lanes().iter().filter(|lane| lane.name == \"sleeper\").count()")
        .ok();
    assert_eq!(reply.result["text/plain"], "1");

    // tokio's own functions and macros, and a loop on one thread.
    let reply = kernel
        .run(
            "block_on(async {
                let long = tokio::time::sleep(Duration::from_secs(600));
                tokio::select! { () = long => 1, () = tokio::task::yield_now() => 2 }
            })",
        )
        .ok();
    assert_eq!(reply.result["text/plain"], "2");
    kernel.run("let local = runtime::current_thread();").ok();
    kernel
        .run("let local_task = local.spawn_local(async { threads::tid() });")
        .ok();
    let reply = kernel
        .run("local.block_on(local_task).unwrap() == threads::tid()")
        .ok();
    assert_eq!(reply.result["text/plain"], "true");
    kernel.give_back();
}

#[test]
fn a_panic_is_the_tasks_and_told_in_one_line() {
    let mut kernel = Lent::take();
    kernel.run("use support::prelude::*;").ok();
    let reply = kernel
        .run("let unlucky: Task<()> = runtime::spawn_named(\"unlucky\", async {\n    panic!(\"no luck\");\n});\nlet ended = block_on(unlucky).unwrap_err().to_string();")
        .ok();
    assert_eq!(
        reply.stderr,
        format!(
            "task 'unlucky' panicked: no luck ({}, line 2)\n",
            kernel.cell(2)
        )
    );
    let reply = kernel
        .run("ended.contains(\"panicked with message \\\"no luck\\\"\")")
        .ok();
    assert_eq!(reply.result["text/plain"], "true");
    // A call that would block the runtime fails the cell, in one sentence.
    let reply = kernel
        .run("block_on(async { block_on(async {}) });")
        .error();
    assert_eq!(
        reply.field("evalue"),
        "block_on would block the runtime's thread within async code: write `.await` there"
    );
    // The kernel goes on, with a runtime of the new process.
    kernel.run("use support::prelude::*;").ok();
    kernel
        .run("let seven = block_on(spawn(async { 7 })).unwrap();")
        .ok();
    let reply = kernel.run("seven").ok();
    assert_eq!(reply.result["text/plain"], "7");
    kernel.give_back();
}
