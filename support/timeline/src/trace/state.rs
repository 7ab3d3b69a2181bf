//! Why a thread does not run: it sleeps, it waits for another, it is blocked in IO.

use std::time::Duration;

use super::handle::Trace;
use super::slot::Tag;

impl Trace {
    /// Sleeps for `time` and records it as [`Kind::Sleeping`](super::Kind::Sleeping).
    ///
    /// Blocks the caller for at least `time`, as `std::thread::sleep` does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// trace.sleep(Duration::from_millis(1));
    /// let event = &trace.events()[0];
    /// assert_eq!(event.kind, Kind::Sleeping);
    /// assert!(event.time() >= Duration::from_millis(1));
    /// ```
    pub fn sleep(&self, time: Duration) {
        let _sleeping = self.begin(Tag::Sleeping, "sleep");
        std::thread::sleep(time);
    }

    /// Runs `call`, which blocks in input or output, and records that as
    /// [`Kind::Blocked`](super::Kind::Blocked).
    ///
    /// It is the caller's word that `call` blocks; nothing is looked at. A label holds 24 bytes.
    ///
    /// ```
    /// use std::io::Read;
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// let (mut reader, writer) = std::io::pipe().unwrap();
    /// drop(writer);
    /// let bytes = trace.blocked("read", || reader.read(&mut [0; 16]).unwrap());
    /// assert_eq!(bytes, 0);
    /// assert_eq!(trace.events()[0].kind, Kind::Blocked);
    /// ```
    pub fn blocked<R>(&self, label: &str, call: impl FnOnce() -> R) -> R {
        let _blocked = self.begin(Tag::Blocked, label);
        call()
    }

    /// Runs `call`, which waits for another thread or process, and records that as
    /// [`Kind::Waiting`](super::Kind::Waiting): a barrier, a condition variable, a channel.
    ///
    /// For a lock see [`Trace::watch`], for a thread's end [`Trace::join`], for a process's
    /// [`Trace::waitpid`]. A label holds 24 bytes.
    ///
    /// ```
    /// use std::sync::Barrier;
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// trace.waiting("barrier", || Barrier::new(1).wait());
    /// assert_eq!(trace.events()[0].kind, Kind::Waiting);
    /// ```
    pub fn waiting<R>(&self, label: &str, call: impl FnOnce() -> R) -> R {
        let _waiting = self.begin(Tag::Waiting, label);
        call()
    }
}
