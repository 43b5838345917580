//! JSON values, as Databend's VARIANT has them: how they are read, found, written and ordered.
//!
//! A payload is kept as the text it was sent as. [`find()`] goes through that text to one value and
//! makes only this one; nothing is parsed for rules that do not ask.

mod find;
mod number;
mod order;
mod value;

pub use find::find;
pub use number::JsonNumber;
pub use value::Json;
