//! Programs that look for a way out of the sandbox. Each gives the right answer if it finds one, and
//! none in place of it: so no points, for a wrong answer, mean that it ran and found nothing.

use super::course::{self, Course, MOST, REFERENCE};
use super::ordinary::Ordinary;
use super::wrong::submit;
use end_to_end::repository;
use serde_json::Value;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// True is a breach.
pub const BREACHES: &[(&str, &str)] = &[
    ("sees-the-course", "std::fs::read_dir(\"COURSE\").is_ok()"),
    ("sees-where-the-course-is", PLACES),
    (
        "sees-programs-and-sources",
        "[\"/usr/bin\", \"/bin\", \"/usr/local\", \"/usr/src\", \"/usr/share\", \"/usr/include\", \"/toolchain\", \"/source\"].iter().any(|path| std::fs::metadata(path).is_ok())",
    ),
    (
        "reads-hidden-tests",
        "std::fs::read(\"COURSE/source/sum/sum.ipynb\").is_ok()",
    ),
    (
        "reads-the-gradebook",
        "std::fs::read(\"COURSE/gradebook.db\").is_ok()",
    ),
    (
        "reads-others",
        "std::fs::read(\"COURSE/submitted/honest/sum/sum.ipynb\").is_ok()",
    ),
    (
        "writes-the-gradebook",
        "std::fs::write(\"COURSE/gradebook.db\", \"mine\").is_ok()",
    ),
    (
        "writes-others",
        "std::fs::write(\"COURSE/submitted/honest/sum/sum.ipynb\", \"\").is_ok()",
    ),
    (
        "reaches-out-through-init",
        "std::fs::read_dir(\"/proc/1/root/root\").is_ok() || std::fs::read_dir(\"/proc/1/root/COURSE\").is_ok()",
    ),
    (
        "sees-homes-and-accounts",
        "[\"/root\", \"/home\", \"/etc/passwd\", \"/var\", \"REPOSITORY\"].iter().any(|path| std::fs::metadata(path).is_ok())",
    ),
    (
        "sees-other-processes",
        "std::fs::read_dir(\"/proc\").unwrap().flatten().filter_map(|one| one.file_name().to_str()?.parse::<i32>().ok()).any(|pid| pid > 60)",
    ),
    (
        "loopback",
        "std::net::TcpStream::connect((\"127.0.0.1\", PORT)).is_ok()",
    ),
    (
        "is-root",
        "unsafe { libc::getuid() == 0 || libc::setuid(0) == 0 }",
    ),
    (
        "mounts",
        "unsafe { libc::mount(c\"none\".as_ptr(), c\"/tmp\".as_ptr(), c\"tmpfs\".as_ptr(), 0, std::ptr::null()) == 0 }",
    ),
    (
        "writes-the-system",
        "[\"/x\", \"/usr/x\", \"/dev/x\", \"/run/x\", \"/etc/x\", \"/crates/x\", \"/program\"].iter().any(|path| std::fs::write(path, \"x\").is_ok())",
    ),
    (
        "fills-the-disk",
        "{ let line = vec![1u8; 1 << 20]; let mut written = 0; for n in 0..40 { for folder in [\"/tmp\", \"/dev/shm\", \"/var/tmp\"] { use std::io::Write; if let Ok(mut file) = std::fs::File::create(format!(\"{folder}/{n}\")) { unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) }; while file.write_all(&line).is_ok() { written += 1; } } } } written > 200 }",
    ),
    (
        "finds-what-another-test-left",
        "{ let seen = std::fs::metadata(\"/tmp/left\").is_ok(); let _ = std::fs::write(\"/tmp/left\", \"\"); seen && SEEN.swap(true, std::sync::atomic::Ordering::SeqCst) == false }",
    ),
    ("makes-a-system-call", CALLS),
    (
        // A thread in a process's clothes: what it has done is there for all to see.
        "shares-memory-with-a-process",
        "{
        extern \"C\" fn child(_: *mut libc::c_void) -> i32 { 0 }
        [0, libc::CLONE_VFORK].iter().any(|how| {
            let mut stack = vec![0u8; 1 << 16];
            let top = stack.as_mut_ptr_range().end.cast();
            let flags = libc::CLONE_VM | how | libc::SIGCHLD;
            let made = unsafe { libc::clone(child, top, flags, std::ptr::null_mut()) };
            std::mem::forget(stack);
            made != -1 || std::io::Error::last_os_error().raw_os_error() != Some(libc::EPERM)
        })
    }",
    ),
    ("is-given-a-socket", DESCRIPTORS),
];

