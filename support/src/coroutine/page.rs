//! The size of a page of memory.

use nix::unistd::{SysconfVar, sysconf};

pub(super) fn page() -> usize {
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    page.and_then(|page| usize::try_from(page).ok())
        .unwrap_or(4096)
}
