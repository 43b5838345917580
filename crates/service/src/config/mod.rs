//! Layered configuration: embedded defaults, then an optional file, then the environment.
//!
//! The embedded default file names every key, so that it doubles as the documentation, as the list
//! of known keys, and as the type of each environment variable. Which variable sets which key is a
//! constant table of the process. All problems are reported at once.

mod environment;
mod layers;
mod secret;
mod sections;
mod store;

pub use environment::{env_example_problems, joined};
pub use layers::{CONFIG_FILE_VARIABLE, ConfigError, Configuration, defaults, load, load_from, log};
pub use secret::Secret;
pub use sections::{HttpConfig, LogFormat, MetricsConfig, TelemetryConfig};
pub use store::StoreConfig;
