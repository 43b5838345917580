//! What every form of the warehouse must do, whatever it is made of; run by the tests of each form.
//!
//! Each function takes an installation that nobody has used before and panics where it is not as it
//! should be. What only one form can do (`kill -9`) is tested beside that form.

mod counting;
mod deleting;
mod installation;
mod reading;
mod samples;
mod traits;
mod writing;

pub use counting::*;
pub use deleting::*;
pub use installation::{Installation, PARTITIONS};
pub use reading::*;
pub use traits::*;
pub use writing::*;
