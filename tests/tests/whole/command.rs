//! Programs that cells start by `std::process::Command`: none of them gets the kernel's commands.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;
use std::time::Duration;

const SET_UP: &str = "use std::process::{Command, Stdio};";

/// Runs a cell that starts a program which inherits stdin, and checks that the kernel still
/// answers, and answers for the right cell.
fn expect(kernel: &mut Kernel, cell: &str, expected: &str) {
    let reply = kernel.run_saying(cell, |it| it.stdout == expected).ok();
    assert_eq!(
        (reply.stdout.as_str(), reply.stderr.as_str()),
        (expected, ""),
        "{cell}"
    );
    assert!(
        reply.took < Duration::from_secs(30),
        "{cell}: {:?}",
        reply.took
    );
    for number in [3, 4] {
        let text = format!("cell {number}\n");
        let after = format!("println!(\"cell {number}\"); {number} * 2");
        let reply = kernel.run_saying(&after, |it| it.stdout == text).ok();
        assert_eq!(reply.stdout, text, "after {cell}");
        assert_eq!(reply.text(), format!("{}", number * 2), "after {cell}");
    }
}

fn all_read_an_empty_stdin(kernel: &mut Kernel) {
    kernel.run(SET_UP).ok();
    for (cell, expected) in [
        (
            r#"println!("{}", Command::new("cat").status().unwrap());"#,
            "exit status: 0\n",
        ),
        (
            r#"println!("{}", Command::new("cat").spawn().unwrap().wait().unwrap());"#,
            "exit status: 0\n",
        ),
        // A program that a program starts.
        (
            r#"Command::new("sh").args(["-c", "sh -c 'wc -c'; echo done"]).status().unwrap();"#,
            "0\ndone\n",
        ),
        (
            r#"Command::new("sh").args(["-c", "read line; echo $?"]).status().unwrap();"#,
            "1\n",
        ),
        (
            r#"Command::new("python3").args(["-c", "import sys, subprocess; print(len(sys.stdin.read()), flush=True); subprocess.run(['wc', '-c'])"]).status().unwrap();"#,
            "0\n0\n",
        ),
        // std forks for these: a search path of the program's own, a directory, a closure.
        (
            r#"Command::new("wc").arg("-c").env("PATH", "/usr/bin:/bin").status().unwrap();"#,
            "0\n",
        ),
        (
            r#"Command::new("wc").arg("-c").current_dir("/").status().unwrap();"#,
            "0\n",
        ),
        (
            r#"{
            use std::os::unix::process::CommandExt;
            let mut wc = Command::new("wc");
            unsafe { wc.arg("-c").pre_exec(|| Ok(())) };
            wc.status().unwrap();
        }"#,
            "0\n",
        ),
        // Asked for, a stdin is what was asked for.
        (
            r#"{
            use std::io::Write;
            let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            cat.stdin.take().unwrap().write_all(b"mine\n").unwrap();
            cat.wait().unwrap();
        }"#,
            "mine\n",
        ),
        (
            r#"Command::new("sh").args(["-c", "wc -c"]).stdin(Stdio::null()).status().unwrap();"#,
            "0\n",
        ),
        (
            r#"print!("{}", String::from_utf8(Command::new("wc").arg("-c").output().unwrap().stdout).unwrap());"#,
            "0\n",
        ),
        (
            r#"{
            let words = Command::new("echo").arg("b a").stdout(Stdio::piped()).spawn().unwrap();
            Command::new("cat").stdin(words.stdout.unwrap()).status().unwrap();
        }"#,
            "b a\n",
        ),
        // From a thread, and from a forked child.
        (
            r#"std::thread::spawn(|| Command::new("wc").arg("-c").status().unwrap()).join().unwrap();"#,
            "0\n",
        ),
        (
            r#"match unsafe { support::nix::unistd::fork() }.unwrap() {
            support::nix::unistd::ForkResult::Child => { Command::new("wc").arg("-c").status().unwrap(); std::process::exit(0) }
            support::nix::unistd::ForkResult::Parent { child } => { support::nix::sys::wait::waitpid(child, None).unwrap(); }
        };"#,
            "0\n",
        ),
    ] {
        expect(kernel, cell, expected);
    }
}

#[test]
fn a_program_reads_an_empty_stdin_unless_it_is_given_one() {
    let mut kernel = Lent::take();
    all_read_an_empty_stdin(&mut kernel);
    kernel.give_back();
}

#[test]
fn so_it_does_in_a_stock_kernel() {
    let mut kernel = Kernel::start_without_front();
    all_read_an_empty_stdin(&mut kernel);
    kernel.shut_down();
}

#[test]
fn a_program_in_the_background_takes_no_command() {
    let mut kernel = Lent::take();
    kernel.run(SET_UP).ok();
    kernel.run(r#"let mut sleeper: std::process::Child = Command::new("sh").args(["-c", "cat; sleep 600"]).spawn().unwrap();"#).ok();
    expect(
        &mut kernel,
        "println!(\"{:?}\", sleeper.try_wait().unwrap());",
        "None\n",
    );
    expect(
        &mut kernel,
        "sleeper.kill().unwrap(); println!(\"{}\", sleeper.wait().unwrap());",
        "signal: 9 (SIGKILL)\n",
    );
    kernel.give_back();
}

#[test]
fn a_program_started_without_std_does_not_get_the_commands() {
    let mut kernel = Lent::take();
    // The C library's own way: stdin is closed in such a program, and reading it an error.
    let reply = kernel.run(
        r#"extern crate support;
        use std::ffi::CString;
        let words = ["sh", "-c", "cat 2>&1 | grep -c ' Bad file descriptor' ; echo done"].map(|word| CString::new(word).unwrap());
        let mut argv: Vec<*mut support::libc::c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        argv.push(std::ptr::null_mut());
        let mut pid = 0;
        let result = unsafe { support::libc::posix_spawnp(&mut pid, words[0].as_ptr(), std::ptr::null(), std::ptr::null(), argv.as_ptr(), [std::ptr::null_mut()].as_ptr()) };
        assert_eq!(result, 0);
        support::nix::sys::wait::waitpid(support::nix::unistd::Pid::from_raw(pid), None).unwrap();"#,
    ).ok();
    assert!(
        reply.stdout.ends_with("done\n") && !reply.stdout.starts_with("0\n"),
        "{reply:?}"
    );
    expect(&mut kernel, "println!(\"whole\");", "whole\n");
    kernel.give_back();
}
