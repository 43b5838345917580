//! What every process needs before its own logic: configuration, telemetry, problems, an HTTP server.
//!
//! Knows nothing of users, events or segments. A process runs under [`process::run`], which reads its
//! `Config` and starts its telemetry, and serves a router with [`http::serve`]; whatever it has to refuse
//! it refuses with a [`problem::Problem`]. Whatever is linked with this crate allocates with jemalloc.

mod allocator;
pub mod config;
pub mod http;
pub mod problem;
pub mod process;
pub mod shutdown;
pub mod telemetry;
