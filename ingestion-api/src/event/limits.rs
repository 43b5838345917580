//! How much fits where.

use schema::Timestamp;

/// The most bytes of an `activity_type`: rules name it, metrics group by it.
pub const MAX_ACTIVITY_TYPE_BYTES: usize = 128;

/// The most bytes of `region`, `country` and `device_type`: names and codes.
pub const MAX_LABEL_BYTES: usize = 128;

/// The most bytes of `element_id` and `order_id`.
pub const MAX_REFERENCE_BYTES: usize = 256;

/// The most bytes of a `url`: what browsers and proxies let through.
pub const MAX_URL_BYTES: usize = 8_192;

/// How deep objects and arrays of a payload nest, the payload itself counted.
pub const MAX_PAYLOAD_DEPTH: usize = 32;

/// How many traits one `identify` sets: each user keeps what was ever said.
pub const MAX_TRAITS: usize = 64;

/// The most bytes of a trait's name: rules name it.
pub const MAX_TRAIT_NAME_BYTES: usize = 128;

/// How far a source's clock may be ahead of ours: five minutes.
pub const MAX_CLOCK_SKEW_MICROS: i64 = 5 * 60 * 1_000_000;

/// The earliest instant a TIMESTAMP column of the warehouse holds: 1000-01-01T00:00:00Z.
pub(super) const EARLIEST_CREATED_AT: Timestamp = Timestamp::from_micros(-30_610_224_000_000_000);

/// The most bytes of a client's text that an answer quotes.
pub(super) const MAX_QUOTED_CHARACTERS: usize = 64;
