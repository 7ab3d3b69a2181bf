//! A program from its start to its end.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::panic::resume_unwind;
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam::channel::{RecvTimeoutError, Sender, bounded};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::error::Error;
use super::plan::{Plan, end, wait};
use super::{lines, told};
use timeline::plot::Timeline;
use timeline::trace::Trace;

/// What a Python program did.
///
/// ```
/// let run = support::python::python("fork.py").run();
/// assert!(run.stdout.starts_with("Process ("));
/// assert!(run.stderr.is_empty());
/// ```
#[derive(Clone)]
pub struct Run {
    /// What it wrote to its standard output, in the order in which it came.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
    /// From the call to the end of its last process: with the start of the interpreter.
    pub took: Duration,
    trace: Trace,
}

impl Run {
    /// What the program's processes and threads told by the module `spans`. Empty if it does not
    /// import that.
    ///
    /// ```
    /// let run = support::python::python("pool.py").args([3.0, 2.0, 0.01]).run();
    /// let tasks = run.trace().events().into_iter().filter(|event| event.label.starts_with("task"));
    /// assert_eq!(tasks.count(), 3);
    /// ```
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// A picture of that, as [`Trace::timeline`] draws it. It begins with the first event, not
    /// with the start of the interpreter.
    ///
    /// ```
    /// let run = support::python::python("queues.py").arg(0.01).run();
    /// assert!(run.timeline().svg().contains("SIGTERM"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        self.trace.timeline()
    }

    /// The lines of its output as times, where each is a number of seconds.
    ///
    /// # Panics
    ///
    /// If a line is none.
    ///
    /// ```
    /// let run = support::python::python("queue_throughput.py").args([100, 10]).run();
    /// assert!(!run.seconds()[0].is_zero());
    /// ```
    pub fn seconds(&self) -> Vec<Duration> {
        let lines = self.stdout.lines();
        let seconds = lines.map(|line| {
            let number = line.trim().parse().ok();
            let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
            time.unwrap_or_else(|| panic!("{line:?} is no number of seconds"))
        });
        seconds.collect()
    }
}

/// Only what is short: [`Run::stdout`] has the text.
impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("lines", &self.stdout.lines().count())
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

pub(super) fn run(plan: &Plan) -> Result<Run, Error> {
    let system = |source| plan.system(source);
    // A file in memory, with no name that could stay behind. Programs open it by this path.
    let mut spans = memfd_create(c"spans", MFdFlags::MFD_CLOEXEC)
        .map(File::from)
        .map_err(|errno| system(errno.into()))?;
    let own = format!("/proc/{}/fd/{}", std::process::id(), spans.as_raw_fd());
    let trace = Trace::with_capacity(1);
    let epoch = trace.epoch();
    let started = Instant::now();
    let mut child = plan.spawn(|command| {
        command.env("NOTEBOOK_SPANS", own).stderr(Stdio::piped());
    })?;
    let until = started + plan.limit;
    let (open, ended) = bounded(0);
    let quiet = plan.quiet;
    let stdout = relay(child.stdout.take(), open.clone(), move |line| {
        if !quiet {
            print!("{line}");
        }
    });
    let stderr = relay(child.stderr.take(), open, move |line| {
        if !quiet {
            eprint!("{line}");
        }
    });
    // Nothing is ever sent: both have read to the end.
    let status = match ended.recv_deadline(until) {
        Err(RecvTimeoutError::Disconnected) => wait(&mut child, until).map_err(system)?,
        _ => None,
    };
    let Some(status) = status else {
        end(&mut child);
        return Err(plan.too_long());
    };
    let took = started.elapsed();
    let [stdout, stderr] = [stdout, stderr].map(|text| match text.join() {
        Ok(text) => text.map_err(system),
        Err(panic) => resume_unwind(panic),
    });
    let (stdout, stderr) = (stdout?, stderr?);
    if !status.success() {
        return Err(Error::ended(&plan.program, status, &stderr));
    }
    let mut text = Vec::new();
    spans
        .rewind()
        .and_then(|()| spans.read_to_end(&mut text))
        .map_err(system)?;
    let (told, bad) = told::read(&String::from_utf8_lossy(&text));
    if bad > 0 {
        eprintln!("{}: {bad} lines of its spans cannot be read", plan.program);
    }
    Ok(Run {
        stdout,
        stderr,
        took,
        trace: Trace::foreign(epoch, &told),
    })
}

/// Reads a stream in a thread of its own, for as long as the program has it open.
fn relay<S: Read + Send + 'static>(
    stream: Option<S>,
    open: Sender<()>,
    hand_on: impl Fn(&str) + Send + 'static,
) -> JoinHandle<io::Result<String>> {
    let stream = stream.expect("it is piped");
    thread::spawn(move || {
        let _open = open;
        lines::read(stream, hand_on)
    })
}
