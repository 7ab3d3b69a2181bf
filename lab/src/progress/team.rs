//! Steps side by side, of which one that fails ends the others.

use anyhow::{Error, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::process::ChildStdin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A step, for [`together`].
pub type Task<'a> = Box<dyn FnOnce() -> Result<()> + Send + 'a>;

/// Runs steps at the same time. When one fails, the commands that the others run
/// ([`run`](super::run)) are ended, and no new ones begin.
///
/// # Errors
/// That of the step that failed first: what the others say then is no news.
///
/// # Panics
/// When a step does.
pub fn together<const N: usize>(steps: [Task<'_>; N]) -> Result<()> {
    let team = Arc::new(Team::default());
    let first: Mutex<Option<Error>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for step in steps {
            let (team, first) = (team.clone(), &first);
            scope.spawn(move || {
                OWN.set(team.clone());
                // A step that panics ends the others too.
                let mut guard = EndOnDrop(Some(&team));
                match step() {
                    Ok(()) => guard.0 = None,
                    Err(error) => {
                        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                        first.get_or_insert(error);
                    }
                }
            });
        }
    });
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    first.map_or(Ok(()), Err)
}

struct EndOnDrop<'a>(Option<&'a Team>);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(team) = self.0 {
            team.end();
        }
    }
}

thread_local! {
    /// Alone, a thread is a team of its own.
    static OWN: RefCell<Arc<Team>> = RefCell::default();
}

/// The commands of steps that run side by side.
struct Team {
    /// What keeps each command alive; `None` once the team has ended.
    lifelines: Mutex<Option<HashMap<u64, ChildStdin>>>,
}

impl Default for Team {
    fn default() -> Team {
        Team {
            lifelines: Mutex::new(Some(HashMap::new())),
        }
    }
}

impl Team {
    fn lifelines(&self) -> MutexGuard<'_, Option<HashMap<u64, ChildStdin>>> {
        self.lifelines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        *self.lifelines() = None;
    }
}

/// What keeps a command alive, until it is cut here or the command's team ends.
pub struct Lifeline {
    team: Arc<Team>,
    number: u64,
}

impl Lifeline {
    /// Ends the command.
    pub fn cut(&self) {
        if let Some(lifelines) = &mut *self.team.lifelines() {
            lifelines.remove(&self.number);
        }
    }
}

/// Whether a step of this thread's team has failed.
pub fn has_ended() -> bool {
    OWN.with_borrow(|team| team.lifelines().is_none())
}

/// Holds a command's stdin for the team of this thread; `None`, and it is closed, if that has ended.
pub fn hold(stdin: ChildStdin) -> Option<Lifeline> {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let team = OWN.with_borrow(Arc::clone);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    team.lifelines().as_mut()?.insert(number, stdin);
    Some(Lifeline { team, number })
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn all_steps_are_done() {
        let done = Mutex::new(Vec::new());
        let step = |number: usize| -> Task<'_> {
            let done = &done;
            Box::new(move || {
                done.lock().unwrap().push(number);
                Ok(())
            })
        };
        together([step(1), step(2), step(3)]).unwrap();
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, [1, 2, 3]);
    }

    #[test]
    fn the_first_failure_ends_the_others_commands_and_is_the_one_told() {
        let folder = tempfile::tempdir().unwrap();
        // A pipe with a name: the failing step waits until the other's command runs.
        let fifo = folder.path().join("runs");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let started = Instant::now();
        let said = together([
            Box::new(|| {
                run(
                    "the long one",
                    Command::new("sh")
                        .args(["-c", "echo > \"$0\"; sleep 600"])
                        .arg(&fifo),
                    &folder.path().join("long.txt"),
                )?;
                panic!("it was not ended")
            }),
            Box::new(|| {
                std::fs::read(&fifo)?;
                anyhow::bail!("no network")
            }),
        ]);
        assert_eq!(said.unwrap_err().to_string(), "no network");
        assert!(started.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn after_a_failure_no_command_begins() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        together([
            Box::new(|| anyhow::bail!("first")),
            Box::new(|| {
                while !has_ended() {
                    std::thread::yield_now();
                }
                let mut touch = Command::new("touch");
                run("late", touch.arg(&mark), &folder.path().join("late.txt"))
            }),
        ])
        .unwrap_err();
        assert!(!mark.exists());
    }
}
