//! A kernel's end, however it comes, leaves nothing behind.

use end_to_end::kernel::Kernel;
use end_to_end::processes::{kernel_folders, wait_until, wait_until_begun};

/// Processes that would stay: a child in a session of its own, its child, and a busy loop.
const FAMILY: &str = r#"
std::process::Command::new("setsid").args(["sh", "-c", "sleep 600 & sleep 600"]).spawn().unwrap();
std::thread::spawn(|| loop { std::hint::spin_loop() });
println!("started");
"#;

fn kernel_with_family() -> Kernel {
    let mut kernel = Kernel::start();
    kernel.run(FAMILY).ok();
    assert_eq!(kernel_folders(&kernel.temporary()), 1);
    wait_until_begun(
        "launcher, warden, evcxr, cells, shell and sleeps run",
        || kernel.processes().len() >= 6,
    );
    kernel
}

/// As where a reader's TMPDIR and toolchain are both in their home: the way from `support` to std that it was
/// linked with does not lead there from a kernel's copy.
#[test]
fn a_kernel_with_its_files_in_the_folder_of_the_toolchain() {
    let installed = lab::home::Home::at(&end_to_end::repository())
        .and_then(|home| lab::installed::Installed::read(&home))
        .expect("a set-up");
    let sysroot = installed.toolchain.sysroot;
    let mut above = sysroot.ancestors();
    // The outermost one: a folder of the root's.
    let shared = above.find(|folder| folder.parent().is_some_and(|it| it.parent().is_none()));
    let shared = shared.expect("a folder below the root");
    if nix::unistd::access(shared, nix::unistd::AccessFlags::W_OK).is_err() {
        eprintln!("not run: {} is not writable here", shared.display());
        return;
    }
    let mut kernel = Kernel::start_with_files_in(shared);
    assert_eq!(kernel.run("6 * 7").ok().text(), "42");
    kernel.shut_down();
}

#[test]
fn a_shutdown() {
    kernel_with_family().shut_down();
}

#[test]
fn a_kill_of_the_launcher() {
    kernel_with_family().kill();
}

#[test]
fn a_kill_of_the_launchers_whole_group() {
    let mut kernel = kernel_with_family();
    // As Jupyter does where a kernel does not answer.
    let group = nix::unistd::Pid::from_raw(kernel.process.id() as i32);
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).expect("the launcher runs");
    kernel.expect_gone();
}

#[test]
fn a_kill_of_the_warden() {
    let mut kernel = kernel_with_family();
    let warden = nix::unistd::Pid::from_raw(child_of(kernel.process.id()));
    nix::sys::signal::kill(warden, nix::sys::signal::Signal::SIGKILL).expect("the warden runs");
    // The front starts another, and says so; nothing of the first is left.
    let reply = kernel.run("1").error();
    assert_eq!(reply.field("ename"), "KernelRestarted");
    assert_eq!(kernel.run("1").ok().text(), "1");
    assert_eq!(kernel_folders(&kernel.temporary()), 1);
    kernel.shut_down();
}

/// Nobody is left who could end anything: evcxr and the cells' process see to it themselves, and the next
/// kernel to what a cell has started.
#[test]
fn a_kill_of_launcher_and_warden() {
    let mut kernel = kernel_with_family();
    let warden = nix::unistd::Pid::from_raw(child_of(kernel.process.id()));
    kernel.process.kill().expect("the launcher runs");
    nix::sys::signal::kill(warden, nix::sys::signal::Signal::SIGKILL).expect("the warden runs");
    kernel.process.wait().expect("a child");
    let command = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
    let is_kernels =
        |pid: &i32| command(pid).is_ok_and(|it| it.contains("evcxr") || it.contains("launcher"));
    wait_until("nothing of the kernel is left", || {
        !kernel.processes().iter().any(is_kernels)
    });
    for pid in kernel.processes() {
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid),
            nix::sys::signal::Signal::SIGKILL,
        );
    }
}

/// What rust-analyzer has read of `support` and the standard library is most of it. It was 370 when this was
/// written, and 500 before that was outlines.
const MEGABYTES: u64 = 430;

#[test]
fn a_kernel_holds_no_more_memory_than_it_has_need_of() {
    let mut kernel = Kernel::start();
    kernel
        .run("use support::prelude::*;\nlet v = vec![1];")
        .ok();
    kernel.run("let trace = Trace::new();").ok();
    let held = |pid: i32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let of_it = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let number = of_it.and_then(|text| text.split_whitespace().next()?.parse().ok());
        number.unwrap_or(0_u64)
    };
    let kilobytes: u64 = kernel.processes().into_iter().map(held).sum();
    assert!(
        kilobytes / 1024 > 50,
        "nothing is told of them: {kilobytes} kB"
    );
    assert!(kilobytes / 1024 < MEGABYTES, "{kilobytes} kB");
    kernel.shut_down();
}

/// As the system does where memory runs out.
#[test]
fn a_kill_of_the_cells_process_ends_what_a_cell_has_started() {
    let mut kernel = Kernel::start();
    for _ in 0..5 {
        let code = "std::process::Command::new(\"setsid\").args([\"sleep\", \"7531\"]).spawn().unwrap(); println!(\"{}\", std::process::id());";
        let pid = kernel
            .run(code)
            .ok()
            .stdout
            .trim()
            .parse()
            .expect("a number");
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid),
            nix::sys::signal::Signal::SIGKILL,
        )
        .expect("the process runs");
        wait_until("the cell's program has ended", || {
            !kernel.processes().iter().any(|pid| {
                let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                command == b"sleep\x007531\x00"
            })
        });
        kernel.run("1").error();
    }
    kernel.shut_down();
}

#[test]
fn a_termination_in_the_middle_of_a_cell() {
    let mut kernel = kernel_with_family();
    let cell = kernel.begin("println!(\"busy\"); loop { std::hint::spin_loop() }");
    kernel.wait_for(&cell, "busy");
    let launcher = nix::unistd::Pid::from_raw(kernel.process.id() as i32);
    nix::sys::signal::kill(launcher, nix::sys::signal::Signal::SIGTERM).expect("the launcher runs");
    kernel.expect_gone();
}

fn child_of(pid: u32) -> i32 {
    let children =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("/proc");
    children
        .split_whitespace()
        .next()
        .and_then(|child| child.parse().ok())
        .expect("a child")
}
