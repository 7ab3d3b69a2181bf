//! The coroutine that runs: the same code for all types.
//!
//! `corosensei` contains assembly, and a generic instance of what refers to it does not link in a
//! cell. So the one instance is made here. The switch itself refers to nothing, and is compiled into
//! its users.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Weak;
use std::thread::panicking;

use corosensei::CoroutineResult;

use super::lane::Resumes;
use super::stack::Stack;
use super::stop::{CloseError, Exit, State};
use timeline::trace::How;

type Raw = corosensei::Coroutine<(), (), (), Stack>;

/// What runs on the coroutine's stack.
pub(super) type Body = Box<dyn FnOnce(&Gate<'_>)>;

type Panic = Box<dyn Any + Send>;

/// What a resume asks of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Next,
    Send,
    Throw,
    Close,
}

/// What came of a resume.
pub(super) enum Outcome {
    Yielded,
    Returned,
    /// Nothing was resumed, because the coroutine is in this state.
    NotNow(State),
}

/// How a body ended.
enum End {
    Returned,
    /// It was closed, and let itself be.
    Closed,
    Panicked(Panic),
}

/// What both sides know.
struct Control {
    state: Cell<State>,
    signal: Cell<Signal>,
    /// Whether the resumer's thread was unwinding already: then that is no matter of the body's.
    unwinding: Cell<bool>,
    /// The exit that unwinds the body, until the body has caught it or has ended.
    leaving: Cell<Weak<()>>,
    /// Whether the body has tried to yield while it was unwound.
    tried: Cell<bool>,
    /// On its way in.
    thrown: Cell<Option<Panic>>,
    /// On its way out.
    end: Cell<Option<End>>,
}

pub(super) struct Running {
    /// None when the body has ended: then its stack has been given back.
    raw: UnsafeCell<Option<Raw>>,
    control: Rc<Control>,
    lane: Option<Box<Resumes>>,
}

impl Running {
    pub fn new(stack: usize, lane: Option<Resumes>, body: Body) -> Running {
        let stack = Stack::new(stack).unwrap_or_else(|error| panic!("{error}"));
        let control = Rc::new(Control {
            state: Cell::new(State::Created),
            signal: Cell::new(Signal::Next),
            unwinding: Cell::new(false),
            leaving: Cell::new(Weak::new()),
            tried: Cell::new(false),
            thrown: Cell::new(None),
            end: Cell::new(None),
        });
        let inside = Rc::clone(&control);
        let raw = Raw::with_stack(stack, move |yielder, ()| {
            let gate = Gate {
                yielder,
                control: &inside,
            };
            let end = match catch_unwind(AssertUnwindSafe(|| body(&gate))) {
                Ok(()) => End::Returned,
                Err(panic) if inside.signal.get() == Signal::Close && panic.is::<Exit>() => {
                    End::Closed
                }
                Err(panic) => End::Panicked(panic),
            };
            inside.end.set(Some(end));
        });
        Running {
            raw: UnsafeCell::new(Some(raw)),
            control,
            lane: lane.map(Box::new),
        }
    }

    pub fn state(&self) -> State {
        self.control.state.get()
    }

    /// Runs the body up to its next yield or its end. A panic that leaves it goes on here.
    ///
    /// Compiled into the caller, as [`Gate::wait`] is into the body: a switch changes all registers,
    /// and a function of its own would save and restore them each time.
    #[inline]
    pub fn resume(&self, signal: Signal) -> Outcome {
        let control = &*self.control;
        match control.state.get() {
            State::Suspended => {}
            State::Created if signal == Signal::Next => {}
            state => return Outcome::NotNow(state),
        }
        control.state.set(State::Running);
        control.signal.set(signal);
        control.unwinding.set(panicking());
        if self.lane.is_some() {
            return self.resume_traced(signal);
        }
        if self.switch() {
            return Outcome::Yielded;
        }
        self.ended()
    }

    /// Whether the body has yielded. If not, it has ended.
    #[inline]
    fn switch(&self) -> bool {
        // SAFETY: the caller has found the state to be Created or Suspended and has set it to
        // Running. Every use of `raw` begins so or by setting the state to an end's, so no other
        // reference to it exists, nor comes to exist while the body runs. In those two states
        // `raw` is not None: only an end takes it.
        let raw = unsafe { (*self.raw.get()).as_mut().unwrap_unchecked() };
        match raw.resume(()) {
            CoroutineResult::Yield(()) => {
                self.control.state.set(State::Suspended);
                true
            }
            CoroutineResult::Return(()) => false,
        }
    }

