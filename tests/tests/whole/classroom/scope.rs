//! Where no control group can be made, systemd is asked for a scope in which they can.

use super::course::{self, Course, MOST, REFERENCE};
use super::ordinary::Ordinary;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// As systemd does, it runs what it is asked to.
const GIVES: &str = "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"";
/// As where the user has no systemd of their own.
const REFUSES: &str = "exit 1";
/// Whoever asks again and again is refused in the end.
const MOST_ASKED: usize = 9;

/// A `systemd-run` that keeps a record, in a folder where everybody may write.
struct Systemd(tempfile::TempDir);

impl Systemd {
    fn new(does: &str) -> Systemd {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let open = |path: &Path| {
            let mode = std::fs::Permissions::from_mode(0o777);
            std::fs::set_permissions(path, mode).expect("an own file");
        };
        open(folder.path());
        let program = folder.path().join("systemd-run");
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {0}\n[ $(wc -l < {0}) -gt {MOST_ASKED} ] && exit 1\n{does}\n",
            folder.path().join("record").display()
        );
        std::fs::write(&program, script).expect("disk space");
        open(&program);
        Systemd(folder)
    }

    /// What it was asked for while everybody got their points, and whether it had to be.
    fn asked(&self, report: &Value) -> (Vec<String>, bool) {
        let verdicts = course::verdicts(report);
        assert_eq!(verdicts[0]["points"], MOST, "{report:#}");
        let asked = std::fs::read_to_string(self.0.path().join("record")).unwrap_or_default();
        let unbounded = verdicts[0]["resources"]["unbounded"].to_string();
        let asked = asked.lines().map(str::to_owned).collect();
        (asked, unbounded.contains("memory"))
    }
}

fn course() -> Course {
    let course = Course::new();
    course.submit("honest", REFERENCE);
    course.let_others_read();
    course
}

#[test]
fn systemd_is_asked_for_a_scope_where_groups_are_missing() {
    let Some(user) = Ordinary::new() else { return };
    let course = course();
    let asked = |does: &str| {
        let systemd = Systemd::new(does);
        let first = Some(systemd.0.path());
        systemd.asked(&user.grade_by(first, &[&course.submitted()], &["--again"]))
    };
    let (asked_who_gives, are_missing) = asked(GIVES);
    let (asked_who_refuses, _) = asked(REFUSES);
    if !are_missing {
        assert!(
            asked_who_gives.is_empty() && asked_who_refuses.is_empty(),
            "groups can be made here without it: {asked_who_gives:?}, {asked_who_refuses:?}"
        );
        return;
    }
    let scope = "--user --scope --quiet --collect --property=Delegate=yes -- ";
    let [probe, grading] = &asked_who_gives[..] else {
        panic!("nobody asks twice: {asked_who_gives:?}");
    };
    assert!(
        probe.starts_with(scope) && probe.ends_with(" true"),
        "{probe}"
    );
    assert!(
        grading.starts_with(scope) && grading.contains(" grade --json"),
        "{grading}"
    );
    // Grading goes on without one.
    assert_eq!(asked_who_refuses, [&**probe]);
}

#[test]
fn nobody_asks_systemd_where_groups_can_be_made() {
    let systemd = Systemd::new(GIVES);
    let first = Some(systemd.0.path());
    let report = course::grade_by(first, &[&course().submitted()], &["--again"]);
    let (asked, are_missing) = systemd.asked(&report);
    assert_eq!(asked.is_empty(), !are_missing, "{asked:?}");
}
