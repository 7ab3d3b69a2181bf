//! Who is graded at the same time as whom: as a rule many, and one alone where a doubt is left.
//! Files are locked, so that this holds between gradings, too.

use anyhow::{Context, Result, bail};
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longer than all that one submission can take.
const LIMIT: Duration = Duration::from_secs(900);

/// The place of the locks.
pub struct Turns {
    folder: PathBuf,
}

/// As long as it is held, nobody is alone, or nobody is beside.
pub struct Turn(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Turns {
    pub fn new(folder: PathBuf) -> Turns {
        Turns { folder }
    }

    /// Beside others who are beside others.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn beside(&self) -> Result<Turn> {
        let _gate = self.taken("gate.lock", File::try_lock)?;
        self.taken("turn.lock", File::try_lock_shared)
    }

    /// Waits until nobody else is being graded on this machine, and keeps it so.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn alone(&self) -> Result<Turn> {
        // Who waits here holds the gate, so that nobody new comes in meanwhile.
        let _gate = self.taken("gate.lock", File::try_lock)?;
        self.taken("turn.lock", File::try_lock)
    }

    fn taken(&self, name: &str, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Turn> {
        let path = self.folder.join(name);
        let at = path.display();
        let open = File::options().create(true).append(true).open(&path);
        let file = open.with_context(|| format!("{at} cannot be opened"))?;
        let started = Instant::now();
        loop {
            match lock(&file) {
                Ok(()) => return Ok(Turn(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() < LIMIT => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => bail!(
                    "another grading has not ended for {} minutes (it holds {at}): end it, and grade again",
                    LIMIT.as_secs() / 60
                ),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("{at} cannot be locked"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn who_is_alone_waits_for_others_and_keeps_them_out() {
        let folder = tempfile::tempdir().unwrap();
        let turns = Turns::new(folder.path().to_owned());
        let (one, two) = (turns.beside().unwrap(), turns.beside().unwrap());
        let (said, heard) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let alone = turns.alone().unwrap();
                said.send("alone").unwrap();
                drop(alone);
            });
            // Whoever waits to be alone has the gate.
            let gate = File::open(folder.path().join("gate.lock")).unwrap();
            while gate.try_lock().is_ok() {
                gate.unlock().unwrap();
            }
            assert!(heard.try_recv().is_err(), "two others are at it");
            drop((one, two));
            assert_eq!(heard.recv_timeout(LIMIT).unwrap(), "alone");
            turns.beside().unwrap();
        });
    }
}
