//! A rule as text: canonical (prints and compiles to itself) and for Databend.
//!
//! What both have in common, operators and where they need parentheses, is in [`mod@print`]; what they
//! say differently is what each implements of [`print::Target`].

mod canonical;
mod databend;
mod print;
mod rows;

pub use canonical::{canonical, canonical_inside};
pub use databend::databend;

#[cfg(test)]
mod tests;
