//! The documentation of `support` and its family: each link in it leads somewhere.

use end_to_end::cargo;
use end_to_end::commands::run;
use std::path::Path;

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let family = [
        "figures",
        "timeline",
        "processes",
        "interleavings",
        "web",
        "support",
    ];
    let packages = family.iter().flat_map(|name| ["--package", name]);
    let mut command = cargo(&["doc", "--quiet", "--no-deps"], root);
    command.args(packages).env("RUSTDOCFLAGS", "-D warnings");
    let ran = run(&mut command, "");
    assert!(ran.passed, "{}", ran.said);
}
