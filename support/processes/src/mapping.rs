//! Memory that a process shares with the children that it forks.

use std::io;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::{NonNull, null_mut};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// A mapping that begins with an `H`; zeros follow. A forked child's copy of this value is the same
/// memory; each process unmaps its own, and `H` is never dropped.
pub struct Mapping<H> {
    base: NonNull<H>,
    bytes: usize,
}

// SAFETY: the mapping belongs to no thread. `H` is made for several processes, and so for threads;
// what else is done in the mapping is up to who takes its address.
unsafe impl<H> Send for Mapping<H> {}
// SAFETY: as above.
unsafe impl<H> Sync for Mapping<H> {}

// What lies here is valid whenever a process dies, and so whenever a thread panics.
impl<H> UnwindSafe for Mapping<H> {}
impl<H> RefUnwindSafe for Mapping<H> {}

impl<H> Mapping<H> {
    /// A mapping of a header, and this many bytes behind it.
    ///
    /// # Errors
    /// If the system has no address space left.
    ///
    /// # Panics
    /// If `H` is to be aligned more strictly than a page is.
    pub fn new(header: H, rest: usize) -> io::Result<Mapping<H>> {
        let align = align_of::<H>();
        assert!(align <= 4096, "a value aligned to {align} bytes");
        let bytes = size_of::<H>().max(1).checked_add(rest);
        let bytes = bytes.ok_or(io::ErrorKind::OutOfMemory)?;
        // NORESERVE: memory is used as it is touched, not when the mapping is made.
        let flags = MapFlags::SHARED | MapFlags::NORESERVE;
        // SAFETY: a fresh anonymous mapping, at a place that the system chooses: a page's
        // beginning, which is aligned for a header and has room for it.
        let base = unsafe {
            let base = mmap_anonymous(null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, flags);
            let base = NonNull::new(base?.cast::<H>()).ok_or(io::ErrorKind::OutOfMemory)?;
            base.write(header);
            base
        };
        Ok(Mapping { base, bytes })
    }

    /// The first byte behind the header.
    pub fn rest(&self) -> *mut u8 {
        let base = self.base.as_ptr().cast::<u8>();
        base.wrapping_add(size_of::<H>())
    }
}

impl<H> Deref for Mapping<H> {
    type Target = H;

    fn deref(&self) -> &H {
        // SAFETY: the header was written by `new`, and the mapping lives as long as `self`.
        unsafe { self.base.as_ref() }
    }
}

impl<H> Drop for Mapping<H> {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length; who owns a mapping keeps no reference into it
        // past its end.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.bytes) };
    }
}
