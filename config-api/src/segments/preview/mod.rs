//! What a clause would select now, before anybody saves it.
//!
//! [`request`] reads what is asked, [`question`] makes definitions of it that a catalog can be frozen of, [`fold`]
//! runs the history through the engine as a backfill does where the history cannot answer by itself, [`tally`] counts who
//! came out, and [`answer`] tells.
//! Few previews run at the same time: [`turns`]. Nothing is decided here, and nothing is kept.

mod answer;
mod fold;
mod question;
mod request;
mod tally;
mod turns;

#[cfg(test)]
mod proof;

pub(crate) use answer::*;
pub(crate) use turns::Turns;
