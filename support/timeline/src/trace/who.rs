//! Who records: process, thread, CPU and clock, cheap enough to ask at every event.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::unistd::{getpid, gettid};

/// Traces that a thread remembers having introduced itself to.
const REMEMBERED: usize = 4;

/// In place of a slot's number.
pub(super) const NO_SLOT: u32 = u32::MAX;

/// Slots that belong to one recorder, from `next` up to `end`.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    pub generation: u32,
    pub next: u32,
    pub end: u32,
    /// How many to take the next time.
    pub size: u32,
}

/// A thread's place in one generation of one trace: the slots that it may fill.
#[derive(Clone, Copy)]
struct Seat {
    key: u64,
    chunk: Chunk,
}

const NO_CHUNK: Chunk = Chunk {
    generation: 0,
    next: 0,
    end: 0,
    size: 1,
};
const NO_SEAT: Seat = Seat {
    key: 0,
    chunk: NO_CHUNK,
};

/// A running segment that the next tick may extend.
#[derive(Clone, Copy)]
pub(super) struct Running {
    pub key: u64,
    pub slot: u32,
    pub cpu: u16,
    pub last: u64,
}

/// A thread of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who {
    pub pid: u32,
    pub tid: u32,
}

impl Who {
    /// In one word, for a slot.
    pub fn word(self) -> u64 {
        u64::from(self.pid) << 32 | u64::from(self.tid)
    }

    pub fn of(word: u64) -> Who {
        let (pid, tid) = ((word >> 32) as u32, word as u32);
        Who { pid, tid }
    }
}

struct Local {
    who: Cell<Who>,
    seats: [Cell<Seat>; REMEMBERED],
    running: Cell<Running>,
    forking: Cell<u64>,
    task: Cell<u32>,
}

const NOBODY: Who = Who { pid: 0, tid: 0 };
const AT_REST: Running = Running {
    key: 0,
    slot: NO_SLOT,
    cpu: 0,
    last: 0,
};

thread_local! {
    // `const` and without a destructor: reading it neither allocates nor registers anything,
    // which is what a forked child may do.
    static LOCAL: Local = const {
        Local {
            who: Cell::new(NOBODY),
            seats: [const { Cell::new(NO_SEAT) }; REMEMBERED],
            running: Cell::new(AT_REST),
            forking: Cell::new(0),
            task: Cell::new(0),
        }
    };
}

/// The process and thread that forked this process (pid and tid), 0 if none is known.
static PARENT: AtomicU64 = AtomicU64::new(0);
/// When it called `fork`, and when the call returned here, in ns of the monotonic clock.
static CALLED: AtomicU64 = AtomicU64::new(0);
static RETURNED: AtomicU64 = AtomicU64::new(0);

/// Asks the C library to tell a forked child that it is somebody else now.
pub(super) fn watch_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers live as long as the process, and do only what a forked child
        // may: read a clock, ask for ids, write to thread-locals and atomics.
        unsafe { libc::pthread_atfork(Some(before_fork), None, Some(in_child)) };
    });
}

extern "C" fn before_fork() {
    me();
    // Thread-local, as two threads may fork at once; the child keeps its forker's copy.
    LOCAL.with(|local| local.forking.set(now()));
}

extern "C" fn in_child() {
    LOCAL.with(|local| {
        PARENT.store(local.who.get().word(), Ordering::Relaxed);
        CALLED.store(local.forking.get(), Ordering::Relaxed);
        RETURNED.store(now(), Ordering::Relaxed);
        local.who.set(NOBODY);
        // Slots that its forker had taken are the forker's.
        local.seats.iter().for_each(|seat| seat.set(NO_SEAT));
        local.running.set(AT_REST);
        local.task.set(0);
    });
}

/// The fork that made this process: pid and tid of the one who forked, when it called, and when
/// the call returned here.
pub(super) fn origin() -> (u64, u64, u64) {
    let [parent, called, returned] =
        [&PARENT, &CALLED, &RETURNED].map(|it| it.load(Ordering::Relaxed));
    (parent, called, returned)
}

/// The calling process and thread; two system calls the first time, none after.
pub(super) fn me() -> Who {
    LOCAL.with(Local::me)
}

