//! A barrier of an explored program.

use crate::id::{Id, debug_by_name, make};
use crate::object::{Kind, Op};
use crate::world::{point, with};

/// `std::sync::Barrier` of an explored program: whoever arrives waits for the others. To arrive is
/// a step; to go on when all are there is none.
///
/// ```
/// use interleavings::{self, sync::Barrier, thread};
///
/// let report = interleavings::all(|| {
///     let both = Barrier::new(2);
///     thread::scope(|scope| {
///         scope.spawn(|| both.wait());
///         scope.spawn(|| both.wait());
///     });
/// });
/// assert_eq!(report.schedules(), 2);
/// ```
pub struct Barrier {
    id: Id,
}

impl Barrier {
    /// A barrier for so many threads, called "Barrier 1" and so on.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use interleavings::{self, sync::Barrier};
    ///
    /// assert!(interleavings::all(|| drop(Barrier::new(1).wait())).passed());
    /// ```
    #[track_caller]
    pub fn new(threads: usize) -> Barrier {
        Barrier {
            id: make(kind(threads), None, None),
        }
    }

    /// A barrier that reports call by this name. Panics as [`Barrier::new`].
    ///
    /// ```
    /// use interleavings::{self, sync::Barrier};
    ///
    /// let report = interleavings::all(|| drop(Barrier::named("both", 2).wait()));
    /// let message = report.failure().unwrap().message().to_string();
    /// assert_eq!(message, "deadlock: main waits for `both` (a Barrier), where 1 of 2 have arrived");
    /// ```
    #[track_caller]
    pub fn named(name: &str, threads: usize) -> Barrier {
        Barrier {
            id: make(kind(threads), Some(name), None),
        }
    }

    /// Waits until so many threads wait. The last to arrive is the leader.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, sync::Barrier};
    ///
    /// assert!(interleavings::all(|| assert!(Barrier::new(1).wait().is_leader())).passed());
    /// ```
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        BarrierWaitResult(arrive(self.id))
    }
}

debug_by_name!(Barrier);

/// Who arrived last.
///
/// ```
/// use interleavings::{self, sync::Barrier};
///
/// assert!(interleavings::all(|| assert!(Barrier::new(1).wait().is_leader())).passed());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether the caller was the last to arrive. See [`BarrierWaitResult`].
    ///
    /// ```
    /// use interleavings::{self, sync::Barrier};
    ///
    /// assert!(interleavings::all(|| assert!(Barrier::new(1).wait().is_leader())).passed());
    /// ```
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

fn kind(threads: usize) -> Kind {
    Kind::Barrier {
        need: threads.max(1),
        arrived: 0,
        rounds: 0,
    }
}

#[inline(never)]
#[track_caller]
fn arrive(id: Id) -> bool {
    let barrier = with(|world| id.of(world));
    point(Op::Change(barrier));
    let (leads, round) = with(|world| {
        let view = world.view().clone();
        let object = &mut world.objects[barrier];
        object.view.join(&view);
        let Kind::Barrier {
            need,
            arrived,
            rounds,
        } = &mut object.kind
        else {
            return (true, 0);
        };
        *arrived += 1;
        let (round, count, all) = (*rounds, *arrived, *need);
        let leads = *arrived == *need;
        if leads {
            (*arrived, *rounds) = (0, *rounds + 1);
        }
        world.did(|world| {
            format!(
                "arrive at {} ({count} of {all})",
                world.objects[barrier].name
            )
        });
        (leads, round)
    });
    if !leads {
        point(Op::Released { barrier, round });
    }
    with(|world| {
        let view = world.objects[barrier].view.clone();
        world.learn(&view);
        world.touch(barrier, false);
    });
    leads
}
