//! Runs the notebooks' Python programs, to stand beside their Rust counterparts.
//!
//! ```
//! use support::python::python;
//!
//! let run = python("queues.py").arg(0.01).run();
//! assert_eq!(run.stdout.lines().last(), Some("The reader's exit code: -15"));
//! println!("{}", run.timeline().title("multiprocessing.Queue"));
//! ```
//!
//! The programs lie in the folder `python` beside the notebooks. Those that import its module
//! `spans` tell what they did when, by the same clock as a [`Trace`]: so [`Run::timeline`] draws
//! their processes as `trace.timeline()` draws ours, and `ours.above(run.timeline())` puts both on
//! one axis.
//!
//! For: a comparison with Python in a cell. Not for: running programs in general, which is
//! `std::process::Command`.
//!
//! # No process stays behind
//!
//! Between the caller and the program stands a small process that adopts whatever the program
//! starts, and ends all of it when the program has ended, when its limit has passed, or when the
//! caller dies, even by SIGKILL.

mod error;
mod lines;
mod minder;
mod plan;
mod run;
mod started;
mod told;

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

pub use error::Error;
pub use run::Run;
pub(crate) use started::Started;

use plan::Plan;

#[cfg(doc)]
use timeline::trace::Trace;

/// So long a program may take unless told otherwise.
const LIMIT: Duration = Duration::from_secs(30);

/// A program of the folder `python` beside the notebooks, ready to be given arguments and run.
///
/// A name is looked for in `python/` in the current directory, then in the notebooks' own. A path
/// with a `/` in it is taken as it is.
///
/// ```
/// let run = support::python::python("info.py").run();
/// assert!(run.stdout.contains("hello bob"));
/// ```
pub fn python(program: &str) -> Python {
    Python(Plan {
        program: program.to_string(),
        args: Vec::new(),
        interpreter: None,
        limit: LIMIT,
        quiet: false,
    })
}

/// How a program is to be run; made by [`python()`].
///
/// ```
/// let run = support::python::python("process_cost.py").arg(3).quiet().run();
/// assert_eq!(run.seconds().len(), 3);
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until `run()`"]
pub struct Python(Plan);

impl Python {
    /// One more argument, as it is printed.
    ///
    /// ```
    /// let run = support::python::python("pool_cost.py").arg(1).arg(10).arg(0).run();
    /// assert_eq!(run.seconds().len(), 1);
    /// ```
    pub fn arg(mut self, arg: impl Display) -> Python {
        self.0.args.push(arg.to_string());
        self
    }

    /// More arguments, as they are printed.
    ///
    /// ```
    /// let run = support::python::python("pool_cost.py").args(["1", "10", "0"]).run();
    /// assert_eq!(run.seconds().len(), 1);
    /// ```
    pub fn args<A: Display>(mut self, args: impl IntoIterator<Item = A>) -> Python {
        let args = args.into_iter().map(|arg| arg.to_string());
        self.0.args.extend(args);
        self
    }

    /// Another interpreter than the usual one: a name on the path, or a path.
    ///
    /// ```
    /// let run = support::python::python("fork.py").interpreter("no-such-python").try_run();
    /// let told = "there is no Python interpreter no-such-python: install Python 3";
    /// assert!(run.unwrap_err().to_string().starts_with(told));
    /// ```
    pub fn interpreter(mut self, program: impl Into<PathBuf>) -> Python {
        self.0.interpreter = Some(program.into());
        self
    }

    /// The longest that the program may take, 30 s unless told otherwise. Then it is killed with
    /// all that it started.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let run = support::python::python("threads.py").arg(10).limit(Duration::from_millis(50));
    /// let failed = run.try_run().unwrap_err();
    /// assert!(failed.to_string().starts_with("threads.py did not end within 50ms"));
    /// ```
    pub fn limit(mut self, limit: Duration) -> Python {
        self.0.limit = limit;
        self
    }

    /// Does not print what the program prints; [`Run::stdout`] has it all the same.
    ///
    /// ```
    /// assert!(!support::python::python("fork.py").quiet().run().stdout.is_empty());
    /// ```
    pub fn quiet(mut self) -> Python {
        self.0.quiet = true;
        self
    }

    /// Runs the program to its end and prints what it prints, line by line.
    ///
    /// # Panics
    ///
    /// With the sentence that [`Python::try_run`] gives as its error.
    ///
    /// ```
    /// let run = support::python::python("process.py").run();
    /// assert!(run.stdout.ends_with("Child process end.\n"));
    /// ```
    #[track_caller]
    pub fn run(self) -> Run {
        self.try_run().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs the program to its end and prints what it prints, line by line.
    ///
    /// Blocks until the program and every process that it started have ended, or until the limit.
    /// Its stdin is empty. The interpreter is the one that the environment variable
    /// `NOTEBOOK_PYTHON` names (`cargo lab` sets it), else `python3` on the path.
    ///
    /// # Errors
    ///
    /// In one sentence: there is no such program or no Python, the program failed (its exit code
    /// and the last line it wrote to stderr), or it took longer than the limit.
    ///
    /// ```
    /// let failed = support::python::python("no-such.py").try_run().unwrap_err();
    /// assert!(failed.to_string().starts_with("there is no Python program no-such.py"));
    /// ```
    pub fn try_run(self) -> Result<Run, Error> {
        run::run(&self.0)
    }

    /// Starts the program and waits for the first line it prints, within its limit. It goes on
    /// until what is returned is dropped.
    pub(crate) fn start(self) -> Result<Started, Error> {
        Started::new(&self.0)
    }
}
