//! What one reported execution did: its steps, its picture, and why it failed.

use std::fmt;

use super::place::in_cell;
use super::record::Record;
use super::schedule;
use super::sketch::Sketch;
use super::verdict::{FailureKind, Fault};
use super::world::World;

/// One step of a schedule: a visible operation of one thread.
///
/// ```
/// use interleavings::{self, sync::atomic::{AtomicU32, Ordering::SeqCst}};
///
/// let report = interleavings::replay("", || {
///     AtomicU32::named("x", 0).store(1, SeqCst);
/// });
/// let step = &report.run().unwrap().steps()[0];
/// assert_eq!((step.number(), step.thread()), (1, "main"));
/// assert_eq!(step.operation(), "store x ← 1");
/// assert_eq!(step.values(), [("x".to_string(), "1".to_string())]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    number: usize,
    thread: String,
    operation: String,
    values: Vec<(String, String)>,
}

impl Step {
    /// Its number, counted from 1. See [`Step`].
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().steps()[0].number(), 1);
    /// ```
    pub fn number(&self) -> usize {
        self.number
    }

    /// The name of the thread that took it.
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().steps()[0].thread(), "main");
    /// ```
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// What it did, with the values that it read or wrote.
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::named("account", 0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().steps()[0].operation(), "lock account");
    /// ```
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The shared values after it, each with its name. What a lock protects is shown as it was
    /// when the lock was last free.
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::named("account", 0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().steps()[0].values()[0].1, "1");
    /// ```
    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }
}

/// What one schedule did, step by step.
///
/// ```
/// use interleavings::{self, sync::Mutex};
///
/// let report = interleavings::replay("", || *Mutex::named("account", 0).lock().unwrap() += 5);
/// println!("{}", report.run().unwrap());
/// ```
#[derive(Clone)]
pub struct Run {
    schedule: String,
    steps: Vec<Step>,
    sketch: Sketch,
    #[cfg(feature = "pictures")]
    pub(super) story: super::stepper::Story,
}

impl Run {
    pub(super) fn new(world: &mut World) -> Run {
        Run::of(world, None)
    }

    fn of(world: &mut World, panicked: Option<usize>) -> Run {
        let record = world.record.take().unwrap_or_default();
        #[cfg(feature = "pictures")]
        let story = super::stepper::Story::new(world, &record);
        let sketch = Sketch::of(world, &record, panicked);
        let turns = world.turns.take().unwrap_or_default();
        let Record { rows, .. } = record;
        let steps = rows.into_iter().map(|row| Step {
            number: row.step,
            thread: world.threads[row.thread].name.clone(),
            operation: row.label + &row.detail,
            values: row.scene.values,
        });
        Run {
            schedule: schedule::write(&turns),
            steps: steps.collect(),
            sketch,
            #[cfg(feature = "pictures")]
            story,
        }
    }

    /// The schedule as a text that [`replay`](super::replay) takes: for each step the number of
    /// its thread, `x3` where it takes three in a row, and after a colon what else was chosen.
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().schedule(), "0");
    /// ```
    pub fn schedule(&self) -> &str {
        &self.schedule
    }

    /// What its picture shows, as plain data. See [`Sketch`].
    ///
    /// ```
    /// # use interleavings;
    /// assert_eq!(interleavings::replay("", || ()).run().unwrap().sketch().lanes.len(), 1);
    /// ```
    pub fn sketch(&self) -> &Sketch {
        &self.sketch
    }

    /// Its steps, in their order.
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// assert_eq!(report.run().unwrap().steps().len(), 1);
    /// ```
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// A table: number, thread, operation, and the values that each step changed.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |of: fn(&Step) -> &str, least: usize| {
            let widths = self.steps.iter().map(|step| of(step).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let thread = wide(|step| &step.thread, "thread".len());
        let operation = wide(|step| &step.operation, "operation".len());
        writeln!(
            f,
            "step  {:thread$}  {:operation$}  values after it",
            "thread", "operation"
        )?;
        for step in &self.steps {
            let values = step
                .values
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            let values = values.collect::<Vec<_>>().join(", ");
            let (number, name, what) = (step.number, &step.thread, &step.operation);
            let line = format!("{number:4}  {name:thread$}  {what:operation$}  {values}");
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "schedule: {:?}", self.schedule)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("schedule", &self.schedule)
            .field("steps", &self.steps)
            .finish()
    }
}

