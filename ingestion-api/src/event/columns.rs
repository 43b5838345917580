//! Typed values out of raw texts: one function per kind of column.

use std::borrow::Cow;

use schema::{Decimal, DecimalError, Event, EventId, Identity, IdentityKind, Timestamp};
use serde_json::value::RawValue;
use service::problem::Fault;
use uuid::Uuid;

use super::fault::{FaultCode, quoted};
use super::limits::{EARLIEST_CREATED_AT, MAX_CLOCK_SKEW_MICROS};

/// What stands in a field: `Ok(None)` for `null` and for a field that is not there.
type Text<'a> = Result<Option<Cow<'a, str>>, Fault>;

/// Returns the characters of a JSON text.
pub(super) fn text<'a>(field: &str, raw: Option<&'a RawValue>, not_text: FaultCode) -> Text<'a> {
    let Some(json) = raw.map(RawValue::get).filter(|json| *json != "null") else { return Ok(None) };
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Err(not_text.of(field, "must be a text"));
    };
    if !inner.contains('\\') {
        return Ok(Some(Cow::Borrowed(inner)));
    }
    let decoded: String = serde_json::from_str(json)
        .map_err(|_| FaultCode::LoneSurrogate.of(field, "contains half of a surrogate pair"))?;
    if decoded.contains('\0') {
        return Err(FaultCode::NulCharacter.of(field, "contains U+0000"));
    }
    Ok(Some(Cow::Owned(decoded)))
}

/// Reads a nullable text column; an empty text is NULL.
pub(super) fn column(field: &str, raw: Option<&RawValue>, max_bytes: usize) -> Result<Option<schema::Text>, Fault> {
    let value = text(field, raw, FaultCode::ColumnNotText)?.filter(|value| !value.is_empty());
    match value {
        Some(value) if value.len() > max_bytes => Err(too_long(FaultCode::ColumnTooLong, field, max_bytes)),
        value => Ok(value.map(Into::into)),
    }
}

fn too_long(code: FaultCode, field: &str, max_bytes: usize) -> Fault {
    code.of(field, format_args!("has more than {max_bytes} bytes"))
}

/// The codes of a text that must be there.
pub(super) struct Required {
    pub(super) missing: FaultCode,
    pub(super) not_text: FaultCode,
    pub(super) empty: FaultCode,
    pub(super) too_long: FaultCode,
    pub(super) max_bytes: usize,
}

/// Reads a text that must be there and say something.
pub(super) fn required<'a>(field: &str, raw: Option<&'a RawValue>, codes: &Required) -> Result<Cow<'a, str>, Fault> {
    let Some(value) = text(field, raw, codes.not_text)? else {
        return Err(codes.missing.of(field, "is missing"));
    };
    if value.trim().is_empty() {
        return Err(codes.empty.of(field, "is empty"));
    }
    if value.len() > codes.max_bytes {
        return Err(too_long(codes.too_long, field, codes.max_bytes));
    }
    Ok(value)
}

/// Reads the identifier.
pub(super) fn id(raw: Option<&RawValue>) -> Result<String, Fault> {
    const CODES: Required = Required {
        missing: FaultCode::MissingId,
        not_text: FaultCode::IdNotText,
        empty: FaultCode::EmptyId,
        too_long: FaultCode::IdTooLong,
        max_bytes: Identity::MAX_VALUE_BYTES,
    };
    required("id", raw, &CODES).map(Cow::into_owned)
}

/// Reads the kind of the identifier.
pub(super) fn id_type(raw: Option<&RawValue>) -> Result<IdentityKind, Fault> {
    let Some(name) = text("id_type", raw, FaultCode::IdTypeNotText)? else {
        return Err(FaultCode::MissingIdType.of("id_type", format_args!("is missing; known are {}", known_kinds())));
    };
    IdentityKind::parse(&name).ok_or_else(|| {
        let what = format!("{} is not known; known are {}", quoted(&name), known_kinds());
        FaultCode::UnknownIdType.of("id_type", what)
    })
}

fn known_kinds() -> String {
    IdentityKind::ALL.map(IdentityKind::as_str).join(", ")
}

/// Reads the event's own id. The nil UUID is what a forgotten assignment sends: every such event
/// would count as a repetition of the first.
pub(super) fn event_id(raw: Option<&RawValue>) -> Result<Option<EventId>, Fault> {
    let Some(value) = text("event_id", raw, FaultCode::EventIdNotText)? else { return Ok(None) };
    match Uuid::try_parse(&value) {
        Ok(uuid) if !uuid.is_nil() => Ok(Some(EventId(uuid))),
        _ => Err(FaultCode::InvalidEventId.of("event_id", format_args!("{} is not a UUID", quoted(&value)))),
    }
}

/// Reads when it happened; a field that is not there means now.
pub(super) fn created_at(raw: Option<&RawValue>, now: Timestamp) -> Result<Timestamp, Fault> {
    const FIELD: &str = "created_at";
    let Some(value) = text(FIELD, raw, FaultCode::CreatedAtNotText)? else { return Ok(now) };
    let Ok(created_at) = Timestamp::parse(&value) else {
        let what = format!("{} is not a timestamp (expected like 2023-10-31T00:00:00Z)", quoted(&value));
        return Err(FaultCode::InvalidCreatedAt.of(FIELD, what));
    };
    if created_at.micros_since(now) > MAX_CLOCK_SKEW_MICROS {
        return Err(FaultCode::CreatedAtInFuture.of(FIELD, "lies more than five minutes in the future"));
    }
    if created_at < EARLIEST_CREATED_AT {
        return Err(FaultCode::CreatedAtTooEarly.of(FIELD, format_args!("lies before {EARLIEST_CREATED_AT}")));
    }
    Ok(created_at)
}

/// Reads the money of an order from its text, digit by digit: a number or a numeric text.
pub(super) fn order_total(raw: Option<&RawValue>) -> Result<Option<Decimal>, Fault> {
    const FIELD: &str = "payload.order_total";
    let Some(json) = raw else { return Ok(None) };
    if json.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return decimal(FIELD, json.get()).map(Some);
    }
    if !["\"", "null"].iter().any(|begin| json.get().starts_with(begin)) {
        return Err(FaultCode::OrderTotalNotANumber.of(FIELD, "must be a number, or a text that is one"));
    }
    match text(FIELD, raw, FaultCode::OrderTotalNotANumber)?.filter(|value| !value.is_empty()) {
        Some(value) => decimal(FIELD, &value).map(Some),
        None => Ok(None),
    }
}

fn decimal(field: &str, text: &str) -> Result<Decimal, Fault> {
    Decimal::parse_column(text, Event::ORDER_TOTAL_PRECISION, Event::ORDER_TOTAL_SCALE).map_err(|error| {
        let code = match error {
            DecimalError::NotANumber => FaultCode::InvalidOrderTotal,
            DecimalError::TooManyDigits => FaultCode::OrderTotalTooLarge,
            DecimalError::TooManyFractionDigits => FaultCode::OrderTotalTooPrecise,
        };
        code.of(field, format_args!("{} {error}", quoted(text)))
    })
}
