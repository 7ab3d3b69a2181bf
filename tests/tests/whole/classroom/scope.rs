//! Where no control group can be made, systemd is asked for a scope in which they can.

use super::course::{Course, MOST, REFERENCE};
use super::ordinary::Ordinary;
use std::os::unix::fs::PermissionsExt;

#[test]
fn systemd_is_asked_for_a_scope_where_groups_are_missing() {
    let Some(user) = Ordinary::new() else { return };
    let course = Course::new();
    course.submit("honest", REFERENCE);
    course.let_others_read();
    // One that does what it is asked to, and keeps a record: in a folder where they may write.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = |mode: u32| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path(), open(0o777)).expect("an own folder");
    let (program, record) = (
        folder.path().join("systemd-run"),
        folder.path().join("record"),
    );
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\nwhile [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\n",
        record.display()
    );
    std::fs::write(&program, script).expect("disk space");
    std::fs::set_permissions(&program, open(0o755)).expect("an own file");
    let report = user.grade_by(
        Some(folder.path()),
        &[&course.path().join("submitted")],
        &["--again"],
    );
    assert_eq!(report["graded"][0]["points"], MOST, "{report:#}");
    let asked = std::fs::read_to_string(&record).unwrap_or_default();
    let asked: Vec<&str> = asked.lines().collect();
    let unbounded = report["graded"][0]["resources"]["unbounded"].to_string();
    if !unbounded.contains("memory") {
        assert_eq!(asked, [""; 0], "groups can be made here without it");
        return;
    }
    let scope = "--user --scope --quiet --collect --property=Delegate=yes -- ";
    assert!(
        asked[0].starts_with(scope) && asked[0].ends_with(" true"),
        "{asked:?}"
    );
    assert!(
        asked[1].starts_with(scope) && asked[1].contains(" grade --json"),
        "{asked:?}"
    );
    assert_eq!(asked.len(), 2, "nobody asks twice: {asked:?}");
}
