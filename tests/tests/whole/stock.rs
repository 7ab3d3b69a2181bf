//! What `lab::stock` says of evcxr_jupyter, asked of the real one: without the front, as it is.
//!
//! Where one of these fails after a change of `lab::stock::VERSION`, it names what no longer holds.

use end_to_end::books;
use end_to_end::kernel::Kernel;
use jupyter_protocol::KernelInfoRequest;
use lab::{home::Home, installed::Installed, kernelspec, shims, stock, template};
use serde_json::Value;
use std::path::PathBuf;

/// The kernel's folder: the only one in the place for its temporary files.
fn folder(kernel: &Kernel) -> PathBuf {
    kernel.temporary().join("build")
}

fn read(kernel: &Kernel, name: &str) -> String {
    let file = folder(kernel).join("build").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("evcxr writes no {name}"))
}

#[test]
fn its_names_and_words() {
    let mut kernel = Kernel::start_without_front();
    let info = kernel.ask(KernelInfoRequest {});
    assert_eq!(info["implementation_version"], stock::VERSION, "VERSION");

    kernel.run("println!(\"hello\");").ok();
    let source = read(&kernel, stock::SOURCE);
    assert!(source.contains("println!(\"hello\");"), "SOURCE: {source}");
    let home = Home::of_this_program().expect("the repository");
    let support = format!("{}\n", template::support_dependency(&home));
    assert_eq!(
        read(&kernel, "Cargo.toml"),
        stock::manifest(template::CELLS_LEVEL, &support),
        "manifest, dependency, CRATE"
    );
    assert_eq!(
        read(&kernel, ".cargo/config.toml"),
        stock::CARGO_CONFIG,
        "CARGO_CONFIG"
    );

    kernel.run("struct Silent;").ok();
    kernel.run("Silent").error();
    // In the end it has asked for the Debug; what it tried first is what its messages are about.
    let tried = kernel.run("nosuch()").error();
    let said = tried.errors[0]["traceback"].to_string();
    assert!(said.contains(&format!("{}5", stock::CELL)), "CELL: {said}");

    assert_eq!(kernel.run("()").ok().text(), stock::NOTHING, "NOTHING");
    let ended = kernel.run("std::process::exit(3);").error();
    let evalue = ended.errors[0]["evalue"].as_str().unwrap_or_default();
    let (_, how) = evalue.split_once(stock::ENDED).unwrap_or_default();
    assert_eq!(how.trim(), "exit status: 3", "ENDED: {evalue}");

    kernel.run(kernelspec::SHOWN_AS_CHOSEN).ok();
    for command in [":fmt {:#?}", ":types"] {
        assert!(stock::chooses_format(command), "chooses_format");
        kernel.run(command).ok();
    }
    assert_ne!(
        kernel.run("Some(1)").ok().text(),
        "Some(1)",
        "chooses_format"
    );
    kernel.shut_down();
}

/// Where a result cannot show itself, rustc names the traits by which it could, and has their `use` put
/// before the first line of the crate; evcxr takes that for an error of the cell whose line it is.
#[test]
fn a_result_is_shown_whatever_its_cell_begins_with() {
    let mut kernel = Kernel::start_alone();
    kernel
        .run(":dep support = { path = \"../support\" }\nuse support::prelude::*;")
        .ok();
    let nothing = "use std::rc::Rc;\n\nfn one() -> Rc<u32> { Rc::new(1) }\nif *one() == 1 { println!(\"one\"); }";
    let said = kernel
        .run_saying(nothing, |it| it.stdout == "one\n")
        .ok()
        .stdout;
    assert_eq!(said, "one\n");
    let number = kernel
        .run("use std::rc::Weak;\n\nfn none() -> Weak<u32> { Weak::new() }\n1 + 1")
        .ok();
    assert_eq!(number.text(), "2");
    let picture = kernel
        .run("use std::sync::Arc;\n\nfn two() -> Arc<u32> { Arc::new(2) }\nTrace::new().timeline()")
        .ok();
    assert!(picture.result.contains_key("image/svg+xml"), "{picture:?}");
    kernel.shut_down();
}

