//! The command behind `cargo lab`: it sets up, opens JupyterLab, runs notebooks headless, and
//! launches kernels.
//!
//! # Layout
//!
//! - [`setup`] runs the steps of the set-up: [`toolchain`], [`environment`], [`evcxr`],
//!   [`kernelspec`], [`template`];
//! - [`install`] puts the kernel where many users have it;
//! - [`open`] becomes JupyterLab, [`hub`] JupyterHub for a class;
//! - [`run`] executes notebooks headless; [`pictures`] takes the README's pictures from them, and
//!   [`programs`] shows each one's program at its end;
//! - [`grade`] reaches the verdict on submissions of the assignments;
//! - [`site`] makes pages of the notebooks;
//! - [`front`] is what Jupyter talks to when it talks to the kernel;
//! - [`launcher`] is what Jupyter starts for the kernelspec `rust`; [`stock`] is what the kernel
//!   behind it is trusted for, [`shims`] the `cargo` that compiles its cells, and [`sources`] what its
//!   rust-analyzer reads, of which [`outline`] leaves what a cell can name.

pub mod environment;
pub mod evcxr;
pub mod front;
pub mod grade;
pub mod home;
pub mod hub;
pub mod install;
pub mod installed;
pub mod kernelspec;
pub mod launcher;
pub mod open;
pub mod outline;
pub mod pictures;
#[path = "../../judge/src/proc.rs"]
pub mod proc;
pub mod programs;
pub mod progress;
pub mod run;
pub mod setup;
pub mod shims;
pub mod site;
pub mod sources;
pub mod stock;
pub mod template;
pub mod toolchain;
#[path = "../../judge/src/words.rs"]
pub mod words;
