//! Each limit that the course's README names, met: by the reason that is told, and by what was taken
//! before the end, as the program found or as a control group counted.

use super::course::{self, Course, MOST, REFERENCE, by_student};
use super::ordinary::Ordinary;
use serde_json::Value;
use std::collections::BTreeMap;

const MB: u64 = 1 << 20;

/// What a submission does, and how what is told of it begins and goes on. Where it says a number, it
/// is at most the last one.
struct Met {
    name: &'static str,
    cell: &'static str,
    told: &'static [&'static str],
    number: Option<(&'static str, u64)>,
}

/// The cells are functions' bodies; what follows one is not reached.
const ALL: &[Met] = &[
    Met {
        name: "infinite-loop",
        cell: "loop { std::hint::spin_loop() }",
        // On a machine that gives it less than a third of a core, the other limit comes first.
        told: &[
            "the program used more processor time than it may",
            "no answer came within ",
        ],
        number: None,
    },
    Met {
        name: "sleeps-for-ever",
        cell: "loop { thread::park() }",
        told: &["the program does not answer: each of its threads sleeps"],
        number: None,
    },
    Met {
        name: "output",
        cell: "let line = \"x\".repeat(1 << 20); loop { println!(\"{line}\"); }",
        told: &["the program printed more than 10 MB"],
        number: None,
    },
    Met {
        name: "memory",
        cell: "let mut all = Vec::new(); loop { all.push(vec![1u8; 16 << 20]); }",
        told: &[
            "the program occupied more than 512 MB of memory",
            "the program was ended by SIGKILL",
        ],
        number: None,
    },
    Met {
        name: "memory-of-many",
        cell: "for _ in 0..20 { if unsafe { libc::fork() } == 0 { let piece = vec![1u8; 100 << 20]; loop { thread::park(); std::hint::black_box(&piece); } } } loop { thread::sleep(Duration::from_millis(1)) }",
        told: &[
            "the program occupied more than 512 MB of memory",
            "the program was ended by SIGKILL",
        ],
        number: None,
    },
    // What no process maps: each of these is bounded by itself.
    Met {
        name: "memory-in-files",
        cell: "use std::io::Write;
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let (piece, mut written) = (vec![1u8; 1 << 20], 0);
    for folder in [\"/tmp\", \"/dev/shm\"] { for n in 0..40 {
        if let Ok(mut file) = std::fs::File::create(format!(\"{folder}/{n}\")) { while file.write_all(&piece).is_ok() { written += 1; } }
    } }
    panic!(\"filled {written}\")",
        told: &["the program panicked"],
        number: Some(("filled ", 128)),
    },
    Met {
        name: "memory-in-pipes",
        cell: "use std::io::Write;
    let (piece, mut written, mut kept) = (vec![1u8; 4096], 0, Vec::new());
    while let Ok((reader, mut writer)) = std::io::pipe() {
        use std::os::fd::AsRawFd;
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20); libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        while writer.write_all(&piece).is_ok() { written += 4096; }
        kept.push((reader, writer));
    }
    panic!(\"filled {}\", written >> 20)",
        told: &["the program panicked"],
        number: Some(("filled ", 128)),
    },
    Met {
        name: "memory-in-sockets",
        cell: "use std::{io::Write, os::unix::net::UnixStream};
    for _ in 0..100 { if unsafe { libc::fork() } == 0 {
        let (piece, mut kept) = (vec![1u8; 4096], Vec::new());
        while let Ok((one, mut other)) = UnixStream::pair() {
            other.set_nonblocking(true).unwrap();
            while other.write_all(&piece).is_ok() {}
            kept.push((one, other));
        }
        loop { thread::park(); }
    } }
    loop { thread::sleep(Duration::from_millis(1)) }",
        told: &["the program had more than 1000 sockets"],
        number: None,
    },
    Met {
        name: "processes",
        cell: "let mut forked = 0;
    loop { match unsafe { libc::fork() } { 0 => loop { thread::park() }, -1 => break, _ => forked += 1 } }
    panic!(\"forked {forked}\")",
        told: &["the program panicked"],
        number: Some(("forked ", 128)),
    },
    Met {
        name: "threads",
        cell: "let mut started = 0;
    while thread::Builder::new().spawn(|| loop { thread::park() }).is_ok() { started += 1; }
    panic!(\"started {started}\")",
        told: &["the program panicked"],
        number: Some(("started ", 128)),
    },
    Met {
        name: "fork-bomb",
        cell: "loop { unsafe { libc::fork() }; }",
        told: &[
            "no answer came within ",
            "the program used more processor time than it may",
        ],
        number: None,
    },
];

/// Whole cells that the compiler meets a limit at.
const COMPILED: &[(&str, &str, &[&str])] = &[
    (
        "compiler-s-memory",
        "#[used] static BIG: [u8; 3 << 30] = [1; 3 << 30]; fn sum(_: Vec<u32>) -> u64 { u64::from(BIG[7]) }",
        &["compiling the solution occupied more than 2 GB of memory"],
    ),
    (
        "compiler-s-time",
        "#[allow(long_running_const_eval)] const X: u64 = { let mut i = 0u64; loop { i = i.wrapping_add(1); if i == u64::MAX { break i; } } }; fn sum(_: Vec<u32>) -> u64 { X }",
        &[
            "the compiler used more processor time than it may",
            "the solution does not compile within ",
        ],
    ),
];

#[test]
fn each_is_met_and_told() {
    meets_each(&|course| course.grade(&[]));
}

#[test]
fn an_ordinary_user_has_them_too() {
    if let Some(user) = Ordinary::new() {
        meets_each(&|course| by_student(&user.grade(&[&course.submitted()], &["--again"])));
    }
}

fn meets_each(grade: &dyn Fn(&Course) -> BTreeMap<String, Value>) {
    let course = Course::new();
    course.let_others_read();
    course.submit("honest", REFERENCE);
    for met in ALL {
        let cell = format!(
            "#[allow(unreachable_code, unused_variables)] fn sum(numbers: Vec<u32>) -> u64 {{ {}; 0 }}",
            met.cell
        );
        course.submit(met.name, &cell);
    }
    for (name, cell, _) in COMPILED {
        course.submit(name, cell);
    }
    let graded = grade(&course);
    assert_eq!(graded["honest"]["points"], MOST);
    for met in ALL {
        let one = &graded[met.name];
        let said = one["tests"][0]["reason"].as_str().unwrap_or_default();
        println!("{}: {said}: {}", met.name, one["resources"]);
        assert_eq!(one["points"], 0.0, "{one:#}");
        let begins = |words: &&str| said.starts_with(words);
        assert!(met.told.iter().any(begins), "{}: {said}", met.name);
        if let Some((before, most)) = met.number {
            let number = said.rsplit_once(before).expect(before).1.parse::<u64>();
            let number = number.unwrap_or_else(|_| panic!("{said}"));
            assert!(0 < number && number <= most, "{}: {said}", met.name);
        }
        assert!(peak(one, "memory") <= 640 * MB, "{one:#}");
    }
    for (name, _, told) in COMPILED {
        let one = &graded[*name];
        println!("{name}: {}: {}", one["reason"], one["resources"]);
        let said = one["reason"].as_str().unwrap_or_default();
        assert!(
            told.iter().any(|words| said.starts_with(words)),
            "{name}: {said}"
        );
        assert!(peak(one, "compiler_memory") <= 2560 * MB, "{one:#}");
    }
}

/// A submission that takes all the processor time it can get, in ever new processes.
const STARVES: &str = "fn sum(numbers: Vec<u32>) -> u64 {
    for _ in 0..118 { if unsafe { libc::fork() } == 0 { loop {
        let until = std::time::Instant::now() + Duration::from_millis(2500);
        while std::time::Instant::now() < until { std::hint::spin_loop() }
        if unsafe { libc::fork() } > 0 { std::process::exit(0) }
    } } }
    thread::sleep(Duration::from_secs(9));
    numbers.iter().map(|n| u64::from(*n)).sum()
}";

#[test]
fn nobody_starves_the_one_beside() {
    let course = Course::new();
    // In this order: the starving one has begun when the others do.
    course.submit("a-starving-one", STARVES);
    for n in 0..4 {
        course.submit(&format!("honest-{n}"), REFERENCE);
    }
    let graded = course.grade(&["--jobs", "2"]);
    for n in 0..4 {
        let one = &graded[&format!("honest-{n}")];
        assert_eq!(one["points"], MOST, "{one:#}");
    }
}

/// While a value comes byte by byte, the program is looked at.
#[test]
fn a_slow_value_hides_no_memory() {
    let course = Course::new();
    let mut book = course::source();
    let test = &mut book["cells"][2]["source"];
    let text = test.as_str().expect("a text").replace(
        "let sum: u64 = judge.ask(\"sum\", (&numbers,))?;",
        "judge.begin(\"sum\", (&numbers,))?;
let _: Vec<u8> = judge.connection()?.receive()?;
let sum: u64 = judge.answer()?;",
    );
    assert!(text.contains("receive"), "{text}");
    *test = text.into();
    let again = &mut book["cells"][3]["source"];
    *again = "// And again.\n// BEGIN HIDDEN TESTS\nOk(())\n// END HIDDEN TESTS".into();
    let with = |sends: &str| {
        format!(
            "use ::judge::program;
fn sum(numbers: Vec<u32>) -> u64 {{ use std::io::Write; let mut stream = program::connect(\"value\"); {sends}
numbers.iter().map(|n| u64::from(*n)).sum() }}"
        )
    };
    let honest = with("program::send(&mut stream, &vec![1u8]).unwrap();");
    book["cells"][0]["source"] = honest.as_str().into();
    course.write("source/sum/sum.ipynb", book.to_string());
    course.submit("honest", &honest);
    let grows = "thread::spawn(|| { let mut all = Vec::new(); loop { all.push(vec![1u8; 8 << 20]); thread::sleep(Duration::from_millis(20)); } });";
    let slow = "stream.write_all(&100_000u32.to_le_bytes()).unwrap(); while stream.write_all(&[1]).is_ok() { thread::sleep(Duration::from_millis(5)); }";
    course.submit("slow", &with(&format!("{grows} {slow}")));
    course.submit(
        "silent",
        &with(&format!(
            "{grows} loop {{ thread::sleep(Duration::from_millis(9)) }}"
        )),
    );
    let graded = course.grade(&[]);
    assert_eq!(graded["honest"]["points"], MOST);
    for student in ["slow", "silent"] {
        let said = graded[student]["tests"][0]["reason"].to_string();
        let told = "value sent nothing: the program occupied more than 512 MB of memory";
        assert!(said.contains(told), "{student}: {said}");
    }
}

/// Its own memory counts, for what it reads is what the program sends; and all tests together have a
/// limit, which is met twice before it counts.
#[test]
fn a_judge_has_limits_too() {
    let course = Course::new();
    let mut book = course::source();
    let test = &mut book["cells"][2]["source"];
    let text = test.as_str().expect("a text").replace(
        "judge.same(sum, total",
        "let taken = vec![1u8; if sum == 1 { 1200 << 20 } else { 0 }];
std::thread::sleep(std::time::Duration::from_secs(if sum < 3 { 60 } else { 0 }));
judge.check(taken.len() < 7, \"\")?;
judge.same(sum, total",
    );
    assert!(text.contains("1200"), "{text}");
    *test = text.into();
    course.write("source/sum/sum.ipynb", book.to_string());
    course.submit("honest", REFERENCE);
    course.submit("memory", "fn sum(_: Vec<u32>) -> u64 { 1 }");
    course.submit("time", "fn sum(_: Vec<u32>) -> u64 { 2 }");
    let graded = course.grade(&["--tests-limit", "5"]);
    assert_eq!(graded["honest"]["points"], MOST, "{graded:#?}");
    let said = |student: &str| graded[student]["tests"][0]["reason"].clone();
    let memory = "the program and its judge together occupied more than 1024 MB of memory";
    assert_eq!(said("memory"), memory);
    assert_eq!(said("time"), "all tests together took more than 20 s");
    for student in ["memory", "time"] {
        assert_eq!(graded[student]["points"], 0.0, "{graded:#?}");
    }
}

/// The peak of a control group; 0 where the report says that there is none.
fn peak(graded: &Value, what: &str) -> u64 {
    let resources = &graded["resources"];
    let unbounded = resources["unbounded"].to_string();
    match resources[what].as_u64() {
        Some(bytes) => bytes,
        None if unbounded.contains("memory is bounded by looks") => 0,
        None => panic!("no peak: {graded:#}"),
    }
}
