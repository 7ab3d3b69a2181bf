//! What is seen inside, as arguments of bwrap.

use super::system;
use super::{CONFINE, Options, SOCKET, SOCKET_VARIABLE};
use anyhow::{Context, Result};
use nix::unistd::Uid;
use std::collections::BTreeSet;
use std::path::Path;

/// The arguments of bwrap that say what is seen inside: less than a pipe holds.
pub fn walls(options: &Options) -> Result<Vec<String>> {
    let mut walls = Walls::default();
    walls.add(&[
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]);
    walls.add(&["--die-with-parent", "--new-session", "--clearenv"]);
    walls.add(&["--hostname", "sandbox"]);
    if Uid::effective().is_root() {
        // Root needs no user namespace, and inside one its processes would count as root's, whom
        // no limit binds. It keeps what it takes to become somebody else, until it has.
        walls.add(&["--cap-drop", "ALL"]);
        walls.add(&["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]);
    } else {
        walls.add(&["--unshare-user", "--disable-userns"]);
        walls.add(&["--uid", "1000", "--gid", "1000"]);
    }
    let shown = system::shown(options.compiler)?;
    // Folders on the way would otherwise be root's alone.
    let on_the_way = shown.iter().flat_map(|place| place.ancestors().skip(1));
    let on_the_way: BTreeSet<&Path> = on_the_way.chain([Path::new("/run")]).collect();
    for folder in on_the_way
        .into_iter()
        .filter(|folder| folder.parent().is_some())
    {
        walls.add(&["--perms", "0755", "--dir", &text(folder)]);
    }
    for (link, target) in system::links() {
        walls.add(&["--symlink", &text(&target), &text(&link)]);
    }
    for place in &shown {
        walls.add(&["--ro-bind-try", &text(place), &text(place)]);
    }
    walls.add(&["--proc", "/proc", "--dev", "/dev"]);
    // All that can be written to has a size.
    let size = options.tmp.to_string();
    for folder in ["/tmp", "/dev/shm"] {
        walls.add(&["--perms", "1777", "--size", &size, "--tmpfs", folder]);
    }
    let own = std::env::current_exe().context("this program's own file cannot be found")?;
    walls.add(&["--ro-bind", &text(&own), CONFINE]);
    for (from, to) in &options.show {
        walls.add(&["--ro-bind", &text(from), &text(to)]);
    }
    if let Some(socket) = &options.socket {
        walls.add(&["--ro-bind", &text(socket), SOCKET]);
        walls.add(&["--setenv", SOCKET_VARIABLE, SOCKET]);
    }
    walls.add(&["--remount-ro", "/dev", "--remount-ro", "/"]);
    walls.add(&["--chdir", "/tmp", "--setenv", "PATH", "/usr/bin:/bin"]);
    walls.add(&["--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"]);
    walls.add(&["--setenv", "LANG", "C.UTF-8"]);
    if let Some(libraries) = &options.libraries {
        walls.add(&["--setenv", "LD_LIBRARY_PATH", libraries]);
    }
    Ok(walls.0)
}

#[derive(Default)]
struct Walls(Vec<String>);

impl Walls {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
