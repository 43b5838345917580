//! What every form of the log must do, whatever it is made of; run by the tests of each form.
//!
//! Each function takes an installation that nobody has used before and panics where it is not as it
//! should be. What only one form can do (a full disk, `kill -9`, retention) is tested beside that form.

mod appending;
mod claiming;
mod committing;
mod installation;
mod samples;
mod waiting;

pub use appending::*;
pub use claiming::*;
pub use committing::*;
pub use installation::{Installation, PARTITIONS, Session};
pub use waiting::*;
