//! Where no namespace can be made, Landlock and a shorter list of system calls stand in: everybody who
//! is right has their points, and nobody gets out.

use super::breaches::{BREACHES, listener, nobody_came, none_succeeds, server};
use super::course::{self, Course, MOST, REFERENCE};
use super::ordinary::Ordinary;
use end_to_end::repository;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A bwrap that may make no namespace, in a folder of its own.
pub fn forbidden_bwrap() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bwrap = folder.path().join("bwrap");
    let script = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n";
    std::fs::write(&bwrap, script).expect("disk space");
    for path in [folder.path(), &bwrap] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("an own file");
    }
    folder
}

fn grade(paths: &[&Path]) -> Value {
    let bwrap = forbidden_bwrap();
    course::grade_by(Some(bwrap.path()), paths, &["--again"])
}

fn grade_as(user: &Ordinary, paths: &[&Path]) -> Value {
    let bwrap = forbidden_bwrap();
    user.grade_by(Some(bwrap.path()), paths, &["--again"])
}

/// With the system calls that only namespaces make harmless.
const MORE: &[(&str, &str)] = &[
    ("reads-what-everybody-may", "[\"/etc/passwd\", \"/proc/version\", \"/sys/kernel/notes\", \"/proc/net/tcp\"].iter().any(|path| std::fs::read(path).is_ok())"),
    ("lists-folders", "[\"/\", \"/tmp\", \"/etc\", \"/proc\", \"/home\", \"/root\", \"/dev\", \"COURSE\"].iter().any(|path| std::fs::read_dir(path).is_ok())"),
    ("reads-of-other-processes", "{
        let others = [1, unsafe { libc::getppid() }];
        let files = [\"cmdline\", \"environ\", \"maps\", \"status\", \"stat\", \"mem\", \"fd/0\", \"root/etc/passwd\", \"cwd/Cargo.toml\"];
        others.iter().any(|pid| files.iter().any(|file| std::fs::File::open(format!(\"/proc/{pid}/{file}\")).is_ok() || std::fs::read_link(format!(\"/proc/{pid}/{file}\")).is_ok()))
    }"),
    ("changes-a-file", "{
        let file = c\"COURSE/gradebook.db\".as_ptr();
        let times = [libc::timespec { tv_sec: 0, tv_nsec: 0 }; 2];
        unsafe {
            libc::chmod(file, 0o666) == 0
                || libc::fchmodat(libc::AT_FDCWD, file, 0o666, 0) == 0
                || libc::chown(file, libc::getuid(), libc::getgid()) == 0
                || libc::utimensat(libc::AT_FDCWD, file, times.as_ptr(), 0) == 0
                || libc::truncate(file, 0) == 0
                || libc::setxattr(file, c\"user.x\".as_ptr(), file.cast(), 1, 0) == 0
                || libc::unlink(file) == 0
                || libc::rename(file, c\"COURSE/other\".as_ptr()) == 0
                || libc::link(file, c\"/tmp/link\".as_ptr()) == 0
                || libc::symlink(file, c\"/tmp/link\".as_ptr()) == 0
        }
    }"),
    (
        // It belongs to who grades, as an ordinary user.
        "changes-its-own-program",
        "{
        let own = std::ffi::CString::new(std::env::args().next().unwrap()).unwrap();
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        let times = [libc::timespec { tv_sec: 0, tv_nsec: 0 }; 2];
        unsafe {
            assert_eq!(libc::stat(own.as_ptr(), &mut status), 0);
            libc::chmod(own.as_ptr(), 0o777) == 0
                || libc::fchmodat(libc::AT_FDCWD, own.as_ptr(), 0o777, 0) == 0
                || libc::chown(own.as_ptr(), libc::getuid(), libc::getgid()) == 0
                || libc::utimensat(libc::AT_FDCWD, own.as_ptr(), times.as_ptr(), 0) == 0
                || libc::truncate(own.as_ptr(), 1) == 0
                || libc::setxattr(own.as_ptr(), c\"user.x\".as_ptr(), own.as_ptr().cast(), 1, 0) == 0
                || libc::unlink(own.as_ptr()) == 0
        }
    }",
    ),
    ("reaches-other-processes", "unsafe {
        let other = libc::getppid();
        let limit = libc::rlimit { rlim_cur: 1000, rlim_max: 1000 };
        let mut cores: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(0, &mut cores);
        let pidfd = libc::syscall(libc::SYS_pidfd_open, other, 0);
        let none = std::ptr::null::<libc::siginfo_t>();
        libc::kill(other, 0) == 0
            || libc::kill(other, libc::SIGURG) == 0
            || libc::syscall(libc::SYS_tgkill, other, other, libc::SIGURG) == 0
            || pidfd >= 0 && libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGURG, none, 0) == 0
            || libc::prlimit(other, libc::RLIMIT_CPU, &limit, std::ptr::null_mut()) == 0
            || libc::setpriority(libc::PRIO_PROCESS, other as u32, 19) == 0
            || libc::setpriority(libc::PRIO_USER, 0, 19) == 0
            || libc::sched_setaffinity(other, size_of_val(&cores), &cores) == 0
            || libc::ptrace(libc::PTRACE_ATTACH, other, 0, 0) == 0
    }"),
    ("reaches-the-network", "unsafe {
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as u16;
        let mut ends = [0; 2];
        libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) >= 0
            || libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) >= 0
            || libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) >= 0
            || libc::connect(204, (&raw const address).cast(), 8) == 0
            || libc::bind(204, (&raw const address).cast(), 2) == 0
            || libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, ends.as_mut_ptr()) == 0
            || libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, ends.as_mut_ptr()) != 0
            || libc::connect(ends[0], (&raw const address).cast(), 8) == 0
            || libc::bind(ends[0], (&raw const address).cast(), 2) == 0
    }"),
    ("leaves-its-group", "unsafe { if libc::fork() == 0 { let left = libc::setsid() >= 0 || libc::setpgid(0, 0) == 0; libc::_exit(i32::from(left)) } let mut status = 0; libc::wait(&mut status); status != 0 }"),
    ("has-a-terminal", "std::fs::File::open(\"/dev/tty\").is_ok()"),
    ("writes-somewhere", "[\"/tmp/x\", \"/dev/shm/x\", \"/var/tmp/x\", \"x\", \"/proc/self/comm\"].iter().any(|path| std::fs::write(path, \"x\").is_ok())"),
    ("has-more-open", "(3..1024).filter(|number| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1).collect::<Vec<i32>>() != [200, 201, 204]"),
];

/// What holds because there is nothing of it inside; here it is outside, and shut.
const OF_NAMESPACES: [&str; 5] = [
    "sees-where-the-course-is",
    "sees-programs-and-sources",
    "sees-homes-and-accounts",
    "sees-other-processes",
    "is-given-a-socket",
];

fn breaches() -> Vec<(&'static str, &'static str)> {
    let same = BREACHES
        .iter()
        .filter(|(name, _)| !OF_NAMESPACES.contains(name));
    same.chain(MORE).copied().collect()
}

#[test]
fn there_is_no_way_out() {
    none_succeeds(&breaches(), &|paths| all_of(grade(paths)));
}

#[test]
fn nor_is_there_where_an_ordinary_user_grades() {
    let Some(user) = Ordinary::new() else { return };
    none_succeeds(&breaches(), &|paths| all_of(grade_as(&user, paths)));
}

fn all_of(report: Value) -> Vec<Value> {
    let all = course::verdicts(&report).to_vec();
    for one in &all {
        let not_held = one["resources"]["not_held"].as_array();
        assert!(not_held.is_some_and(|all| !all.is_empty()), "{one:#}");
    }
    all
}

#[test]
fn each_reference_solution_has_all_points() {
    let sources = repository().join("notebooks/assignments/source");
    let graded = all_of(grade(&[&sources]));
    let sources = std::fs::read_dir(sources).expect("a folder").count();
    assert_eq!(graded.len(), sources);
    for one in graded {
        assert_eq!(one["points"], one["most"], "{one:#}");
    }
}

/// Whatever a server does with its listener, which is a socket of the machine's, or has beside it; each is
/// true where it got through.
const OF_A_SERVER: &[(&str, &str)] = &[
    ("makes a client of it", "connect(number, libc::AF_INET) == 0"),
    ("ends it by no address", "connect(number, libc::AF_UNSPEC) == 0"),
    ("binds it", "libc::bind(number, at, 16) == 0"),
    ("listens again", "libc::listen(number, 9) == 0"),
    ("has another socket", "[libc::AF_INET, libc::AF_INET6, libc::AF_UNIX].iter().any(|family| [libc::SOCK_STREAM, libc::SOCK_DGRAM].iter().any(|kind| libc::socket(*family, *kind, 0) >= 0))"),
    ("sends a datagram to a name", "{ let mut ends = [0; 2]; libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, ends.as_mut_ptr()) == 0 }"),
    ("connects to a name that is no file's", "{
        let mut ends = [0; 2];
        assert_eq!(libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()), 0);
        let mut named: libc::sockaddr_un = std::mem::zeroed();
        named.sun_family = libc::AF_UNIX as u16;
        named.sun_path[1] = b'x' as libc::c_char;
        libc::connect(ends[0], (&raw const named).cast(), 4) == 0 || libc::bind(ends[0], (&raw const named).cast(), 4) == 0
    }"),
    ("takes its filter off", "libc::setsockopt(number, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, at.cast(), 4) == 0"),
    ("shares its port", "libc::setsockopt(number, libc::SOL_SOCKET, libc::SO_REUSEPORT, (&raw const one).cast(), 4) == 0"),
    ("sends its packets another way", "libc::setsockopt(number, libc::IPPROTO_IP, libc::IP_OPTIONS, (&raw const one).cast(), 4) == 0"),
    ("connects as it sends", "sends(number)"),
    // Shut down, a listener is a socket like any other, and sending may connect it.
    ("connects as it sends, once it is shut down", "libc::shutdown(number, libc::SHUT_RD) == 0 && sends(number)"),
    ("connects once it is shut down", "connect(number, libc::AF_INET) == 0"),
];

/// Around them.
const REACHING: &str = "{
    use std::os::fd::AsRawFd;
    let number = listener.as_raw_fd();
    let one = 1i32;
    let address = |family: i32| libc::sockaddr_in {
        sin_family: family as u16,
        sin_port: PORTu16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let outside = address(libc::AF_INET);
    let at: *const libc::sockaddr = (&raw const outside).cast();
    let connect = |number: i32, family: i32| unsafe {
        let address = address(family);
        libc::connect(number, (&raw const address).cast(), 16)
    };
    let sends = |number: i32| unsafe {
        let byte = b'x';
        let flags = libc::MSG_FASTOPEN | libc::MSG_NOSIGNAL;
        let mut piece = libc::iovec { iov_base: (&raw const byte).cast_mut().cast(), iov_len: 1 };
        let mut message: libc::mmsghdr = std::mem::zeroed();
        message.msg_hdr.msg_name = at.cast_mut().cast();
        message.msg_hdr.msg_namelen = 16;
        message.msg_hdr.msg_iov = &mut piece;
        message.msg_hdr.msg_iovlen = 1;
        libc::sendmsg(number, &message.msg_hdr, flags) >= 0
            || libc::sendmmsg(number, &mut message, 1, flags) >= 0
            || libc::sendto(number, (&raw const byte).cast(), 1, flags, at, 16) >= 0
    };
    let tries: &[(&str, &dyn Fn() -> bool)] = &[TRIES];
    let through: Vec<&str> = tries.iter().filter(|(_, gets)| gets()).map(|(name, _)| *name).collect();
    panic!(\"got through: {through:?}\")
}";

#[test]
fn a_server_can_accept_and_no_more() {
    let outside = listener();
    let port = outside.local_addr().expect("an address").port();
    let tries: String = OF_A_SERVER
        .iter()
        .map(|(name, gets)| format!("({name:?}, &|| unsafe {{ {gets} }}),\n"))
        .collect();
    let body = REACHING
        .replace("PORT", &port.to_string())
        .replace("TRIES", &tries);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("own");
    let submission = server(folder.path(), &body);
    let check = |report: Value| {
        nobody_came(&outside);
        let graded = all_of(report);
        assert_eq!(graded[0]["points"], 0.0);
        let reason = graded[0]["tests"][0]["reason"].to_string();
        assert!(reason.contains("got through: []"), "{:#}", graded[0]);
    };
    check(grade(&[&submission]));
    if let Some(user) = Ordinary::new() {
        let report = grade_as(&user, &[&submission]);
        // Some systems let root alone set a filter on a socket.
        match report["not_graded"][0]["reason"].as_str() {
            None => check(report),
            Some(reason) => assert!(
                reason.contains("its listener cannot be shut to the machine's other programs"),
                "{reason}"
            ),
        }
    }
}

/// What a compiler may not read, and does not quote; what a program leaves behind, and starts.
#[test]
fn a_compiler_reads_no_more_and_nothing_goes_on() {
    let course = Course::new();
    course.write("gradebook.db", "the marks");
    course.let_others_read();
    let marks = course.path().join("gradebook.db");
    let name = format!("left-{}", std::process::id());
    let includes = format!(
        "const MARKS: &str = include_str!({:?}); {REFERENCE}",
        marks.display().to_string()
    );
    // Its grandchild has lost its parent, and hears no signal that can be ignored.
    let leaves = format!(
        "fn sum(_: Vec<u32>) -> u64 {{ unsafe {{ if libc::fork() == 0 {{ if libc::fork() == 0 {{
            for signal in 1..30 {{ libc::signal(signal, libc::SIG_IGN); }}
            libc::prctl(libc::PR_SET_NAME, c\"{name}\".as_ptr());
            loop {{ libc::pause(); }}
        }} libc::_exit(0) }} libc::wait(std::ptr::null_mut()); }} 1 }}"
    );
    let threads = "fn sum(_: Vec<u32>) -> u64 { while thread::Builder::new().spawn(|| loop { thread::park() }).is_ok() {} panic!(\"no more\") }";
    for (student, text) in [
        ("honest", REFERENCE),
        ("includes", &includes),
        ("leaves", &leaves),
        ("threads", threads),
    ] {
        course.submit(student, text);
    }
    let submitted = course.submitted();
    let check = |report: Value| {
        let graded = course::by_student(&report);
        assert_eq!(graded["honest"]["points"], MOST, "{report:#}");
        let reason = graded["includes"]["reason"].to_string();
        assert!(
            reason.contains("does not compile") && !reason.contains("marks"),
            "{reason}"
        );
        let reason = graded["leaves"]["tests"][0]["reason"].to_string();
        assert!(reason.contains("the sum of ["), "{reason}");
        let reason = graded["threads"]["tests"][0]["reason"].to_string();
        // Its own user has no more; one that it shares with others has, and the judge counts.
        let told = ["no more", "had more than 128 processes and threads"];
        assert!(told.iter().any(|told| reason.contains(told)), "{reason}");
        let named = lab::proc::pids().filter(|pid| {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            comm.is_ok_and(|comm| comm.trim() == name)
        });
        assert_eq!(named.count(), 0, "something goes on");
    };
    check(grade(&[&submitted]));
    if let Some(user) = Ordinary::new() {
        check(grade_as(&user, &[&submitted]));
    }
}

/// As in a container: it makes namespaces as an ordinary user does.
#[test]
fn root_who_may_not_administer_the_system_has_namespaces_all_the_same() {
    if !nix::unistd::Uid::effective().is_root() {
        println!("this is root's");
        return;
    }
    let course = Course::new();
    course.submit("honest", REFERENCE);
    course.submit("is-root", "fn sum(numbers: Vec<u32>) -> u64 { let root = unsafe { libc::setuid(0) == 0 }; if root { numbers.iter().map(|n| u64::from(*n)).sum() } else { 0 } }");
    let lab = repository().join("target/debug/lab");
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"]);
    command.arg(lab).args(["grade", "--json", "--again", "--"]);
    let report = course::report(command.arg(course.submitted()));
    let points: Vec<&Value> = (0..2).map(|n| &report["graded"][n]["points"]).collect();
    assert_eq!(points, [&json!(MOST), &json!(0.0)], "{report:#}");
    assert_eq!(
        report["graded"][0]["resources"]["not_held"],
        Value::Null,
        "{report:#}"
    );
}
