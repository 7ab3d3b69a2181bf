//! Memory that a process shares with the children that it forks.

use std::io;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// A zeroed mapping. A forked child's copy of this value is the same memory; each process unmaps
/// its own.
pub struct Mapping {
    base: NonNull<u8>,
    bytes: NonZeroUsize,
}

// SAFETY: the mapping belongs to no thread. What is done in it is up to who takes its address.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// # Errors
    /// If the system has no address space left.
    pub fn new(bytes: usize) -> io::Result<Mapping> {
        let bytes = NonZeroUsize::new(bytes).unwrap_or(NonZeroUsize::MIN);
        // SAFETY: a fresh anonymous mapping, at a place that the system chooses.
        let base = unsafe {
            mmap_anonymous(
                None,
                bytes,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                // NORESERVE: memory is used as it is touched, not when the mapping is made.
                MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE,
            )
        }?;
        Ok(Mapping {
            base: base.cast(),
            bytes,
        })
    }

    /// Its first byte; a page's beginning.
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length; who owns a mapping keeps no reference into it
        // past its end.
        let _ = unsafe { munmap(self.base.cast(), self.bytes.get()) };
    }
}
