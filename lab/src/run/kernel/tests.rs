use std::collections::HashMap;

use jupyter_protocol::JupyterKernelspec;
use nix::sys::signal::killpg;

use super::*;
use crate::launcher::adopt_orphans;

/// A "kernel" that is a shell script.
fn script(script: &str) -> Kernelspec {
    Kernelspec {
        folder: "/".into(),
        spec: JupyterKernelspec {
            argv: ["sh", "-c", script].map(String::from).to_vec(),
            display_name: "Rust".to_owned(),
            language: "rust".to_owned(),
            metadata: None,
            interrupt_mode: None,
            env: Some(HashMap::from([("GREETING".to_owned(), "hello".to_owned())])),
        },
    }
}

async fn started(text: &str) -> Kernel {
    adopt_orphans();
    Kernel::start(&script(text), Path::new("/")).await.unwrap()
}

fn is_gone(group: Pid) -> bool {
    killpg(group, None).is_err()
}

#[tokio::test]
async fn a_dropped_kernel_leaves_no_process_and_no_folder() {
    let kernel = started("sleep 1000 & wait").await;
    let (group, log) = (kernel.pid, kernel.folder.log());
    assert!(!is_gone(group) && log.exists());
    drop(kernel);
    assert!(is_gone(group) && !log.exists());
}

#[tokio::test]
async fn a_stubborn_kernel_is_killed() {
    let mut kernel = started("trap '' TERM; echo ready; sleep 1000 & wait").await;
    while kernel.log() != "ready" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let group = kernel.pid;
    assert_eq!(kernel.ended_by_now(), None);
    kernel.stop(None, &mut Stop::on_signals().unwrap()).await;
    assert!(is_gone(group));
}

#[tokio::test]
async fn the_way_it_ended_is_told_in_words() {
    let mut kernel = started("echo $GREETING; pwd; exit 7").await;
    assert_eq!(describe(kernel.ended().await), "it exited with status 7");
    assert_eq!(kernel.log(), "hello\n/");
    let passed_on = ExitStatus::from_raw(137 << 8);
    assert_eq!(
        describe(passed_on),
        "it exited with status 137 (killed by signal 9, SIGKILL)"
    );
    let killed = ExitStatus::from_raw(libc::SIGKILL);
    assert_eq!(describe(killed), "it was killed by signal 9, SIGKILL");
}

#[tokio::test]
async fn a_missing_program_is_one_sentence() {
    let mut spec = script("");
    spec.spec.argv[0] = "no-such-program".to_owned();
    let error = Kernel::start(&spec, Path::new("/")).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "the kernel's program no-such-program cannot be started"
    );
}
