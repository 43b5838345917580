//! An HTTP server as every process runs it.
//!
//! A service builds its routes, [`dress()`]es them (request id, span, latency, panics, limits, every
//! refusal as problem+json) and [`serve`]s them on a bound listener until shutdown.

mod dress;
mod health;
mod listen;
mod observe;
mod unread;

pub use dress::dress;
pub use health::{health_router, metrics_server_router};
pub use listen::{bind, serve};
pub use observe::RequestId;
