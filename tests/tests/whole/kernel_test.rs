//! Jupyter's own test suite for kernels, which tests/kernel_test gives what to send.

use end_to_end::{commands, repository, tool};

/// Tests that do not apply to this kernel; the reasons stand in test_rust_kernel.py.
const SKIPPED: [&str; 3] = [
    "test_clear_output",
    "test_pager",
    "test_recv_iopub_welcome_msg",
];

#[test]
fn jupyters_kernel_tests_pass_and_none_but_the_listed_are_skipped() {
    let mut command = tool("python");
    command
        .args([
            "-m",
            "pytest",
            "-v",
            "-p",
            "no:cacheprovider",
            "tests/kernel_test",
        ])
        .current_dir(repository());
    let ran = commands::run(&mut command, "");
    assert!(ran.passed, "{}", ran.said);
    let (mut passed, mut skipped) = (0, Vec::new());
    for line in ran.said.lines().filter(|line| line.contains("::")) {
        passed += usize::from(line.contains(" PASSED"));
        // A part of a test that is skipped is a SUBSKIPPED.
        if line.contains("SKIPPED") {
            let name = line.rsplit("::").next().unwrap_or(line);
            skipped.push(name.split(' ').next().unwrap_or(name));
        }
    }
    skipped.sort_unstable();
    assert_eq!(skipped, SKIPPED, "{}", ran.said);
    assert_eq!(passed, 10, "{}", ran.said);
}
