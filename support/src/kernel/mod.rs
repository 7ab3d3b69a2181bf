//! What makes cells safe to run: it works by itself when the library is loaded into a kernel,
//! and a reader calls nothing here.
//!
//! A stock kernel talks to the process that runs the cells over that process's own standard
//! streams. So a child made by `fork()` that returns from the cell answers in its parent's name,
//! steals the parent's next command, and keeps an interrupted kernel waiting. This module puts
//! five things between the cells and the kernel:
//!
//! - `output` carries everything written to stdout and stderr, by this process and by its
//!   children, to the kernel's front, or to a stock kernel: whole lines, in the order in which
//!   they were written; none of a child's steers the kernel;
//! - `fork` prepares each child: no kernel pipes, no stdin, and it dies with its parent;
//! - `programs` keeps the kernel's commands from programs that cells start, and gives them streams
//!   that can be opened by name;
//! - `panic` says in one line what panicked and where;
//! - `fault` lets a process that faults or aborts say its last words, and end by its own signal.
//!
//! For rich output (pictures) see [`crate::display`], and [`figures::cell::rich`] for a cell's result; for what a
//! reader uses to work with processes and threads see [`crate::threads`].

mod fault;
mod fork;
mod mark;
mod output;
mod panic;
mod payload;
mod programs;
pub(crate) mod shown;
#[doc(hidden)]
pub mod store;

#[doc(hidden)]
pub use figures::cell::{ByDebug, ByFormat};
pub use fork::forks;
pub(crate) use output::THREAD as CARRIER;
pub(crate) use payload::is_json;

use std::sync::Once;

/// Makes sure that the library is linked into a cell, and so loaded before the cell runs.
///
/// The kernel's start-up code refers to it from every cell. The dynamic loader has done the work
/// by then, and calling it does nothing more; outside of a kernel there is nothing to do.
///
/// ```
/// support::kernel::loaded();
/// ```
pub fn loaded() {
    on_load();
}

/// The dynamic loader calls this when the library is loaded into a process.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = on_load;

extern "C" fn on_load() {
    static ONCE: Once = Once::new();
    if runs_cells() {
        ONCE.call_once(|| {
            restore_directory();
            name_processes();
            mark::install();
            panic::install();
            fault::install();
            if let Err(error) = programs::install() {
                eprintln!("support: programs are not kept from the kernel's commands: {error}");
            }
            // Without the sockets cells still run, as they do in a stock kernel.
            if let Err(error) = output::install().and_then(|()| fork::install()) {
                eprintln!("support: children are not kept apart from the kernel: {error}");
            }
        });
    }
}

/// Whether this process is the one in which evcxr runs the cells.
///
/// The variable alone would not do: programs started by a cell inherit it.
fn runs_cells() -> bool {
    std::env::var_os("EVCXR_IS_RUNTIME").is_some()
        && std::env::current_exe().is_ok_and(|exe| {
            exe.file_name()
                .is_some_and(|name| name.to_string_lossy().contains("evcxr"))
        })
}

/// Cells run in the notebook's own directory, also where the launcher had to start evcxr elsewhere
/// (see `lab`'s launcher).
fn restore_directory() {
    if let Some(directory) = std::env::var_os("NOTEBOOK_DIRECTORY") {
        // A directory that has gone leaves the cells where evcxr stands.
        let _ = std::env::set_current_dir(directory);
    }
}

/// Processes have names in a trace, and a bare fork's child knows that it is one.
fn name_processes() {
    processes::watch_forks();
    timeline::trace::name_processes(processes::name);
}
