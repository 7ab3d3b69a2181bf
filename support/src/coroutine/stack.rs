//! A coroutine's stack: a mapping with a page below it that nobody may touch.

use std::fmt;
use std::io;
use std::num::NonZero;
use std::sync::OnceLock;

use corosensei::stack::StackPointer;

use super::overflow;

/// Bytes of a stack unless told otherwise.
pub(super) const DEFAULT: usize = 256 << 10;

/// The least: what a body needs that calls a few functions compiled without optimization.
const LEAST: usize = 16 << 10;

/// `MADV_GUARD_INSTALL`: a guard page that does not cut the mapping in two (Linux 6.13).
const GUARD_INSTALL: libc::c_int = 102;

/// From `bottom` on `length` bytes, of which the lowest page is the guard.
pub(super) struct Stack {
    bottom: NonZero<usize>,
    length: usize,
}

/// There is no room for one more stack.
#[derive(Debug)]
pub(super) struct NoRoom {
    bytes: usize,
    error: io::Error,
}

/// How many coroutines a process may have at a time, as far as the system counts.
///
/// Without bound (`usize::MAX`) from Linux 6.13 on, where only memory bounds it; before, half of
/// what `/proc/sys/vm/max_map_count` allows, less a reserve for everything else.
///
/// ```
/// assert!(support::coroutine::most() > 1000);
/// ```
pub fn most() -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| {
        if guards_without_mapping() {
            return usize::MAX;
        }
        let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count");
        let allowed = allowed.ok().and_then(|text| text.trim().parse().ok());
        let allowed: usize = allowed.unwrap_or(65_530);
        (allowed / 2).saturating_sub(2000)
    })
}

/// Whether this system knows guard pages that cut no mapping in two.
fn guards_without_mapping() -> bool {
    let page = page();
    // SAFETY: a fresh mapping of one page, at a place that the system chooses, to which nothing
    // refers; it is unmapped at once.
    unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let trial = libc::mmap(std::ptr::null_mut(), page, access, flags, -1, 0);
        if trial == libc::MAP_FAILED {
            return false;
        }
        let known = libc::madvise(trial, page, GUARD_INSTALL) == 0;
        libc::munmap(trial, page);
        known
    }
}

impl Stack {
    pub fn new(bytes: usize) -> Result<Stack, NoRoom> {
        let page = page();
        let no_room = |error| NoRoom { bytes, error };
        let length = bytes.max(LEAST).checked_next_multiple_of(page);
        let length = length.and_then(|length| length.checked_add(page));
        let length = length.ok_or_else(|| no_room(io::ErrorKind::OutOfMemory.into()))?;
        // SAFETY: a fresh anonymous mapping, at a place that the system chooses.
        let bottom = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK,
                -1,
                0,
            )
        };
        if bottom == libc::MAP_FAILED {
            return Err(no_room(io::Error::last_os_error()));
        }
        let stack = Stack {
            bottom: NonZero::new(bottom.addr()).expect("a mapping is never at address zero"),
            length,
        };
        // SAFETY: the range is this mapping's own, and nothing is stored there yet. Huge pages
        // would give a stack of which 4 KiB are used 2 MiB; a kernel without them refuses, which
        // does no harm.
        let guarded = unsafe {
            libc::madvise(bottom, length, libc::MADV_NOHUGEPAGE);
            libc::madvise(bottom, page, GUARD_INSTALL) == 0
                || libc::mprotect(bottom, page, libc::PROT_NONE) == 0
        };
        if !guarded {
            return Err(no_room(io::Error::last_os_error()));
        }
        overflow::watch(stack.bottom.get(), length - page);
        Ok(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        overflow::forget(self.bottom.get());
        // SAFETY: mapped in `new` with this length. A stack is dropped when its body has ended, so
        // nothing refers to it.
        unsafe { libc::munmap(self.bottom.get() as *mut _, self.length) };
    }
}

// SAFETY: the mapping belongs to `self`, is readable and writable but for its lowest page, is at
// least `LEAST` long, and its ends are multiples of a page, so of the alignment asked for.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        StackPointer::new(self.bottom.get() + self.length).expect("above the bottom")
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.bottom
    }
}

pub(super) fn page() -> usize {
    // SAFETY: only returns a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).unwrap_or(4096)
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no room for a coroutine's stack of {} bytes ({}): make fewer at a time, or see \
             /proc/sys/vm/max_map_count",
            self.bytes, self.error
        )
    }
}
