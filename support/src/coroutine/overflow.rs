//! Says that it was a coroutine's stack that overflowed, before the process ends by SIGSEGV.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::mem::{ManuallyDrop, take};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction, signal};

use super::page::page;

type Guards = BTreeMap<usize, usize>;

thread_local! {
    /// The guard page of each stack, by its address, and the bytes of the stack above it.
    ///
    /// A coroutine stays on its thread, so each thread can have a list of its own: there is no lock,
    /// which a forked child might find held for ever. Without a destructor, as a signal's handler
    /// must not be the one that registers it.
    static GUARDS: RefCell<ManuallyDrop<Guards>> =
        const { RefCell::new(ManuallyDrop::new(Guards::new())) };
}

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// What handled SIGSEGV before.
static BEFORE: OnceLock<SigAction> = OnceLock::new();

/// Notes a stack of so many bytes above the guard page at this address.
pub(super) fn watch(guard: usize, bytes: usize) {
    // Nobody waits for who installs it: that could be a thread that a forked child does not have.
    if !INSTALLED.swap(true, Ordering::Relaxed) {
        let handler = SigHandler::SigAction(at_fault);
        let action = SigAction::new(handler, SaFlags::SA_ONSTACK, SigSet::empty());
        // SAFETY: the handler makes only calls that are safe in a signal handler. It runs on the
        // stack that Rust's runtime sets aside for it in each thread, as the own one is what
        // overflowed.
        let before = unsafe { sigaction(Signal::SIGSEGV, &action) };
        let _ = BEFORE.set(before.expect("SIGSEGV can be handled"));
    }
    GUARDS.with_borrow_mut(|guards| guards.insert(guard, bytes));
}

pub(super) fn forget(guard: usize) {
    GUARDS.with_borrow_mut(|guards| {
        guards.remove(&guard);
        if guards.is_empty() {
            // Nobody does it at the thread's end.
            drop(take(&mut **guards));
        }
    });
}

/// The size of the stack whose guard page holds this address.
fn overflowed(address: usize) -> Option<usize> {
    GUARDS.with(|guards| {
        // If this thread was just changing the list, nothing is said.
        let guards = guards.try_borrow().ok()?;
        let (guard, bytes) = guards.range(..=address).next_back()?;
        (address - guard < page()).then_some(*bytes)
    })
}

extern "C" fn at_fault(
    number: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system gives a valid `siginfo_t`, and of SIGSEGV it has an address.
    let address = unsafe { (*info).si_addr() }.addr();
    if let Some(bytes) = overflowed(address) {
        say(bytes);
    }
    // Goes on as if we had not been here: with the handler that was, else with the process's end.
    match BEFORE.get().map(SigAction::handler) {
        Some(SigHandler::SigAction(handler)) => handler(number, info, context),
        Some(SigHandler::Handler(handler)) => handler(number),
        _ => {
            // Returning repeats the faulting instruction, this time without a handler.
            // SAFETY: the default handler is none of ours.
            let _ = unsafe { signal(Signal::SIGSEGV, SigHandler::SigDfl) };
        }
    }
}

/// Writes the line by one call, without an allocation.
fn say(bytes: usize) {
    let mut line = [0; 200];
    let mut rest = &mut line[..];
    let _ = writeln!(
        rest,
        "a coroutine's stack of {bytes} bytes overflowed: give it more by Coroutine::with_stack, \
         or let its body recurse less"
    );
    let left = rest.len();
    let _ = nix::unistd::write(std::io::stderr(), &line[..line.len() - left]);
}
