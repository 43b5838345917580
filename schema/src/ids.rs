//! Identifiers that must not be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

integer_id! {
    /// The user that all of a person's identities resolve to; the key of every topic. Positive.
    UserId, i64
}
integer_id! {
    /// A segment, whatever its tag or definition. Positive, never used again.
    SegmentId, i64
}
integer_id! {
    /// One immutable definition of a segment, counted from 1.
    SegmentVersion, u32
}

/// An event's own id; makes a retry harmless. Ordered by its 16 bytes, as its text is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of thing happened: `page_viewed`, `product_purchased`, any code.
pub type ActivityType = String;

/// A segment's stable name: 1 to 64 of `a-z 0-9 - _`, starting with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SegmentTag(String);

impl SegmentTag {
    /// The most characters a tag has: it is part of URLs and metric labels.
    pub const MAX_LENGTH: usize = 64;

    /// Accepts a well-formed tag.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let first_fits = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let rest_fits =
            bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_');
        (first_fits && rest_fits && text.len() <= Self::MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// Returns the tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SegmentTag {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or_else(|| format!("`{text}` is not a segment tag (1 to 64 of a-z 0-9 - _)"))
    }
}

impl From<SegmentTag> for String {
    fn from(tag: SegmentTag) -> Self {
        tag.0
    }
}

impl fmt::Display for SegmentTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
