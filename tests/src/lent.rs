//! Kernels that the tests of a program lend each other. A start costs seconds of both cores, and most
//! tests need a kernel rather than a start: whoever tests how kernels start and end makes its own,
//! by [`Kernel::start`].

use crate::kernel::Kernel;
use crate::processes::wait_until;
use jupyter_protocol::ExecuteRequest;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, Once, PoisonError};

static FREE: Mutex<Vec<Kernel>> = Mutex::new(Vec::new());

/// Launcher, warden, evcxr, and the process of the cells.
const OWN_PROCESSES: usize = 4;

/// A kernel in the notebooks' folder, as it is after its start: without variables, functions and
/// names of an earlier test. A test that fails does not give it back.
pub struct Lent {
    kernel: Kernel,
    /// How many cells it had run before.
    before: u64,
}

impl Lent {
    pub fn take() -> Lent {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(mut kernel) = free else {
            let kernel = Kernel::start();
            return Lent { kernel, before: 0 };
        };
        // What evcxr itself reads at its start.
        let start = crate::repository().join(".lab/config/init.evcxr");
        let start = std::fs::read_to_string(start).expect("what the set-up wrote");
        let before = silently(&mut kernel, &start);
        Lent { kernel, before }
    }

    /// How an error names the test's cell with this number, counted from 1.
    pub fn cell(&self, number: u64) -> String {
        format!("cell [{}]", self.before + number)
    }

    /// Checks that all that the test's cells started ends with their process.
    pub fn give_back(mut self) {
        silently(&mut self.kernel, ":clear");
        wait_until("only the kernel's own processes are left", || {
            self.kernel.processes().len() <= OWN_PROCESSES
        });
        static AT_EXIT: Once = Once::new();
        AT_EXIT.call_once(|| crate::at_exit(end_all));
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(self.kernel);
    }
}

impl Deref for Lent {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        &self.kernel
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Kernel {
        &mut self.kernel
    }
}

/// Runs a cell that counts for nothing; returns how many have counted so far.
fn silently(kernel: &mut Kernel, code: &str) -> u64 {
    let reply = kernel.ask(ExecuteRequest {
        silent: true,
        store_history: false,
        ..ExecuteRequest::new(code.to_owned())
    });
    assert_eq!(reply["status"], "ok", "{code}: {reply}");
    reply["execution_count"].as_u64().expect("a count")
}

/// Ends what is left when the program ends, and checks that nothing remains: else the program fails.
extern "C" fn end_all() {
    // A thread of its own, as those of the main thread's variables that tokio needs are gone by now.
    let ended = std::thread::spawn(|| {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.drain(..).for_each(Kernel::shut_down);
    });
    if ended.join().is_err() {
        std::process::abort();
    }
}
