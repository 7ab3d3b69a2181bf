//! The image, built and used: minutes and gigabytes, so only where it is asked for.
//!
//! `cargo test -p end-to-end --test image -- --ignored --nocapture` builds it with buildah, which reads
//! `STORAGE_DRIVER` and `BUILDAH_ISOLATION`. `IMAGE_RUST` and `IMAGE_DEBIAN` name other bases than the
//! Containerfile does, `IMAGE` names what is built.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

fn buildah(arguments: &[&str]) -> Output {
    let mut buildah = Command::new("buildah");
    let output = buildah.args(arguments).output();
    output.expect("buildah: apt-get install buildah")
}

/// What it wrote on stdout.
fn says(arguments: &[&str]) -> String {
    let output = buildah(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "buildah {arguments:?}: {complaint}"
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A container of the image, which ends with it.
struct Container(String);

impl Container {
    /// A command in it, as the image's user, behind its entry: stdout.
    fn runs(&self, command: &[&str]) -> String {
        says(&[&["run", &self.0, "--", "start"], command].concat())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        buildah(&["rm", &self.0]);
    }
}

/// Folders that are closed to the user are none of theirs either.
const WRITABLE: &str = r"find / -xdev \( -path /proc -o -path /home/jovyan -o -path /sys -o -path /dev \) -prune -o ! -type l -writable -print 2>/dev/null || true";

#[test]
#[ignore = "builds an image: minutes, and gigabytes of disk"]
fn its_user_draws_the_first_pictures_and_changes_nothing_but_their_home() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let image = named("IMAGE").unwrap_or_else(|| "localhost/rust-notebooks".to_owned());
    let mut build = Command::new("buildah");
    build.args([
        "build",
        "--layers",
        "--tag",
        &image,
        "--file",
        "Containerfile",
    ]);
    for argument in ["RUST", "DEBIAN"] {
        if let Some(base) = named(&format!("IMAGE_{argument}")) {
            build.arg("--build-arg").arg(format!("{argument}={base}"));
        }
    }
    let began = Instant::now();
    let status = build.arg(".").current_dir(root).status();
    assert!(status.expect("buildah: apt-get install buildah").success());
    println!("built in {:.0} s", began.elapsed().as_secs_f64());

    let container = Container(says(&["from", &image]));
    let who = container.runs(&["sh", "-c", "id -u; pwd"]);
    assert_eq!(who, "1000\n/home/jovyan");
    println!(
        "{}",
        container.runs(&["du", "-xsm", "/opt/jupyter", "/opt/lab", "/usr"])
    );
    // Nothing is theirs outside of their home, and what is for everybody is as it is in every Debian.
    let writable = container.runs(&["sh", "-c", WRITABLE]);
    let allowed = ["/tmp", "/var/tmp", "/run/lock"];
    let others: Vec<_> = writable
        .lines()
        .filter(|path| !allowed.contains(path))
        .collect();
    assert!(others.is_empty(), "{others:?}");

    let began = Instant::now();
    let executed = container.runs(&[
        "jupyter",
        "nbconvert",
        "--log-level=ERROR",
        "--to",
        "notebook",
        "--execute",
        "--stdout",
        "notebooks/01-tasks.ipynb",
    ]);
    println!(
        "01-tasks, executed in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let book: Value = serde_json::from_str(&executed).expect("a notebook");
    let cells = book["cells"].as_array().expect("cells");
    let outputs = cells
        .iter()
        .filter_map(|cell| cell["outputs"].as_array())
        .flatten();
    let (mut pictures, mut errors) = (0, 0);
    for output in outputs {
        pictures += usize::from(
            output["data"]["image/svg+xml"].is_array()
                || output["data"]["image/svg+xml"].is_string(),
        );
        errors += usize::from(output["output_type"] == "error");
    }
    assert!(
        pictures > 3 && errors == 0,
        "{pictures} pictures, {errors} errors"
    );
    // Two cells that set up and draw: what a reader waits for.
    let script = r#"
import time
from jupyter_client.manager import start_new_kernel
began = time.monotonic()
manager, client = start_new_kernel(kernel_name="rust", startup_timeout=300)
for source in [":dep support = { path = \"../support\" }\nuse support::prelude::*;",
               "let trace = Trace::new();\nlet thread = trace.spawn(\"thread\", |trace| trace.busy(Duration::from_millis(5)));\ntrace.join(thread).unwrap();\ntrace.timeline()"]:
    kinds = []
    reply = client.execute_interactive(source, timeout=600, output_hook=lambda it: kinds.extend(it["content"].get("data", {})))
    assert reply["content"]["status"] == "ok", reply
assert "image/svg+xml" in kinds, kinds
print(f"first picture after {time.monotonic() - began:.1f} s")
client.stop_channels()
manager.shutdown_kernel()
"#;
    let picture = container.runs(&["python", "-c", script]);
    assert!(picture.starts_with("first picture after "), "{picture}");
    println!("{picture}");
    let left = container.runs(&["sh", "-c", "ls -A /tmp /var/tmp | grep rust-kernel || true"]);
    assert_eq!(left, "", "kernels leave nothing");
    let hub = container.runs(&["jupyterhub-singleuser", "--version"]);
    println!("jupyterhub-singleuser {hub}");
}
