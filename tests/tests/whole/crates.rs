//! Crates and files of the reader's own.

use end_to_end::kernel::{Kernel, Reply};
use end_to_end::repository;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// What `support` may take to compile, on a busy machine.
const COMPILING: Duration = Duration::from_secs(900);

/// What was shown at the cell while it waited, and whether it was taken back.
fn told(reply: &Reply) -> (String, bool) {
    let is_cleared = |(kind, _): &(String, _)| kind == "clear_output";
    let texts = reply.shown.iter().map(|(_, content)| {
        let text = &content["data"]["text/plain"];
        text.as_str().unwrap_or_default()
    });
    (
        texts.collect::<Vec<_>>().join("\n"),
        reply.shown.iter().any(is_cleared),
    )
}

/// `support` is compiled with nix: with one feature more it is another `support`.
#[test]
fn a_crate_that_support_is_made_of_with_another_feature() {
    let before = libraries_of_the_template();
    assert!(before.len() > 100, "{before:?}");
    let mut kernel = Kernel::start();
    kernel.run("let kept = 7; fn seven() -> u32 { 7 }").ok();
    let dependency =
        ":dep nix = { version = \"0.31\", default-features = false, features = [\"hostname\"] }";
    // A cell that does not compile changes nothing, however much was compiled for it.
    let cell = kernel.begin(&format!("{dependency}\nnosuch();"));
    let refused = kernel.finish_within(&cell, COMPILING).error();
    assert_eq!(refused.field("ename"), "E0425");
    let (text, is_taken_back) = told(&refused);
    assert!(text.contains("made of `nix` too"), "{text}");
    assert!(
        text.contains("Variables of earlier cells will be gone"),
        "{text}"
    );
    assert!(is_taken_back, "{text}");
    assert_eq!(kernel.run("kept").ok().text(), "7");
    let code = format!("{dependency}\nprintln!(\"{{}}\", nix::unistd::gethostname().is_ok());");
    let reply = kernel.run(&code).ok();
    assert_eq!(reply.stdout, "true\n");
    let (text, _) = told(&reply);
    assert!(
        text.contains("Variables of earlier cells are gone"),
        "{text}"
    );
    // What had to go is gone; what is kept is there; and the new process is guarded as the
    // first one was.
    let lost = kernel.run("kept").error();
    assert_eq!(lost.field("ename"), "E0425");
    assert_eq!(kernel.run("seven()").ok().text(), "7");
    let forked = kernel.run("match unsafe { support::libc::fork() } { 0 => println!(\"child\"), child => { support::nix::sys::wait::waitpid(support::nix::unistd::Pid::from_raw(child), None).unwrap(); println!(\"parent\") } }");
    assert_eq!(forked.ok().stdout, "child\nparent\n");
    // The same again costs nothing.
    let again = kernel.run(&code).ok();
    assert_eq!(
        (again.stdout.as_str(), told(&again).0.as_str()),
        ("true\n", "")
    );
    kernel.shut_down();
    // The kernel has begun with links to them.
    assert_eq!(libraries_of_the_template(), before);
}

/// When each was written, and how long it is.
fn libraries_of_the_template() -> Vec<(PathBuf, SystemTime, u64)> {
    let pattern = repository().join(".lab/template/*/build/**/*.r*");
    let files = glob::glob(&pattern.to_string_lossy()).expect("a pattern");
    let described = files.flatten().map(|file| {
        let metadata = file.metadata().expect("a file");
        (file, metadata.modified().expect("a time"), metadata.len())
    });
    described.collect()
}

#[test]
fn paths_begin_at_the_notebook_wherever_it_lies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("some where");
    std::fs::create_dir_all(place.join("mine/src")).expect("a writable folder");
    let write = |name: &str, text: &str| {
        std::fs::write(place.join(name), text).expect("a writable folder");
    };
    write("data.txt", "from a file");
    write(
        "mine/src/lib.rs",
        "pub fn name() -> &'static str { \"mine\" }\n",
    );
    write(
        "mine/Cargo.toml",
        "[package]\nname = \"mine\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    let mut kernel = Kernel::start_in(&place);
    kernel.run(":dep support = { path = \"../support\" }").ok();
    let reply = kernel.run(":dep mine = { path = \"mine\" }\nprintln!(\"{} {}\", mine::name(), include_str!(\"data.txt\"));");
    assert_eq!(reply.ok().stdout, "mine from a file\n");
    let missing = kernel.run("include_str!(\"missing.txt\")").error();
    let whole = place.join("missing.txt").display().to_string();
    assert!(
        missing.traceback().contains(&whole),
        "{}",
        missing.traceback()
    );
    let here = kernel.run("std::env::current_dir().unwrap()").ok();
    assert_eq!(here.text(), format!("{:?}", place));
    kernel.shut_down();
}
