//! Faults: a process that uses memory which is not its own, whose stack overflows, or that aborts,
//! says its last words and ends by the signal that says so.
//!
//! evcxr answers most of these signals by printing a backtrace of its own insides and aborting, which
//! tells a reader nothing and hides the signal from whoever waits for the process.

use super::output;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

const FAULTS: [Signal; 5] = [
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGILL,
    Signal::SIGFPE,
    Signal::SIGABRT,
];

pub fn install() {
    // On the stack that Rust's runtime sets aside for handlers in each thread, as the own one may be
    // what overflowed.
    let handler = SigHandler::Handler(at_fault);
    let action = SigAction::new(handler, SaFlags::SA_ONSTACK, SigSet::empty());
    for fault in FAULTS {
        // SAFETY: the handler makes only calls that are safe in a signal handler.
        let _ = unsafe { sigaction(fault, &action) };
    }
}

extern "C" fn at_fault(signal: libc::c_int) {
    output::sync();
    // Returning repeats the faulting instruction, this time without a handler. A signal that
    // somebody sent does not come back by itself.
    // SAFETY: both calls are safe in a signal handler.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}
