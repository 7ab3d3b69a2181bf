//! Says that it was a coroutine's stack that overflowed, before the process ends by SIGSEGV.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, Once, PoisonError, TryLockError};

use super::stack::page;

/// The guard page of each stack, by its address, and the bytes of the stack above it.
static GUARDS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// What handled SIGSEGV before. Never freed.
static BEFORE: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());

/// Notes a stack of so many bytes above the guard page at this address.
pub(super) fn watch(guard: usize, bytes: usize) {
    static ONCE: Once = Once::new();
    ONCE.call_once(install);
    let mut guards = GUARDS.lock().unwrap_or_else(PoisonError::into_inner);
    guards.insert(guard, bytes);
}

pub(super) fn forget(guard: usize) {
    let mut guards = GUARDS.lock().unwrap_or_else(PoisonError::into_inner);
    guards.remove(&guard);
}

fn install() {
    // SAFETY: all-zero bytes are a valid `sigaction`.
    let mut before: Box<libc::sigaction> = Box::new(unsafe { std::mem::zeroed() });
    // SAFETY: only asks for the handler there is.
    unsafe { libc::sigaction(libc::SIGSEGV, ptr::null(), &raw mut *before) };
    BEFORE.store(Box::into_raw(before), Ordering::Release);
    // SAFETY: the handler makes only calls that are safe in a signal handler. It runs on the stack
    // that Rust's runtime sets aside for it in each thread, as the own one is what overflowed.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = at_fault as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK | libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSEGV, &raw const action, ptr::null_mut());
    }
}

/// The size of the stack whose guard page holds this address.
fn overflowed(address: usize) -> Option<usize> {
    // Another thread may be making a coroutine just now, which does not take long. If it is this
    // thread that holds the lock, nothing is said.
    let guards = (0..1000).find_map(|_| match GUARDS.try_lock() {
        Ok(guards) => Some(guards),
        Err(TryLockError::Poisoned(guards)) => Some(guards.into_inner()),
        Err(TryLockError::WouldBlock) => {
            std::hint::spin_loop();
            None
        }
    });
    let guards = guards?;
    let (guard, bytes) = guards.range(..=address).next_back()?;
    (address - guard < page()).then_some(*bytes)
}

extern "C" fn at_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system gives a valid `siginfo_t`, and of SIGSEGV it has an address.
    let address = unsafe { (*info).si_addr() }.addr();
    if let Some(bytes) = overflowed(address) {
        say(bytes);
    }
    before(signal, info, context);
}

/// Writes the line by one call, without an allocation.
fn say(bytes: usize) {
    use std::io::Write;
    let mut line = [0; 200];
    let mut rest = &mut line[..];
    let _ = writeln!(
        rest,
        "a coroutine's stack of {bytes} bytes overflowed: give it more by Coroutine::with_stack, \
         or let its body recurse less"
    );
    let left = rest.len();
    let length = line.len() - left;
    // SAFETY: writes bytes of our own; `write` is safe in a signal handler.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), length) };
}

/// Goes on as if we had not been here: with the handler that was, else with the end of the process.
fn before(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: stored before this handler was installed, and never freed.
    let before = unsafe { BEFORE.load(Ordering::Acquire).as_ref() };
    let handler = before.map_or(libc::SIG_DFL, |before| before.sa_sigaction);
    if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
        // Returning repeats the faulting instruction, this time without a handler.
        // SAFETY: safe in a signal handler.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    } else if before.is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0) {
        type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: with SA_SIGINFO, that is what the address is.
        let handler: Handler = unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: without SA_SIGINFO, that is what the address is.
        let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
}
