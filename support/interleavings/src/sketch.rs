//! The picture of one execution as plain data, and the same kind of timeline as a real run's made of it,
//! with steps for time.

use super::record::Record;
use super::world::World;

/// What a picture of an execution shows. It is made without `pictures`, too, and its parts are public:
/// where a program cannot be trusted with drawing, somebody else draws what it hands over.
///
/// ```
/// use interleavings::{self, Doing, sync::Mutex};
///
/// let report = interleavings::replay("", || drop(Mutex::named("account", 1).lock()));
/// let sketch = report.run().unwrap().sketch();
/// assert_eq!(sketch.lanes[0].name, "main");
/// assert_eq!((sketch.stretches[0].doing, &*sketch.stretches[0].label), (Doing::Held, "account"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// A lane for each thread, in the order in which they were started.
    pub lanes: Vec<Lane>,
    /// What they did.
    pub stretches: Vec<Stretch>,
}

/// A thread. See [`Sketch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// The lane of the thread that started it; its own for the first.
    pub parent: usize,
    /// After how many steps it began.
    pub began: usize,
    /// After how many it ended; none if it never did.
    pub ended: Option<usize>,
    /// Whether it ended with a panic.
    pub panicked: bool,
}

/// What a thread did from one step to another. See [`Sketch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The thread's lane.
    pub lane: usize,
    /// What it did.
    pub doing: Doing,
    /// With what: a lock's name, or a step's operation.
    pub label: String,
    /// After how many steps it began.
    pub from: usize,
    /// After how many it was over.
    pub to: usize,
}

/// What sort of stretch. See [`Sketch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It held a lock.
    Held,
    /// It could not go on.
    Waited,
    /// It took a step.
    Step,
}

impl Sketch {
    /// A stretch that is not over ends a step later than the last, if somebody still waits.
    pub(super) fn of(world: &World, record: &Record, panicked: Option<usize>) -> Sketch {
        let longest = record.waits.iter().filter_map(|wait| wait.to).max();
        let last = world.steps.max(longest.unwrap_or(0));
        let lanes = record.began.iter().zip(&record.ended).enumerate();
        let lanes = lanes.map(|(thread, (&(parent, began), &ended))| Lane {
            name: world.threads[thread].name.clone(),
            parent,
            began,
            ended,
            panicked: panicked == Some(thread),
        });
        let lasting = |doing, all: &[super::record::Stretch]| -> Vec<Stretch> {
            let one = |stretch: &super::record::Stretch| Stretch {
                lane: stretch.thread,
                doing,
                label: stretch.what.clone(),
                from: stretch.from,
                to: stretch.to.unwrap_or(last),
            };
            all.iter().map(one).collect()
        };
        let steps = record.rows.iter().filter(|row| !row.took);
        let steps = steps.map(|row| Stretch {
            lane: row.thread,
            doing: Doing::Step,
            label: row.label.clone(),
            from: row.step - 1,
            to: row.step,
        });
        let mut stretches = lasting(Doing::Held, &record.held);
        stretches.extend(lasting(Doing::Waited, &record.waits));
        stretches.extend(steps);
        // What begins together and lasts longer stands above.
        stretches.sort_by_key(|one| (one.from, std::cmp::Reverse(one.to)));
        Sketch {
            lanes: lanes.collect(),
            stretches,
        }
    }

    /// The picture: a lane for each thread, locks as a real run's picture shows them
    /// ([`Trace::watch`](timeline::trace::Trace::watch)).
    ///
    /// ```
    /// use interleavings::{Doing, Lane, Sketch, Stretch};
    ///
    /// let lane = Lane { name: "left".into(), parent: 0, began: 0, ended: Some(1), panicked: false };
    /// let held = Stretch { lane: 0, doing: Doing::Held, label: "account".into(), from: 0, to: 1 };
    /// let picture = Sketch { lanes: vec![lane], stretches: vec![held] }.timeline();
    /// assert!(picture.text().contains("1 lock held"), "{}", picture.text());
    /// ```
    #[cfg(feature = "pictures")]
    pub fn timeline(&self) -> timeline::Timeline {
        use timeline::plot::STEP;
        use timeline::trace::{Told, Trace, What};

        // Where time begins: 0 would be "no end" to a trace.
        let at = |step: usize| STEP + step as u64 * STEP;
        // The first thread has the process's number. The picture counts threads from it.
        let tid = |lane: usize| 1 + lane as u32;
        let told = |step: usize, lane: usize, what: What| Told {
            pid: 1,
            tid: tid(lane),
            at: at(step),
            what,
        };
        let mut all: Vec<Told> = Vec::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            all.push(told(lane.began, number, What::Named(lane.name.clone())));
            if number > 0 {
                let parent = (1, tid(lane.parent));
                all.push(told(lane.began, number, What::Spawned { parent }));
            }
            if let Some(ended) = lane.ended {
                let panicked = lane.panicked;
                all.push(told(ended, number, What::Left { panicked }));
            }
        }
        for stretch in &self.stretches {
            let (label, end) = (stretch.label.clone(), at(stretch.to));
            let what = match stretch.doing {
                Doing::Held => What::Held { label, end },
                Doing::Waited => What::Waited { label, end },
                Doing::Step => What::Span { label, end },
            };
            all.push(told(stretch.from, stretch.lane, what));
        }
        Trace::foreign(at(0), &all).timeline().in_steps()
    }
}
