//! An interrupt ends the cell, whatever it runs.
//!
//! A cell that computes, waits or holds a lock hears nothing: its process is killed, and evcxr
//! starts another, in which functions are known but variables are not. A cell that is still being
//! compiled loses its compiler instead, and nobody loses a variable.

use super::failure::Failure;
use super::{Front, limits};
use crate::launcher::{compilers_below, signal_process, wait_for_stdin};
use nix::sys::signal::Signal;
use tokio::time::Instant;

impl Front {
    pub(super) async fn interrupt(&mut self) {
        if let Some(running) = self.running.as_mut().filter(|running| running.is_cell()) {
            if running.interrupted.is_none() {
                running.interrupted = Some(Instant::now());
                self.press().await;
            }
        } else if let Some(at) = self
            .queue
            .iter()
            .position(|queued| queued.header.msg_type == "execute_request")
            && let Some(request) = self.queue.remove(at)
        {
            // evcxr is not there yet, or does something else: the cell waits for it.
            let other = self.running.take();
            self.begin(request).await;
            self.fail(Failure::interrupted(false)).await;
            self.running = other;
        }
    }

    /// Does what can be done now to end the interrupted cell; comes back until it has ended.
    pub(super) async fn press(&mut self) {
        let warden = self.workplace().and_then(|workplace| workplace.warden);
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(since) = running.interrupted else {
            return;
        };
        let now = Instant::now();
        if now - since > limits::INTERRUPT {
            const WHY: &str = "evcxr did not react to the interrupt";
            if let Some(evcxr) = &mut self.evcxr {
                evcxr.give_up(WHY);
            }
            // Its end may take a while: nobody waits for that.
            return self.fail(Failure::evcxr(WHY)).await;
        }
        match &self.line {
            Some((_, line)) if !running.is_waited_for(wait_for_stdin(line.pid)) => {
                running.ran = true;
                signal_process(line.process.as_ref(), Signal::SIGKILL);
            }
            _ => {
                for compiler in warden.map(compilers_below).unwrap_or_default() {
                    // It may have ended by itself.
                    let _ = nix::sys::signal::kill(compiler, Signal::SIGKILL);
                }
            }
        }
        running.due = Some(now + limits::AGAIN);
    }
}
