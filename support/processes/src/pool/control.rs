//! What the pool's handles and its manager thread say to each other.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::chunk::Chunk;
use super::error::TaskError;
use super::worker::Bell;

pub(super) struct Control {
    state: Mutex<State>,
    /// Told when the pool is over.
    over: Condvar,
    /// Wakes the manager.
    pub bell: Bell,
    /// The process whose pool it is; a forked child has a copy of all this, but no manager.
    owner: u32,
    pub workers: usize,
}

#[derive(Default)]
struct State {
    incoming: Vec<Chunk>,
    /// The bell was rung, and the manager has not come yet.
    woken: bool,
    closed: bool,
    joining: bool,
    terminating: bool,
    /// Calls of `map` under way: they hand over tasks as results come.
    maps: usize,
    pids: Vec<i32>,
    /// Why no task is taken any more, once all workers have gone.
    over: Option<TaskError>,
}

/// What the manager shall do.
pub(super) struct Orders {
    pub chunks: Vec<Chunk>,
    /// End, once all is done.
    pub finish: bool,
    /// End now.
    pub terminate: bool,
}

impl Control {
    pub fn new(workers: usize) -> io::Result<Control> {
        Ok(Control {
            state: Mutex::default(),
            over: Condvar::new(),
            bell: Bell::new()?,
            owner: std::process::id(),
            workers,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that panics happens under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, state: &mut State) {
        if !std::mem::replace(&mut state.woken, true) {
            self.bell.ring();
        }
    }

    /// Whether this is the process that made the pool.
    pub fn is_owner(&self) -> bool {
        self.owner == std::process::id()
    }

    /// A call begins. `map` says that it hands over tasks until [`Control::map_is_over`].
    pub fn open(&self, map: bool) -> Result<(), TaskError> {
        assert!(
            self.is_owner(),
            "this pool belongs to process {}, which forked this one: make a pool here",
            self.owner
        );
        let mut state = self.state();
        match &state.over {
            Some(over) => Err(over.clone()),
            None if state.terminating => Err(TaskError::Terminated),
            None if state.closed => Err(TaskError::Closed),
            None => {
                state.maps += usize::from(map);
                Ok(())
            }
        }
    }

    pub fn map_is_over(&self) {
        let mut state = self.state();
        state.maps -= 1;
        if state.joining {
            self.wake(&mut state);
        }
    }

    /// Hands a chunk over.
    ///
    /// # Errors
    /// The chunk, if the pool is over, and why.
    pub fn submit(&self, chunk: Chunk) -> Result<(), (Chunk, TaskError)> {
        let mut state = self.state();
        if let Some(over) = &state.over {
            let over = over.clone();
            return Err((chunk, over));
        }
        state.incoming.push(chunk);
        self.wake(&mut state);
        Ok(())
    }

    pub fn close(&self) {
        self.state().closed = true;
    }

    /// Waits until all is done and the workers have ended; false if the pool was never closed.
    pub fn join(&self) -> bool {
        let mut state = self.state();
        if !state.closed && !state.terminating && state.over.is_none() {
            return false;
        }
        state.joining = true;
        self.wake(&mut state);
        self.until_over(state);
        true
    }

    /// Has all workers killed, and waits until they are gone.
    pub fn terminate(&self) {
        let mut state = self.state();
        state.terminating = true;
        self.wake(&mut state);
        self.until_over(state);
    }

    fn until_over<'a>(&'a self, state: MutexGuard<'a, State>) {
        let waited = self.over.wait_while(state, |state| state.over.is_none());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    pub fn pids(&self) -> Vec<i32> {
        self.state().pids.clone()
    }

    /// For the manager: who the workers are now.
    pub fn set_pids(&self, pids: Vec<i32>) {
        self.state().pids = pids;
    }

    /// For the manager: what there is to do.
    pub fn orders(&self) -> Orders {
        let mut state = self.state();
        state.woken = false;
        Orders {
            chunks: std::mem::take(&mut state.incoming),
            finish: state.joining && state.maps == 0,
            terminate: state.terminating,
        }
    }

    /// For the manager: all workers are gone. What has come too late is given back.
    pub fn end(&self, why: TaskError) -> Vec<Chunk> {
        let mut state = self.state();
        state.over = Some(why);
        state.pids.clear();
        self.over.notify_all();
        std::mem::take(&mut state.incoming)
    }

    /// How the pool ends, if nothing else is known of it.
    pub fn why_ended(&self) -> TaskError {
        let state = self.state();
        if state.terminating {
            TaskError::Terminated
        } else {
            TaskError::Closed
        }
    }
}
