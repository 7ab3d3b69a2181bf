//! Each program ends well within its time, says what its lesson is about, and leaves nothing behind.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A program's name, and words that stand in its output in this order.
macro_rules! programs {
    ($($test:ident: $name:literal, $words:expr;)*) => {
        $(
            #[test]
            fn $test() {
                run($name, env!(concat!("CARGO_BIN_EXE_", $name)), &$words);
            }
        )*

        #[test]
        fn each_program_is_run() {
            let folder = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder");
            let files = folder.flatten().map(|entry| entry.file_name());
            let files = files.filter_map(|file| file.into_string().ok());
            let mut programs: Vec<String> = files.filter(|file| file.ends_with(".rs")).collect();
            programs.sort();
            assert_eq!(programs, [$(concat!($name, ".rs")),*]);
        }
    };
}

programs! {
    tasks: "01-tasks", ["12 jobs, cores for this program:", "waiting: 12 workers", "computing: 2 workers", "the same 6057 primes"];
    fork: "02-fork", ["9 requests of 20ms each took", "was ended by SIGTERM", "together 9, and the parent's own count says 0"];
    process: "03-process", ["the parent's number is still 1", "unlucky:  panics", ", 101))", "dropped; waitpid says Err(ECHILD)"];
    pool: "04-pool", ["9 tasks of 25ms each took", "SIGKILL", "4: 16, 6: 36"];
    programs_and_signals: "05-programs-and-signals", [r#"head -n 2: [0, 0, 0], "9\n8\n""#, "head -n 1: [141, 0]", "no-such-program: [127]", "one SIGCHLD: 3 programs have ended", "SIGTERM: read like data"];
    queues_and_pipes: "06-queues-and-pipes", [r#"{"ada": 1000, "edsger": 1000, "grace": 1000}"#, "the shared counter:    3000", "the ordinary variable: 0"];
    threads: "07-threads", ["Rome panics", "240 ms of waiting took", "Oslo: 2", "Rome: panicked, a reading is a number", "Lima: 60"];
    sharing: "08-sharing", ["the stock is freed by", "highest count seen: Some(6000)", "is the stock still there? false"];
    locks: "09-locks", ["with a mutex: 100000", "[false, false]", "Ada has -900, Bob has 1100"];
    channels: "10-channels", ["feed, then collect:", "a thread feeds:", "of 12 jobs 12 were fed, 12 answered"];
    atomics: "11-atomics", ["100000 additions: spinlock 100000, Mutex 100000", "uses a core for"];
    interleavings: "12-interleavings", ["loses one in 4 of 6: ABAB", "fails in none of 2 schedules", "is stuck in 2 of 6: AB"];
    data_parallelism: "13-data-parallelism", ["0 stolen, the second thread did 75 % of the work", "by rayon:", "every sum is the same"];
    io: "14-io", ["20000 calls, with a buffer 3", "after write: 0, after flush: 10", "pieces of work done"];
    event_loop: "15-event-loop", ["quick client: has answer 5", "slow client:  has read 16000000 bytes", "found no room to write"];
    coroutines: "16-coroutines", ["async block  : [0, 1, 1, 2, 3, 5, 8", "from a thread a number costs"];
    futures: "17-async", ["by hand: 2 tasks took", "tokio  : hello from b", "a timer that was polled before woke its task"];
    tokio: "18-tokio", [r#"read_line: ["ONE", "closing soon", "O", "THREE""#, "too late: Connection refused", r#"next_line: ["ONE", "closing soon", "TWO", "THREE""#];
    processes_and_threads: "19-processes-and-threads", ["2 × loop:", "SIGKILL", "reported in process B"];
    web_server: "20-web-server", ["hello, &lt;script>!", "200 at once: answered in", "all 20 are answered", "Connection refused"];
}

fn run(name: &str, program: &str, words: &[&str]) {
    let limit = Duration::from_secs(20);
    let child = Command::new(program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("the program starts");
    // Its processes have a group of their own, whose number is the first one's.
    let group = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    let (sender, output) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = output.recv_timeout(limit) else {
        let _ = killpg(group, Signal::SIGKILL);
        panic!("{name} was still running, or had left a process, after {limit:?}");
    };
    let output = output.expect("its output");
    assert!(
        killpg(group, None).is_err(),
        "{name} has left a process in its group"
    );
    let (said, wrong) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{name}: {}\n{wrong}",
        output.status
    );
    assert!(wrong.is_empty(), "{name} wrote to stderr:\n{wrong}");
    let mut rest = &*said;
    for word in words {
        let Some((_, behind)) = rest.split_once(word) else {
            panic!("{name} does not say {word:?} where it should:\n{said}");
        };
        rest = behind;
    }
}
