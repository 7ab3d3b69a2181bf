//! A program from its start to its end.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::error::Error;
use super::plan::{Plan, end, wait};
use super::say::Stream;
use super::told;
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
    let mut streams = [
        child.stdout.take().map(Stream::new),
        child.stderr.take().map(Stream::new),
    ]
    .map(|stream| stream.expect("both are piped"));
    let listened = listen(&mut streams, started + plan.limit, plan.quiet);
    let status = listened.and_then(|in_time| match in_time {
        true => wait(&mut child, started + plan.limit),
        false => Ok(None),
    });
    let Ok(Some(status)) = status else {
        end(&mut child);
        return Err(match status {
            Err(error) => system(error),
            _ => plan.too_long(),
        });
    };
    let took = started.elapsed();
    let [stdout, stderr] = streams.map(|stream| stream.text());
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

/// Takes what the program says until it has said all. False when the time is up.
fn listen(streams: &mut [Stream; 2], until: Instant, quiet: bool) -> io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let mut ready = [false; 2];
        {
            let open = streams.iter().enumerate();
            let open = open.filter_map(|(n, stream)| Some((n, stream.open()?)));
            let (places, mut wanted): (Vec<usize>, Vec<PollFd>) = open
                .map(|(n, pipe)| (n, PollFd::new(pipe, PollFlags::POLLIN)))
                .unzip();
            if wanted.is_empty() {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            // Rounded up, lest it spin through the last millisecond.
            let milliseconds = i32::try_from(left.as_millis() + 1).unwrap_or(i32::MAX);
            let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
            match poll(&mut wanted, timeout) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            for (n, pipe) in places.into_iter().zip(&wanted) {
                ready[n] = pipe.any() == Some(true);
            }
        }
        for (n, stream) in streams.iter_mut().enumerate() {
            if !ready[n] {
                continue;
            }
            stream.read()?;
            let fresh = stream.fresh();
            match n {
                _ if quiet || fresh.is_empty() => {}
                0 => print!("{fresh}"),
                _ => eprint!("{fresh}"),
            }
        }
    }
}
