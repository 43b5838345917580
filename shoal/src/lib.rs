//! The one binary for people: everything in one process, and the tools around it.
//!
//! Composition only. What a service does is in that service's crate; what is here starts them on
//! the embedded parts (`up`), talks to running ones over HTTP as any client would (`demo`,
//! `replay`), or runs the evaluators on a file without a server (`eval`, `test`); `transfer` moves an installation to another form,
//! `backup` copies one that runs.

mod cli;
mod terminal;

mod backup;
pub mod client;
mod demo;
mod eval;
mod installation;
mod migrate;
mod replay;
mod scenarios;
mod store_command;
mod transfer;
mod up;

pub use cli::main;
pub use demo::Dice;
