//! The `latchkey` program: commands, settings, the HTTP layer, and adapters for external systems.

// The types of the portal's pages are nested as deeply as their markup, and this crate resolves them.
#![recursion_limit = "512"]

pub mod adapters;
pub mod cli;
mod commands;
mod console;
mod content;
mod diagnostics;
mod files;
pub mod http;
pub mod listener;
pub mod settings;
mod startup;
pub mod workers;

pub use commands::run;
