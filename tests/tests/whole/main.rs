//! The whole, as its users have it: the kernel, the command, other people's tools, a browser.
//!
//! One program, so that no core waits for the last test of one before the first of the next begins,
//! and so that tests lend each other kernels.

mod action;
mod browser;
mod cells;
mod claims;
mod classroom;
mod cli;
mod command;
mod crates;
mod diagnostics;
mod fork;
mod grader;
mod guard;
mod help;
mod hub;
mod image;
mod install;
mod kernel;
mod kernel_test;
mod lifetime;
mod output;
mod process;
mod python;
mod runtime;
mod site;
mod stock;
mod surprises;
mod tools;
mod truth;
mod web;
