//! How sources name the people they see.

use serde::{Deserialize, Serialize};

/// What kind of identifier a source sends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A first-party browser cookie.
    Cookie,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A Facebook login.
    Facebook,
    /// A Google login.
    Google,
    /// An Apple login.
    Apple,
    /// A Twitter (X) login.
    Twitter,
    /// A LinkedIn login.
    Linkedin,
    /// An installation of an app.
    DeviceId,
    /// A mobile advertising identifier.
    AdvertisingId,
    /// An SDK's anonymous id.
    AnonymousId,
    /// The customer's own id of the user; at most one per user.
    ClientRefId,
}

impl IdentityKind {
    /// Every kind, in the order in which messages list them.
    pub const ALL: [Self; 12] = [
        Self::Cookie,
        Self::Email,
        Self::Phone,
        Self::Facebook,
        Self::Google,
        Self::Apple,
        Self::Twitter,
        Self::Linkedin,
        Self::DeviceId,
        Self::AdvertisingId,
        Self::AnonymousId,
        Self::ClientRefId,
    ];

    /// Returns the name used on the wire, in tables and in labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Facebook => "facebook",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Twitter => "twitter",
            Self::Linkedin => "linkedin",
            Self::DeviceId => "device_id",
            Self::AdvertisingId => "advertising_id",
            Self::AnonymousId => "anonymous_id",
            Self::ClientRefId => "client_ref_id",
        }
    }

    /// Returns the kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One identifier that a source sends; all identities of a user resolve to one `UserId`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// What kind of identifier it is.
    pub kind: IdentityKind,
    /// The identifier as sent, compared byte for byte.
    pub value: String,
}

impl Identity {
    /// The most bytes an identifier has: it is an index key in the store.
    pub const MAX_VALUE_BYTES: usize = 256;
}
