//! The process that runs cells: evcxr's loop, and the cells that the tests ask for by name.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::JoinHandle;

use support::prelude::*;
use support::{display, kernel, progress, threads};

/// The dynamic loader calls this before `main`, on the process's first thread: where the test
/// program is started as evcxr's process, it becomes that and never reaches its tests.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    let named = std::env::current_exe().is_ok_and(|exe| {
        exe.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("evcxr-cells"))
    });
    if named && std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        // SAFETY: Rust's own start-up, which has not run yet, would do the same.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        kernel::loaded();
        run_loop();
    }
}

fn run_loop() -> ! {
    // SAFETY: nothing else reads this process's stdin, except a cell while it runs.
    let stdin = unsafe { std::fs::File::from_raw_fd(0) };
    for line in BufReader::new(stdin).lines() {
        LINE.with_borrow_mut(|name| *name = line.unwrap());
        cell();
        // evcxr has a standard library of its own, and so a buffer of its own.
        raw(b"EVCXR_EXECUTION_COMPLETE\n");
    }
    std::process::exit(0);
}

thread_local! {
    static LINE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

fn raw(bytes: &[u8]) {
    // SAFETY: the bytes live through the call.
    unsafe { libc::write(1, bytes.as_ptr().cast(), bytes.len()) };
}

/// As a cell is called: a panic cannot leave it.
extern "C" fn cell() {
    let name = LINE.with_borrow(|name| name.clone());
    match name.as_str() {
        "nothing" => {}
        // SAFETY: nobody else closes or opens descriptors here.
        "closes stdout" => drop(unsafe { libc::close(1) }),
        "sends stdout elsewhere" => {
            let nowhere = std::fs::File::options().write(true).open("/dev/null");
            nix::unistd::dup2_stdout(nowhere.unwrap()).unwrap();
        }
        "keeps stdout" => {
            let (keeps, kept) = std::sync::mpsc::channel();
            threads::spawn("miser", move || {
                let _lock = std::io::stdout().lock();
                keeps.send(()).unwrap();
                loop {
                    std::thread::park();
                }
            });
            kept.recv().unwrap();
        }
        "text" => {
            println!("one");
            eprintln!("error");
            println!("two");
            print!("unfinished");
        }
        "children" => {
            println!("parent");
            for n in 0..3 {
                child(|| println!("child {n}"));
            }
            println!("ended");
        }
        "raw fork" => {
            // SAFETY: the child only prints before it comes back to the loop, which then ends it.
            let forked = unsafe { nix::unistd::fork() }.unwrap();
            if let nix::unistd::ForkResult::Parent { child } = forked {
                nix::sys::wait::waitpid(child, None).unwrap();
            }
            let who = if kernel::forks() > 0 {
                "parent"
            } else {
                "child"
            };
            println!("{who}");
            println!("EVCXR_BEGIN_CONTENT text/plain\n{who}\nEVCXR_END_CONTENT");
        }
        "prompt" => {
            print!("name? ");
            std::io::stdout().flush().unwrap();
            std::fs::read(std::env::var_os("GATE").unwrap()).unwrap();
            println!("thank you");
        }
        "words" => {
            print!("{}", super::WORDS);
            println!("end");
        }
        "words in a child" => {
            child(|| {
                print!("{}", super::WORDS);
                println!("end of the child");
            });
            println!("end");
        }
        "words flood" => {
            for _ in 0..20_000 {
                println!("EVCXR_EXECUTION_COMPLETE");
            }
        }
        "words thread" => drop(std::thread::spawn(|| {
            loop {
                println!("EVCXR_EXECUTION_COMPLETE");
                std::thread::sleep(Duration::from_micros(500));
            }
        })),
        "chatter" => drop(std::thread::spawn(|| {
            loop {
                println!("never an end");
            }
        })),
        "blocks" => {
            print!("a");
            println!("EVCXR_BEGIN_CONTENT text/html\n<b>1</b>\nEVCXR_END_CONTENT");
            println!("EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT");
            println!("between");
            child(|| println!("EVCXR_BEGIN_CONTENT text/plain\nchild's\nEVCXR_END_CONTENT"));
            println!("after");
            println!("EVCXR_BEGIN_CONTENT text/plain\nresult\né\nEVCXR_END_CONTENT");
        }
        "displays" => {
            print!("before");
            let one = display::html("<b>1</b>\n");
            println!("between");
            let two = display::text("2");
            one.update_text("3");
            child(|| two.update_json("[4]"));
            println!("after");
        }
        "big displays" => {
            let worker = std::thread::spawn(|| {
                let text = "x".repeat(2_000_000);
                (0..3).for_each(|_| drop(display::text(&text)));
            });
            WORKERS.lock().unwrap().push(worker);
        }
        "join" => WORKERS
            .lock()
            .unwrap()
            .drain(..)
            .for_each(|worker| worker.join().unwrap()),
        "caught panic" => {
            eprint!("before ");
            let _ = std::panic::catch_unwind(|| panic!("it {:?}", "failed"));
            eprintln!("after");
            println!("EVCXR_PANIC_NOTIFICATION");
        }
        "thread panic" => {
            let worker = std::thread::Builder::new().name("worker".into());
            let worker = worker.spawn(|| panic!("here")).unwrap();
            worker.join().unwrap_err();
        }
        "panic" => {
            println!("before");
            print!("unfinished");
            panic!("out of the cell");
        }
        "question mark" => {
            eprintln!("\"not a number\"");
            println!("EVCXR_ERROR_OCCURRED");
        }
        "changed type" => {
            eprintln!("The type of the variable x was redefined, so was lost.");
            println!("EVCXR_VARIABLE_CHANGED_TYPE:x");
        }
        "input" => {
            print!("a question: ");
            println!("EVCXR_INPUT_REQUEST:name");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            print!("{line}");
        }
        "exit" => {
            print!("last\nwords");
            std::process::exit(3);
        }
        "abort" => {
            print!("last\nwords");
            std::io::stdout().flush().unwrap();
            std::process::abort();
        }
        "streams by name" => {
            println!("before");
            shell("echo oops > /dev/stderr; echo fine > /dev/stdout; cat; printf end");
            println!("after");
            child(|| shell("echo from a child > /dev/stdout"));
            println!("end");
        }
        "programs in turn" => {
            for n in 0..50 {
                println!("{n}: before");
                shell("printf program");
                println!("{n}: after");
            }
        }
        "programs at once" => {
            let parts =
                |name: &str| format!("for n in $(seq 200); do printf {name}; echo {name}; done");
            std::thread::scope(|scope| {
                for name in ["a", "b", "c"] {
                    scope.spawn(move || shell(&parts(name)));
                }
            });
        }
        "program's streams elsewhere" => {
            let echo = || {
                let mut command = Command::new("echo");
                command.arg("caught");
                command
            };
            println!("{:?}", String::from_utf8(echo().output().unwrap().stdout));
            let file = std::env::temp_dir().join(format!("streams-{}", std::process::id()));
            let stdout = nix::unistd::dup(std::io::stdout()).unwrap();
            nix::unistd::dup2_stdout(std::fs::File::create(&file).unwrap()).unwrap();
            echo().status().unwrap();
            nix::unistd::dup2_stdout(stdout).unwrap();
            println!("{:?}", std::fs::read_to_string(&file));
            std::fs::remove_file(&file).unwrap();
        }
        "flood of a program" => shell("yes | head -c 10000000"),
        "cannot unwind" => {
            let panic = || panic!("{}", super::CANNOT_UNWIND);
            assert!(std::thread::spawn(panic).join().is_err());
            assert!(std::panic::catch_unwind(panic).is_err());
            assert_eq!(Process::spawn("worker", panic).join().code(), Some(101));
            let pool = Pool::new(1, |_: u32| -> u32 { panic!("{}", super::CANNOT_UNWIND) });
            assert!(format!("{:?}", pool.apply(1)).starts_with("Err(Panicked("));
            println!("all told");
        }
        "fork under a lock" => {
            let out = std::io::stdout().lock();
            let fork = || {
                // What it would print would wait for the lock.
                // SAFETY: `_exit` runs no handler and does not return.
                child(|| unsafe { libc::_exit(0) });
                Process::spawn("idle", || ()).join().success()
            };
            let success = std::thread::spawn(fork).join().unwrap();
            drop(out);
            println!("{success}");
        }
        "fork between two locks" => {
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let prints = scope.spawn(|| {
                    while !done.load(SeqCst) {
                        let err = std::io::stderr().lock();
                        println!("under the lock of stderr");
                        drop(err);
                    }
                });
                // SAFETY: as above.
                (0..3).for_each(|_| child(|| unsafe { libc::_exit(0) }));
                done.store(true, SeqCst);
                prints.join().unwrap();
            });
            println!("end");
        }
        "left behind" => {
            // Its end is the test's affair.
            #[expect(clippy::zombie_processes)]
            let program = Command::new("sleep").arg("1000").spawn().unwrap();
            println!("{}", program.id());
            // SAFETY: the child makes only calls that are safe after a fork.
            match unsafe { nix::unistd::fork() }.unwrap() {
                nix::unistd::ForkResult::Parent { child } => println!("{child}"),
                // SAFETY: as above.
                nix::unistd::ForkResult::Child => unsafe {
                    libc::prctl(libc::PR_SET_PDEATHSIG, 0);
                    loop {
                        libc::pause();
                    }
                },
            }
        }
        "100,000 lines" => (0..100_000).for_each(|n| println!("line number {n}  ")),
        "100,000 lines to stderr" => (0..100_000).for_each(|n| eprintln!("line number {n}  ")),
        "10 MB" => (0..100_000).for_each(|_| println!("{}", "x".repeat(99))),
        "a line of 5 MB" => println!("{}", "x".repeat(5_000_000)),
        "bytes" => raw(b"\xff\x00\x80\n\xfe"),
        "progress" => {
            use progress::Progress;
            (0..1000).progress().label("counting").for_each(drop);
        }
        "live" => {
            let trace = Trace::new();
            let shown = display::show(&trace.timeline());
            (0..50).for_each(|n| trace.instant(&n.to_string()));
            shown.update(&trace.timeline());
        }
        other => panic!("no cell is called {other}"),
    }
}

static WORKERS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// Runs a shell's script to its end, with this process's streams.
fn shell(script: &str) {
    let shell = Command::new("sh").args(["-c", script]).status();
    assert!(shell.unwrap().success());
}

/// Runs `work` in a forked child and waits for its end.
fn child(work: impl FnOnce()) {
    // SAFETY: the process has one thread that holds locks, and the fork guard holds stdout's.
    match unsafe { nix::unistd::fork() }.unwrap() {
        nix::unistd::ForkResult::Parent { child } => {
            nix::sys::wait::waitpid(child, None).unwrap();
        }
        nix::unistd::ForkResult::Child => {
            work();
            let _ = std::io::stdout().flush();
            // SAFETY: `_exit` runs no handler and does not return.
            unsafe { libc::_exit(0) }
        }
    }
}
