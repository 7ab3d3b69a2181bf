//! A coroutine's stack: a mapping with a page below it that nobody may touch.

use std::ffi::c_void;
use std::fmt;
use std::io;
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::OnceLock;

use corosensei::stack::StackPointer;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use super::overflow;
use super::page::page;

/// Bytes of a stack unless told otherwise.
pub(super) const DEFAULT: usize = 256 << 10;

/// The least: what a body needs that calls a few functions compiled without optimization.
const LEAST: usize = 16 << 10;

/// `MADV_GUARD_INSTALL`: a guard page that does not cut the mapping in two (Linux 6.13).
const GUARD_INSTALL: libc::c_int = 102;

/// From `bottom` on `length` bytes, of which the lowest page is the guard.
pub(super) struct Stack {
    bottom: NonNull<c_void>,
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
        let trial = Stack::map(2 * page());
        if trial.is_ok_and(|trial| trial.install_guard()) {
            return usize::MAX;
        }
        let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count");
        let allowed = allowed.ok().and_then(|text| text.trim().parse().ok());
        let allowed: usize = allowed.unwrap_or(65_530);
        (allowed / 2).saturating_sub(2000)
    })
}

impl Stack {
    pub fn new(bytes: usize) -> Result<Stack, NoRoom> {
        let page = page();
        let guarded = || {
            let length = bytes.max(LEAST).checked_next_multiple_of(page);
            let length = length.and_then(|length| length.checked_add(page));
            let stack = Stack::map(length.ok_or(io::ErrorKind::OutOfMemory)?)?;
            if !stack.install_guard() {
                stack.cut_guard_off()?;
            }
            overflow::watch(stack.bottom.addr().get(), stack.length - page);
            Ok(stack)
        };
        guarded().map_err(|error| NoRoom { bytes, error })
    }

    /// Memory without a guard.
    fn map(length: usize) -> io::Result<Stack> {
        let length = NonZero::new(length).ok_or(io::ErrorKind::InvalidInput)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE | MapFlags::MAP_STACK;
        // SAFETY: a fresh anonymous mapping, at a place that the system chooses.
        let bottom = unsafe { mmap_anonymous(None, length, access, flags) }?;
        let length = length.get();
        Ok(Stack { bottom, length })
    }

    /// Whether this system knows guard pages that cut no mapping in two: then there is one.
    fn install_guard(&self) -> bool {
        let bottom = self.bottom.as_ptr();
        // SAFETY: the range is this mapping's own, and nothing is stored there yet. Huge pages
        // would give a stack of which 4 KiB are used 2 MiB; a kernel without them refuses, which
        // does no harm.
        unsafe {
            libc::madvise(bottom, self.length, libc::MADV_NOHUGEPAGE);
            libc::madvise(bottom, page(), GUARD_INSTALL) == 0
        }
    }

    fn cut_guard_off(&self) -> nix::Result<()> {
        // SAFETY: the lowest page is this mapping's own, and nothing is stored there yet.
        unsafe { mprotect(self.bottom, page(), ProtFlags::PROT_NONE) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        overflow::forget(self.bottom.addr().get());
        // SAFETY: mapped with this length. A stack is dropped when its body has ended, so nothing
        // refers to it.
        let _ = unsafe { munmap(self.bottom, self.length) };
    }
}

// SAFETY: the mapping belongs to `self`, is readable and writable but for its lowest page, is at
// least `LEAST` long, and its ends are multiples of a page, so of the alignment asked for.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        StackPointer::new(self.bottom.addr().get() + self.length).expect("above the bottom")
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.bottom.addr()
    }
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