/// A schedule under which the program fails.
///
/// ```
/// use interleavings::{self, thread, sync::{Arc, Mutex}};
///
/// let report = interleavings::all(|| {
///     let (a, b) = (Arc::new(Mutex::named("a", 0)), Arc::new(Mutex::named("b", 0)));
///     let (a2, b2) = (a.clone(), b.clone());
///     thread::spawn_named("left", move || drop((a2.lock().unwrap(), b2.lock().unwrap())));
///     thread::spawn_named("right", move || drop((b.lock().unwrap(), a.lock().unwrap())));
/// });
/// assert_eq!(
///     report.failure().unwrap().message(),
///     "deadlock: left holds `a` and waits for `b`; right holds `b` and waits for `a`"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    place: String,
    thread: Option<String>,
    run: Run,
}

impl Failure {
    pub(super) fn new(fault: Fault, world: &mut World) -> Failure {
        let Fault {
            kind,
            thread,
            message,
            place,
        } = fault;
        #[cfg_attr(
            not(feature = "pictures"),
            expect(unused_mut, reason = "only a picture is told how it ends")
        )]
        let mut run = Run::of(world, thread);
        #[cfg(feature = "pictures")]
        run.story.ends(&message, thread);
        Failure {
            kind,
            message,
            place,
            thread: thread.map(|thread| world.threads[thread].name.clone()),
            run,
        }
    }

    /// What sort of failure.
    ///
    /// ```
    /// # use interleavings::{self, FailureKind};
    /// let report = interleavings::all(|| panic!("no"));
    /// assert_eq!(report.failure().unwrap().kind(), FailureKind::Panic);
    /// ```
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The panic's message, or who waits for what.
    ///
    /// ```
    /// # use interleavings;
    /// assert_eq!(interleavings::all(|| panic!("no")).failure().unwrap().message(), "no");
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }

    /// File and line of the panic; empty for a deadlock.
    ///
    /// ```
    /// # use interleavings;
    /// let report = interleavings::all(|| panic!("no"));
    /// assert!(report.failure().unwrap().place().contains(".rs:"));
    /// ```
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The name of the thread that panicked; none for a deadlock.
    ///
    /// ```
    /// # use interleavings;
    /// let report = interleavings::all(|| panic!("no"));
    /// assert_eq!(report.failure().unwrap().thread(), Some("main"));
    /// ```
    pub fn thread(&self) -> Option<&str> {
        self.thread.as_deref()
    }

    /// The schedule as a text that [`replay`](super::replay) takes. See [`Run::schedule`].
    ///
    /// ```
    /// # use interleavings;
    /// let program = || panic!("no");
    /// let report = interleavings::all(program);
    /// let again = interleavings::replay(report.failure().unwrap().schedule(), program);
    /// assert_eq!(again.failure().unwrap().message(), "no");
    /// ```
    pub fn schedule(&self) -> &str {
        &self.run.schedule
    }

    /// The steps that lead to it.
    ///
    /// ```
    /// # use interleavings;
    /// assert!(interleavings::all(|| panic!("no")).failure().unwrap().steps().is_empty());
    /// ```
    pub fn steps(&self) -> &[Step] {
        &self.run.steps
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }
}

/// The message, and the table of [`Run`].
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.thread {
            _ if self.kind == FailureKind::DataRace => writeln!(f, "{}", self.message)?,
            // A cell's place is one of the file that the kernel made of it, which nobody can open.
            Some(thread) if !self.place.is_empty() && !in_cell() => {
                writeln!(f, "{thread} panicked: {} ({})", self.message, self.place)?;
            }
            Some(thread) => writeln!(f, "{thread} panicked: {}", self.message)?,
            None => writeln!(f, "{}", self.message)?,
        }
        self.run.fmt(f)
    }
}
