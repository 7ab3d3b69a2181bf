//! Ctrl-C and its relatives: one flag that every waiting part of the run can see.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Tells whether the run has been asked to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Takes over SIGINT, SIGTERM and SIGHUP for the rest of the process: from here on they end the
    /// run in order instead of killing the process and orphaning its kernels.
    pub fn on_signals() -> anyhow::Result<Stop> {
        let install = |kind| signal(kind).context("cannot handle signals");
        let interrupt = install(SignalKind::interrupt())?;
        let terminate = install(SignalKind::terminate())?;
        let hang_up = install(SignalKind::hangup())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(forward([interrupt, terminate, hang_up], sender));
        Ok(Stop(receiver))
    }

    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is asked to end; for ever, if it never is.
    pub async fn requested(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending().await
        }
    }
}

async fn forward([mut first, mut second, mut third]: [Signal; 3], sender: watch::Sender<bool>) {
    loop {
        tokio::select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
            _ = third.recv() => {}
        }
        sender.send_replace(true);
    }
}