    #[cold]
    #[inline(never)]
    fn resume_traced(&self, signal: Signal) -> Outcome {
        let lane = self.lane.as_ref().expect("only a traced one comes here");
        let word = match signal {
            Signal::Next => "next",
            Signal::Send => "send",
            Signal::Throw => "throw",
            Signal::Close => "close",
        };
        let resumed = lane.resume(word);
        if self.switch() {
            resumed.back("yield");
            return Outcome::Yielded;
        }
        resumed.back("return");
        self.ended()
    }

    #[cold]
    #[inline(never)]
    fn ended(&self) -> Outcome {
        let end = self.control.end.take();
        let (state, how) = match &end {
            // Also where the body has caught the exit and returned: nobody asks for its result.
            _ if self.control.signal.get() == Signal::Close
                && !matches!(end, Some(End::Panicked(_))) =>
            {
                (State::Closed, How::Cancelled)
            }
            Some(End::Panicked(_)) => (State::Panicked, How::Panicked),
            _ => (State::Returned, How::Returned),
        };
        self.end(state, how);
        match end {
            Some(End::Panicked(panic)) => resume_unwind(panic),
            _ => Outcome::Returned,
        }
    }

    /// Over: gives the stack back, and drops a body that has not started.
    fn end(&self, state: State, how: How) {
        self.control.state.set(state);
        // SAFETY: as in `switch`: with the state just set nobody else uses `raw`, and it is moved
        // out before anything else is dropped, whose destructor might call back.
        let raw = unsafe { (*self.raw.get()).take() };
        if let Some(lane) = &self.lane {
            lane.end(how);
        }
        drop(raw);
    }

    pub fn throw(&self, panic: Panic) -> Outcome {
        match self.state() {
            State::Created => {
                self.end(State::Panicked, How::Panicked);
                resume_unwind(panic)
            }
            State::Suspended => {
                self.control.thrown.set(Some(panic));
                self.resume(Signal::Throw)
            }
            state => Outcome::NotNow(state),
        }
    }

    pub fn close(&self) -> Result<(), CloseError> {
        match self.state() {
            State::Running => return Err(CloseError::Running),
            State::Closed => return Err(CloseError::Twice),
            State::Returned | State::Panicked => return Ok(()),
            State::Created => {
                self.end(State::Closed, How::Cancelled);
                return Ok(());
            }
            State::Suspended => {}
        }
        self.control.tried.set(false);
        match self.resume(Signal::Close) {
            Outcome::Yielded => Err(CloseError::Yielded),
            _ if self.control.tried.get() => Err(CloseError::Yielded),
            _ => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.state() == State::Suspended {
            // A panic that leaves the body now has been told by the panic hook. To go on with it
            // here might be the second one of a thread that unwinds.
            let _ = catch_unwind(AssertUnwindSafe(|| self.close()));
        }
        if matches!(self.state(), State::Suspended | State::Running) {
            // It goes on after its exit, and cannot be made to stop: its stack stays for good,
            // as others may hold references into it.
            std::mem::forget(self.raw.get_mut().take());
            eprintln!(
                "a coroutine yielded while it was being dropped, so its stack and what lies on it \
                 stay: let its body pass Exit on"
            );
        }
    }
}

/// The body's side of the switch.
pub(super) struct Gate<'a> {
    yielder: &'a corosensei::Yielder<(), ()>,
    control: &'a Control,
}

impl Gate<'_> {
    /// Waits to be resumed. False, and at once, in a destructor of a body that is unwound.
    ///
    /// Compiled into the body: processors foretell where a function returns to by the order of
    /// calls, and a function that switched stacks before it returns would be foretold wrongly,
    /// twice in each switch. It contains no symbol of the assembly's, so it links in a cell.
    #[inline(always)]
    pub fn wait(&self) -> bool {
        if panicking() && self.in_destructor() {
            return false;
        }
        self.yielder.suspend(());
        match self.control.signal.get() {
            Signal::Next | Signal::Send => true,
            signal => self.unwind(signal),
        }
    }

    /// To leave a stack in the middle of unwinding it would leave the thread "panicking" for whoever
    /// runs next. Unless it was before: then only an exit is known to be this body's.
    #[cold]
    #[inline(never)]
    fn in_destructor(&self) -> bool {
        let leaving = self.control.leaving.take();
        let own = !self.control.unwinding.get() || leaving.strong_count() > 0;
        self.control.leaving.set(leaving);
        if own {
            self.control.tried.set(true);
        }
        own
    }

    #[cold]
    #[inline(never)]
    fn unwind(&self, signal: Signal) -> ! {
        match self.control.thrown.take() {
            Some(panic) if signal == Signal::Throw => resume_unwind(panic),
            _ => {
                let (exit, alive) = Exit::new();
                self.control.leaving.set(alive);
                resume_unwind(Box::new(exit))
            }
        }
    }
}