/// `cargo test -p end-to-end --test whole each_lesson -- --ignored`. A cell that is to fail may succeed here.
#[test]
#[ignore = "runs every lesson, at a stock kernel's pace: ten minutes"]
fn each_lesson_runs_on_it() {
    let home = Home::of_this_program().expect("the repository");
    let mut failed = Vec::new();
    for path in home.files("notebooks", "ipynb").expect("the lessons") {
        let text = std::fs::read(&path).expect("a lesson");
        let book: Value = serde_json::from_slice(&text).expect("JSON");
        let mut kernel = Kernel::start_alone();
        for cell in book["cells"].as_array().expect("a list") {
            let mut tags = cell["metadata"]["tags"].as_array().into_iter().flatten();
            let is_to_fail = tags.any(|tag| tag == "raises-exception");
            if cell["cell_type"] == "code" && !is_to_fail {
                let code = books::source(cell);
                let reply = kernel.run(&code);
                if reply.status != "ok" {
                    failed.push(format!("{}: {code}\n{:?}\n", path.display(), reply.errors));
                }
            }
        }
        kernel.shut_down();
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Cells of ours use another in its place.
#[test]
fn its_runtime_is_known_with_all_that_cells_may_name_in_it() {
    let ours = lab::home::Home::of_this_program().expect("the repository");
    let ours = std::fs::read_to_string(ours.root.join("support/src/kernel/store.rs"));
    let ours = ours.expect("the store of variables");
    let named = |text: &str| {
        let lines = text.lines().map(str::trim);
        let public = lines.filter_map(|line| {
            line.strip_prefix("pub ")?
                .split(['(', '<', ':', ' '])
                .nth(1)
                .map(str::to_owned)
        });
        public.collect::<std::collections::BTreeSet<_>>()
    };
    let its = named(stock::program::RUNTIME);
    assert!(its.len() > 8, "{its:?}");
    assert_eq!(named(&ours), its);
}

#[test]
fn the_program_that_it_writes() {
    use stock::program;
    let mut kernel = Kernel::start_without_front();
    let mut written = |code: &str| {
        kernel.run(code).ok();
        read(&kernel, stock::SOURCE)
    };
    let holds = |text: &str, what: &str, word: &str| {
        assert!(text.contains(what), "{word}: {text}");
    };
    let first = written("fn one() -> u8 { 1 }\nlet a = one(); let b = 2u8;");
    holds(
        &first,
        &format!("{}u8{}a)", program::STORES, program::OF),
        "STORES, OF",
    );
    holds(&first, program::GONE, "GONE");
    let runtime = program::runtime(&first).expect("RUNTIME");
    assert!(
        first[runtime.end..].starts_with("#[unsafe(no_mangle)]\n"),
        "RUNTIME"
    );
    let second = written("println!(\"{}\", a + b);");
    for (begin, word) in [(program::CHECKS, "CHECKS"), (program::TAKES, "TAKES")] {
        holds(&second, &format!("{begin}u8{}a)", program::OF), word);
    }
    let tries = written("let c: u8 = \"3\".parse()?;");
    holds(&tries, program::TRIES, "TRIES");
    holds(&tries, program::TRIED, "TRIED");
    // The first has its runtime behind the items, and the last no variable to take.
    let last = {
        written(":clear");
        written("fn two() -> u8 { 2 }\nprintln!(\"{}\", two());")
    };
    for (text, item, statement) in [
        (&first, "fn one()", "let a = one();"),
        (&second, "fn one()", "println!(\"{}\", a + b);"),
        (&tries, "fn one()", "let c: u8 ="),
        (&last, "fn two()", "println!(\"{}\", two());"),
    ] {
        let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
        let items = program::items(text);
        assert!(
            place(item) < items && items < place(statement),
            "items: {text}"
        );
        let end = items + program::end_of_own_statements(&text[items..]).expect("OWN");
        let rest = &text[end..];
        let rest = rest.strip_prefix(program::TRIES).unwrap_or(rest);
        assert!(rest.starts_with(statement), "OWN: {rest}");
        assert!(text.contains(program::END), "END: {text}");
        for line in text.lines().filter(|line| line.contains("put_variable::<")) {
            let name = program::stored(line);
            assert!(["a", "b", "c"].map(Some).contains(&name), "stored: {line}");
        }
        assert!(program::is_statement(&text[..end]), "is_statement");
        assert!(!program::is_statement(&text[..items]), "is_statement");
    }
    kernel.shut_down();
}

#[test]
fn what_it_asks_of_cargo_and_leaves_for_the_next_cell() {
    let mut kernel = Kernel::start_without_front();
    kernel.run("println!(\"hello\");").ok();
    let installed = Home::of_this_program().and_then(|home| Installed::read(&home));
    let host = installed.expect("a set-up").toolchain.host().to_owned();
    let target = folder(&kernel).join("build").join(stock::TARGET);
    let made = target.join(&host).join("debug");
    assert!(!made.join(stock::LIBRARY).exists(), "LIBRARY is renamed");
    let code = std::fs::read_dir(&made).expect("TARGET").flatten();
    let code = code.filter(|entry| entry.file_name().to_string_lossy().starts_with("libcode_"));
    assert!(code.count() > 0, "LIBRARY is renamed to libcode_….so");
    // Each of its builds was of the kind that is known, or cargo would have had to build.
    let messages = std::fs::read_to_string(folder(&kernel).join(shims::MESSAGES));
    let messages = messages.expect("cargo_arguments, WHICH: its builds are the kernel's cargo's");
    assert!(messages.contains(stock::CRATE), "CRATE");
    assert!(
        !kernel_recorded(&kernel),
        "manifest, cargo_arguments, rust_flags, FIRST_LEVEL"
    );
    // What it tries first is the method.
    kernel.run(kernelspec::SHOWN_AS_CHOSEN).ok();
    kernel.run("mod m { pub struct Loud; impl Loud { pub fn evcxr_display(&self) { println!(\"loud\") } } }").ok();
    assert_eq!(
        kernel
            .run_saying("m::Loud", |it| it.stdout.trim() == "loud")
            .ok()
            .stdout
            .trim(),
        "loud",
        "DISPLAY"
    );
    assert_eq!(stock::DISPLAY, "evcxr_display");
    // Asked whether a dependency exists, it calls the program something else.
    kernel
        .run(":dep no-such-crate-anywhere = { path = \"/nonexistent\" }")
        .error();
    assert!(read(&kernel, "Cargo.toml").contains(stock::PROBE), "PROBE");
    kernel.shut_down();
}

/// Whether a command had to be learnt in the kernel: those for its first cells come with the template.
fn kernel_recorded(kernel: &Kernel) -> bool {
    let count = |folder: PathBuf| std::fs::read_dir(folder).expect("commands").count();
    let home = Home::of_this_program().expect("the repository");
    let installed = Installed::read(&home).expect("a set-up");
    let template = template::Template::current(&home, &installed).expect("a template");
    count(folder(kernel).join("commands")) != count(template.folder().join("commands"))
}
