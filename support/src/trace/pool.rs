//! Pools in a picture.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Trace;
use super::end::LaneGuard;
use crate::process::Pool;

impl Trace {
    /// Makes a [`Pool`] whose function is given the trace, and whose workers have lanes of their
    /// own, "worker 1", "worker 2" and so on, which end as the workers do.
    ///
    /// A worker that is killed, or dies, is seen to end by the lane "pool": the thread that then
    /// starts the next worker.
    ///
    /// # Panics
    ///
    /// As [`Pool::new`].
    ///
    /// ```
    /// use support::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let pool = trace.pool(2, |trace, n: u32| trace.in_span("square", || n * n));
    /// assert_eq!(pool.map([3, 4]).unwrap(), [9, 16]);
    /// pool.close();
    /// pool.join();
    /// assert!(trace.lanes().iter().any(|lane| lane.name == "worker 1" && lane.end.is_some()));
    /// ```
    pub fn pool<T, R, F>(&self, workers: usize, f: F) -> Pool<T, R>
    where
        T: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        F: Fn(&Trace, T) -> R + Send + Sync + 'static,
    {
        // Its own introduction comes first, so that parents stand before their children.
        self.shared.introduce_caller();
        let trace = self.clone();
        Pool::with_trace(workers, move |item| f(&trace, item), Some(self))
            .unwrap_or_else(|error| panic!("cannot make a pool of {workers} workers: {error}"))
    }

    /// In a worker, as it begins: its lane, which ends with the guard.
    pub(crate) fn worker(&self) -> LaneGuard {
        self.shared.introduce_caller();
        self.own_lane()
    }
}