/// Who calls, and the task that it polls (0 for none).
#[derive(Clone, Copy)]
pub(super) struct Recorder {
    pub who: Who,
    pub task: u32,
    /// The slot to fill and its generation; none when the trace is full.
    pub slot: Option<(u32, u32)>,
}

/// The calling thread's next slot in a trace, where `key` names the trace and its generation;
/// none if it has no more, or was never here, or is not the latest here.
///
/// One look at the thread's own memory, which in a shared library is a call.
pub(super) fn next(key: u64) -> Option<Recorder> {
    LOCAL.with(|local| {
        let seat = &local.seats[0];
        let Seat { key: of, mut chunk } = seat.get();
        if of != key || chunk.next == chunk.end {
            return None;
        }
        let slot = Some((chunk.next, chunk.generation));
        chunk.next += 1;
        seat.set(Seat { key, chunk });
        let (who, task) = (local.me(), local.task.get());
        Some(Recorder { who, task, slot })
    })
}

/// Whether the caller was here before, in the trace and generation named by `key`. Afterwards it
/// was, and its seat is the first.
pub(super) fn seated(key: u64) -> bool {
    LOCAL.with(|local| {
        let place = local.seats.iter().position(|seat| seat.get().key == key);
        // The latest stands first; the oldest falls out, and its slots stay empty.
        let seat = place.map(|place| local.seats[place].get());
        for place in (1..=place.unwrap_or(REMEMBERED - 1)).rev() {
            local.seats[place].set(local.seats[place - 1].get());
        }
        let chunk = NO_CHUNK;
        local.seats[0].set(seat.unwrap_or(Seat { key, chunk }));
        seat.is_some()
    })
}

/// The caller's slots in the trace of the first seat.
pub(super) fn chunk() -> Chunk {
    LOCAL.with(|local| local.seats[0].get().chunk)
}

/// Gives the first seat slots to fill.
pub(super) fn set_chunk(key: u64, chunk: Chunk) {
    LOCAL.with(|local| local.seats[0].set(Seat { key, chunk }));
}

/// As [`next`] gives it, of a trace that has no room.
pub(super) fn without_slot() -> Recorder {
    LOCAL.with(|local| Recorder {
        who: local.me(),
        task: local.task.get(),
        slot: None,
    })
}

impl Local {
    fn me(&self) -> Who {
        let who = self.who.get();
        if who.tid == 0 { self.ask() } else { who }
    }

    #[cold]
    fn ask(&self) -> Who {
        let (pid, tid) = (getpid().as_raw() as u32, gettid().as_raw() as u32);
        let who = Who { pid, tid };
        self.who.set(who);
        who
    }
}

/// Says which task the caller polls from now on, and returns the one before; 0 is none.
pub(super) fn set_task(task: u32) -> u32 {
    LOCAL.with(|local| local.task.replace(task))
}

/// The task that the caller polls; 0 is none.
#[cfg(feature = "tracing")]
pub(super) fn task() -> u32 {
    LOCAL.with(|local| local.task.get())
}

pub(super) fn running() -> Running {
    LOCAL.with(|local| local.running.get())
}

pub(super) fn set_running(running: Running) {
    LOCAL.with(|local| local.running.set(running));
}

/// The monotonic clock in nanoseconds: the same for all processes of the machine.
pub(super) fn now() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// The time that the calling thread has had a CPU, in nanoseconds.
pub(super) fn cpu_time() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> u64 {
    #[cfg(test)]
    READS.set(READS.get() + 1);
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec of our own. The call cannot fail for the clocks above. (Through nix
    // this and the CPU's number make an event a fifth slower, and a tick a third.)
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
thread_local! {
    /// How often the thread has asked a clock.
    pub(super) static READS: Cell<u32> = const { Cell::new(0) };
}

/// The CPU that runs the caller at this moment.
pub(super) fn cpu() -> u16 {
    // SAFETY: only returns a number; -1, which Linux does not return here, becomes 0.
    let cpu = unsafe { libc::sched_getcpu() };
    cpu.clamp(0, i32::from(u16::MAX)) as u16
}
