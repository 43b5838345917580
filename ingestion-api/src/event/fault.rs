//! The kinds of things that are wrong with an event; their names are part of the API.

use service::problem::Fault;

use super::limits::MAX_QUOTED_CHARACTERS;

/// What kind of fault an event has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FaultCode {
    /// More bytes than one event may have.
    EventTooLarge,
    /// Nothing was sent.
    EmptyBody,
    /// Not UTF-8.
    InvalidUtf8,
    /// Not JSON.
    MalformedJson,
    /// JSON, and then something else.
    TrailingText,
    /// JSON, but no object.
    NotAnObject,
    /// A key stands twice in one object.
    DuplicateKey,
    /// Objects or arrays nest too deep.
    NestingTooDeep,
    /// A text contains U+0000.
    NulCharacter,
    /// A text contains half of a surrogate pair, which is no character.
    LoneSurrogate,
    /// A number of the payload is beyond what a DOUBLE holds.
    NumberOutOfRange,
    /// `id` is missing.
    MissingId,
    /// `id` is no text.
    IdNotText,
    /// `id` is empty.
    EmptyId,
    /// `id` is too long.
    IdTooLong,
    /// `id_type` is missing.
    MissingIdType,
    /// `id_type` is no text.
    IdTypeNotText,
    /// `id_type` is none of the known ones.
    UnknownIdType,
    /// `event_id` is no text.
    EventIdNotText,
    /// `event_id` is no UUID, or the nil one.
    InvalidEventId,
    /// `created_at` is no text.
    CreatedAtNotText,
    /// `created_at` is no timestamp.
    InvalidCreatedAt,
    /// `created_at` is too far in the future.
    CreatedAtInFuture,
    /// `created_at` is before what the warehouse holds.
    CreatedAtTooEarly,
    /// `payload` is missing.
    MissingPayload,
    /// `payload` is no object.
    PayloadNotAnObject,
    /// `payload.activity_type` is missing.
    MissingActivityType,
    /// `payload.activity_type` is no text.
    ActivityTypeNotText,
    /// `payload.activity_type` is empty.
    EmptyActivityType,
    /// `payload.activity_type` is too long.
    ActivityTypeTooLong,
    /// A column that holds text was sent something else.
    ColumnNotText,
    /// A column's text is too long.
    ColumnTooLong,
    /// `payload.order_total` is neither number nor text.
    OrderTotalNotANumber,
    /// `payload.order_total` is a text that is no number.
    InvalidOrderTotal,
    /// `payload.order_total` has too many digits.
    OrderTotalTooLarge,
    /// `payload.order_total` has too many digits behind the point.
    OrderTotalTooPrecise,
    /// `traits` is missing.
    MissingTraits,
    /// `traits` is no object.
    TraitsNotAnObject,
    /// `traits` has too many keys.
    TooManyTraits,
    /// A trait's name is empty or too long.
    InvalidTraitName,
    /// `link` would make two identities one user.
    LinkNotSupported,
}

impl FaultCode {
    /// Returns the stable label: in problems, in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventTooLarge => "event_too_large",
            Self::EmptyBody => "empty_body",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::MalformedJson => "malformed_json",
            Self::TrailingText => "trailing_text",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateKey => "duplicate_key",
            Self::NestingTooDeep => "nesting_too_deep",
            Self::NulCharacter => "nul_character",
            Self::LoneSurrogate => "lone_surrogate",
            Self::NumberOutOfRange => "number_out_of_range",
            Self::MissingId => "missing_id",
            Self::IdNotText => "id_not_text",
            Self::EmptyId => "empty_id",
            Self::IdTooLong => "id_too_long",
            Self::MissingIdType => "missing_id_type",
            Self::IdTypeNotText => "id_type_not_text",
            Self::UnknownIdType => "unknown_id_type",
            Self::EventIdNotText => "event_id_not_text",
            Self::InvalidEventId => "invalid_event_id",
            Self::CreatedAtNotText => "created_at_not_text",
            Self::InvalidCreatedAt => "invalid_created_at",
            Self::CreatedAtInFuture => "created_at_in_future",
            Self::CreatedAtTooEarly => "created_at_too_early",
            Self::MissingPayload => "missing_payload",
            Self::PayloadNotAnObject => "payload_not_an_object",
            Self::MissingActivityType => "missing_activity_type",
            Self::ActivityTypeNotText => "activity_type_not_text",
            Self::EmptyActivityType => "empty_activity_type",
            Self::ActivityTypeTooLong => "activity_type_too_long",
            Self::ColumnNotText => "column_not_text",
            Self::ColumnTooLong => "column_too_long",
            Self::OrderTotalNotANumber => "order_total_not_a_number",
            Self::InvalidOrderTotal => "invalid_order_total",
            Self::OrderTotalTooLarge => "order_total_too_large",
            Self::OrderTotalTooPrecise => "order_total_too_precise",
            Self::MissingTraits => "missing_traits",
            Self::TraitsNotAnObject => "traits_not_an_object",
            Self::TooManyTraits => "too_many_traits",
            Self::InvalidTraitName => "invalid_trait_name",
            Self::LinkNotSupported => "link_not_supported",
        }
    }

    /// Makes a fault of the event as a whole.
    pub fn because(self, detail: impl Into<String>) -> Fault {
        Fault::new(self.as_str(), detail)
    }

    /// Makes a fault of one field; the sentence is `field` and what is wrong with it.
    pub(super) fn of(self, field: &str, what: impl std::fmt::Display) -> Fault {
        Fault::new(self.as_str(), format!("`{field}` {what}")).in_field(field)
    }
}

/// Quotes a client's text, cut to a length that does no harm in answers and logs.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
