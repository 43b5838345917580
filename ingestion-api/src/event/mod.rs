//! An event as a source sends it: reading it, checking it, naming everything that is wrong with it.
//!
//! What a source says of a user ([`SentTraits`]) is read likewise.
//!
//! Pure: text and the present instant in, a [`SentEvent`] or faults out. Whatever a column of the
//! warehouse could never hold is refused here, because behind the 202 nobody can tell the source.
//! Which user it belongs to is [`crate::identities`]'s business.

mod columns;
mod fault;
mod identify;
mod limits;
mod object;
mod payload;
mod sent;

pub use fault::FaultCode;
pub use identify::{SentTraits, parse_traits};
pub use limits::{
    MAX_ACTIVITY_TYPE_BYTES, MAX_CLOCK_SKEW_MICROS, MAX_LABEL_BYTES, MAX_PAYLOAD_DEPTH, MAX_REFERENCE_BYTES,
    MAX_TRAIT_NAME_BYTES, MAX_TRAITS, MAX_URL_BYTES,
};
pub use sent::{SentEvent, parse};
