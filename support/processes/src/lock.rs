//! A lock between processes that survives the death of its holder.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use rustix::thread::Timespec;

use crate::limit::Limit;

unsafe extern "C" {
    // In glibc since 2.30, but not in the `libc` crate. `pthread_mutex_timedlock` would do, but for
    // the clock that it goes by: one that can be set.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        until: *const Timespec,
    ) -> libc::c_int;
}

/// A robust mutex for processes that share the memory it lies in.
///
/// It also notices a thread that takes it twice, as a signal handler or a nested update might: that
/// is a panic and not a wait without end.
#[repr(transparent)]
pub struct Lock(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a process-shared mutex is for all threads of all processes.
unsafe impl Sync for Lock {}

impl Lock {
    /// A lock that is still to be made ready, where it will lie.
    pub const fn unready() -> Lock {
        Lock(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER))
    }

    /// Makes the lock ready for use.
    ///
    /// # Safety
    /// It lies in shared memory, where it stays, and nobody uses it yet.
    pub unsafe fn make_ready(&self) {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: `attributes` is made ready by the first call and used by the others; the mutex is
        // as the caller promises.
        let failed = unsafe {
            [
                libc::pthread_mutexattr_init(attributes),
                libc::pthread_mutexattr_settype(attributes, libc::PTHREAD_MUTEX_ERRORCHECK),
                libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED),
                libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST),
                libc::pthread_mutex_init(self.0.get(), attributes),
                libc::pthread_mutexattr_destroy(attributes),
            ]
        };
        assert_eq!(failed, [0; 6], "the system has no robust locks");
    }

    /// Waits for the lock and takes it. `None`: the limit has passed.
    ///
    /// # Panics
    /// If the calling thread holds the lock already.
    pub fn lock(&self, limit: Limit) -> Option<Held<'_>> {
        self.taken(match limit.timespec() {
            None => self.call(libc::pthread_mutex_lock),
            // SAFETY: the mutex was made ready; `until` outlives the call.
            Some(until) => unsafe {
                pthread_mutex_clocklock(self.0.get(), libc::CLOCK_MONOTONIC, &until)
            },
        })
    }

    /// Takes the lock if it is free. Whether this thread holds it already is not noticed here.
    pub fn try_lock(&self) -> Option<Held<'_>> {
        self.taken(self.call(libc::pthread_mutex_trylock))
    }

    fn call(
        &self,
        function: unsafe extern "C" fn(*mut libc::pthread_mutex_t) -> libc::c_int,
    ) -> libc::c_int {
        // SAFETY: one of the C library's functions for a mutex that was made ready. What it may not
        // do for this thread, such as giving back what this thread does not hold, it refuses.
        unsafe { function(self.0.get()) }
    }

    fn taken(&self, result: libc::c_int) -> Option<Held<'_>> {
        let inherited = match result {
            0 => false,
            libc::EOWNERDEAD => {
                // What the lock guards is valid at each moment, so there is nothing to repair.
                self.call(libc::pthread_mutex_consistent);
                true
            }
            libc::ETIMEDOUT | libc::EBUSY => return None,
            libc::EDEADLK => panic!(
                "this thread holds the lock already: an update must not use the same value again"
            ),
            error => panic!(
                "a lock between processes cannot be taken: {}",
                std::io::Error::from_raw_os_error(error)
            ),
        };
        Some(Held {
            lock: self,
            inherited,
        })
    }
}

/// The lock is held until this is dropped.
pub struct Held<'a> {
    lock: &'a Lock,
    /// Whether the one who held it before died with it.
    pub inherited: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // In a child forked meanwhile, which does not hold it, the call fails without effect.
        self.lock.call(libc::pthread_mutex_unlock);
    }
}
