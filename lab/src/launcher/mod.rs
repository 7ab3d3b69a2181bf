//! The kernel's launcher: what Jupyter starts for the kernelspec `rust`.
//!
//! It starts the stock kernel, evcxr_jupyter, in a build directory of its own, and sees to it that
//! nothing is left when the kernel ends, however it ends. Two processes watch each other:
//!
//! ```text
//! Jupyter ─▶ launcher ─▶ warden ─▶ evcxr_jupyter ─▶ the cells' process ─▶ its children
//! ```
//!
//! The launcher speaks to Jupyter for evcxr ([`front`](crate::front)), and starts another warden
//! with another evcxr where one has died.
//!
//! The warden is a subreaper in a session of its own: processes below it that lose their parent
//! become its children, and a signal to the launcher's group does not reach it. When the launcher
//! ends, killed or not, the warden ends everything below it and removes the directory; when the
//! warden is killed, the launcher does. If both are killed at once, the next kernel's launcher
//! removes the directory.

mod family;
mod start;
mod warden;
mod workplace;

pub use family::{
    adopt_orphans, adopted_by, await_end, compilers_below, end as end_family, end_siblings_with,
    end_with_parent, open_process, session_of, signal_process, ticks_of, wait_for_stdin,
};
pub use start::{Options, hear_all_signals, launch, take_signals, warden};
pub use warden::{Options as WardenOptions, reap_others, watch};
pub use workplace::base as kernels_folder;
