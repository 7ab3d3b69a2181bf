//! Faults: a process that uses memory which is not its own, or whose stack overflows, ends by the
//! signal that says so.
//!
//! evcxr answers these signals by printing a backtrace of its own insides and aborting, which tells
//! a reader nothing and hides the signal from whoever waits for the process.

use super::output;

const FAULTS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

pub fn install() {
    // SAFETY: the handler makes only calls that are safe in a signal handler. It runs on the stack
    // that Rust's runtime sets aside for it in each thread, as the own one may be what overflowed.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = at_fault as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        for fault in FAULTS {
            libc::sigaction(fault, &raw const action, std::ptr::null_mut());
        }
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