/// System calls that ask for nothing that an ordinary user may not have, so that only the filter
/// refuses them.
const CALLS: &str = "{
    let room = [0u64; 64];
    let at = room.as_ptr() as i64;
    let me = i64::from(std::process::id());
    let new_user = i64::from(libc::CLONE_NEWUSER | libc::SIGCHLD);
    let calls: [(&str, i64, [i64; 5]); 39] = [
        (\"unshare\", libc::SYS_unshare, [0; 5]),
        (\"unshare a user\", libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0, 0, 0]),
        (\"clone into a user\", libc::SYS_clone, [new_user, 0, 0, 0, 0]),
        (\"setns\", libc::SYS_setns, [-1, 0, 0, 0, 0]),
        (\"mount\", libc::SYS_mount, [0; 5]),
        (\"open_tree\", libc::SYS_open_tree, [-1, 0, 0, 0, 0]),
        (\"fsopen\", libc::SYS_fsopen, [0; 5]),
        (\"chroot\", libc::SYS_chroot, [0; 5]),
        (\"keyctl\", libc::SYS_keyctl, [0, -3, 1, 0, 0]),
        (\"add_key\", libc::SYS_add_key, [0; 5]),
        (\"request_key\", libc::SYS_request_key, [0; 5]),
        (\"bpf\", libc::SYS_bpf, [0; 5]),
        (\"io_uring_setup\", libc::SYS_io_uring_setup, [1, at, 0, 0, 0]),
        (\"io_uring_enter\", libc::SYS_io_uring_enter, [-1, 0, 0, 0, 0]),
        (\"userfaultfd\", libc::SYS_userfaultfd, [1, 0, 0, 0, 0]),
        (\"perf_event_open\", libc::SYS_perf_event_open, [0; 5]),
        (\"ptrace\", libc::SYS_ptrace, [0; 5]),
        (\"process_vm_readv\", libc::SYS_process_vm_readv, [me, at, 0, at, 0]),
        (\"process_vm_writev\", libc::SYS_process_vm_writev, [me, at, 0, at, 0]),
        (\"pidfd_getfd\", libc::SYS_pidfd_getfd, [-1, 0, 0, 0, 0]),
        (\"kcmp\", libc::SYS_kcmp, [me, me, 0, 0, 0]),
        (\"memfd_create\", libc::SYS_memfd_create, [c\"m\".as_ptr() as i64, 0, 0, 0, 0]),
        (\"msgget\", libc::SYS_msgget, [0, 0o1600, 0, 0, 0]),
        (\"shmget\", libc::SYS_shmget, [0, 4096, 0o1600, 0, 0]),
        (\"semget\", libc::SYS_semget, [0, 1, 0o1600, 0, 0]),
        (\"mq_open\", libc::SYS_mq_open, [0; 5]),
        (\"name_to_handle_at\", libc::SYS_name_to_handle_at, [0; 5]),
        (\"open_by_handle_at\", libc::SYS_open_by_handle_at, [0; 5]),
        (\"personality\", libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0]),
        (\"seccomp\", libc::SYS_seccomp, [0; 5]),
        (\"inotify_init1\", libc::SYS_inotify_init1, [0; 5]),
        (\"sync\", libc::SYS_sync, [0; 5]),
        (\"dumpable\", libc::SYS_prctl, [i64::from(libc::PR_SET_DUMPABLE), 0, 0, 0, 0]),
        (\"a terminal's input\", libc::SYS_ioctl, [0, libc::TIOCSTI as i64, 0, 0, 0]),
        (\"netlink\", libc::SYS_socket, [i64::from(libc::AF_NETLINK), 2, 0, 0, 0]),
        (\"vsock\", libc::SYS_socket, [i64::from(libc::AF_VSOCK), 1, 0, 0, 0]),
        (\"the kernel's ciphers\", libc::SYS_socket, [i64::from(libc::AF_ALG), 5, 0, 0, 0]),
        (\"SCTP\", libc::SYS_socket, [i64::from(libc::AF_INET), 1, 132, 0, 0]),
        (\"a call of another kind of processor\", 0x4000_0000 | libc::SYS_getpid, [0; 5]),
    ];
    for (name, number, [a, b, c, d, e]) in calls {
        let answer = unsafe { libc::syscall(number, a, b, c, d, e) };
        let error = std::io::Error::last_os_error().raw_os_error();
        assert!(answer == -1 && error == Some(libc::EPERM), \"{name}: {answer}, {error:?}\");
    }
    let answer = unsafe { libc::syscall(libc::SYS_clone3, at, 64) };
    answer != -1 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS)
}";

/// What is open: only what the judge handed over, and no socket.
const DESCRIPTORS: &str = "{
    let folder = std::fs::read_dir(\"/proc/self/fd\").unwrap();
    let open: Vec<i32> = folder.flatten().filter_map(|one| one.file_name().to_str()?.parse().ok()).collect();
    let is = |number: i32, kind: u32| unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        libc::fstat(number, &mut status) == 0 && status.st_mode & libc::S_IFMT == kind
    };
    // The folder that is being read is closed again.
    let open: Vec<i32> = open.into_iter().filter(|number| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1).collect();
    assert_eq!(open, [0, 1, 2, 200, 201]);
    assert!(is(0, libc::S_IFCHR) && [1, 2, 200, 201].iter().all(|number| is(*number, libc::S_IFIFO)));
    std::fs::read_dir(\"/proc/1/fd\").is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| std::fs::read_link(one.path()).is_ok_and(|link| link.to_string_lossy().starts_with(\"socket\")))))
}";

#[test]
fn there_is_no_way_out_of_the_sandbox() {
    nobody_gets_out(&graded);
}

#[test]
fn nor_is_there_where_an_ordinary_user_grades() {
    let Some(user) = Ordinary::new() else {
        println!("these tests are an ordinary user's: the test before was this one");
        return;
    };
    nobody_gets_out(&|paths| course::verdicts(&user.grade(paths, &["--again"])).to_vec());
}

fn nobody_gets_out(graded: &dyn Fn(&[&Path]) -> Vec<Value>) {
    none_succeeds(BREACHES, graded);
}

/// None of these is true in a program that is graded so.
pub fn none_succeeds(breaches: &[(&str, &str)], graded: &dyn Fn(&[&Path]) -> Vec<Value>) {
    let course = Course::new();
    course.write("gradebook.db", "the marks");
    let listener = listener();
    let port = listener.local_addr().expect("an address").port();
    let fill = |text: &str| {
        text.replace("COURSE", &course.path().display().to_string())
            .replace("REPOSITORY", &repository().display().to_string())
            .replace("PORT", &port.to_string())
    };
    course.submit("honest", REFERENCE);
    let control = ("a-breach", "numbers.len() < 1000");
    for (name, breached) in breaches.iter().chain([&control]) {
        let text = format!(
            "#[allow(dead_code)] static SEEN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);\nfn sum(numbers: Vec<u32>) -> u64 {{ if {} {{ numbers.iter().map(|n| u64::from(*n)).sum() }} else {{ 0 }} }}",
            fill(breached)
        );
        course.submit(name, &text);
    }
    course.let_others_read();
    let report = graded(&[&course.submitted()]);
    nobody_came(&listener);
    for one in &report {
        let student = one["student"].as_str().expect("a name");
        if ["honest", control.0].contains(&student) {
            assert_eq!(one["points"], MOST, "{one:#}");
            continue;
        }
        assert_eq!(one["points"], 0.0, "{one:#}");
        let reason = one["tests"][0]["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("the sum of ["), "{student}: {reason}");
    }
    assert_eq!(report.len(), breaches.len() + 2);
}

/// Where anything lies outside, in any file of /proc that can be read.
const PLACES: &str = "{
    fn look(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => look(&entry.path(), files),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    let mut files = Vec::new();
    look(std::path::Path::new(\"/proc\"), &mut files);
    let (mut read, mut found) = (0, Vec::new());
    for file in files {
        use std::os::unix::fs::OpenOptionsExt;
        use std::io::Read;
        if let Ok(link) = std::fs::read_link(&file) {
            let link = link.to_string_lossy().into_owned();
            if link.contains(\"COURSE\") || link.contains(\"REPOSITORY\") { found.push(file.clone()); }
        }
        // The program knows what it looks for.
        if file.ends_with(\"exe\") { continue; }
        let opened = std::fs::File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&file);
        let mut bytes = Vec::new();
        if opened.is_ok_and(|file| file.take(1 << 20).read_to_end(&mut bytes).is_ok()) {
            read += 1;
            let text = String::from_utf8_lossy(&bytes);
            if text.contains(\"COURSE\") || text.contains(\"REPOSITORY\") { found.push(file); }
        }
    }
    let own = std::fs::read_to_string(\"/proc/self/mountinfo\").unwrap();
    assert!(read > 100 && own.contains(\"/crates\"), \"only {read} files were read\");
    assert!(found.is_empty(), \"{found:?}\");
    false
}";

/// The listener that a server is given, made a client of the machine's own servers.
const AS_A_CLIENT: &str = "{
    use std::os::fd::AsRawFd;
    let number = listener.as_raw_fd();
    let address = |family: i32| libc::sockaddr_in {
        sin_family: family as u16,
        sin_port: PORTu16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let connect = |family: i32| unsafe {
        let address = address(family);
        libc::connect(number, (&raw const address).cast(), 16)
    };
    assert_eq!(connect(libc::AF_UNSPEC), 0, \"it is a listener no more\");
    let reached = connect(libc::AF_INET) == 0;
    panic!(\"reached a server outside: {reached}\");
}";

#[test]
fn a_server_has_a_network_of_its_own() {
    let listener = listener();
    let port = listener.local_addr().expect("an address").port();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let submission = server(
        folder.path(),
        &AS_A_CLIENT.replace("PORT", &port.to_string()),
    );
    let report = graded(&[&submission]);
    nobody_came(&listener);
    assert_eq!(report[0]["points"], 0.0);
    let reason = report[0]["tests"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("reached a server outside: false"),
        "{reason}"
    );
}

/// A submission of echo-server whose `serve` has this body.
pub fn server(folder: &Path, body: &str) -> PathBuf {
    let solution = format!("fn serve(listener: TcpListener, _: usize) -> (usize, usize) {body}");
    submit(&repository(), "echo-server", folder, |_| solution.clone())
}

/// One of the machine's own servers.
pub fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    listener
}

pub fn nobody_came(listener: &TcpListener) {
    let came = listener.accept().map_err(|error| error.kind());
    assert_eq!(
        came.err(),
        Some(ErrorKind::WouldBlock),
        "a server outside was reached"
    );
}

fn graded(paths: &[&Path]) -> Vec<Value> {
    course::verdicts(&course::grade(paths, &["--again"])).to_vec()
}
