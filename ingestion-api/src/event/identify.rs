//! What a source says of a user: traits, checked as payloads are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schema::{EventId, Identity, Payload, Timestamp, UserId, UserTraits};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use service::problem::Fault;
use uuid::Uuid;

use super::columns;
use super::fault::{FaultCode, quoted};
use super::limits::{MAX_TRAIT_NAME_BYTES, MAX_TRAITS};
use super::object::{Key, malformed};
use super::payload::inspect;

/// Traits as a source sent them: checked, their user not known yet.
#[derive(Clone, PartialEq, Debug)]
pub struct SentTraits {
    /// Of whom, in the source's words.
    pub identity: Identity,
    /// Names what was said; made new when the source gave none.
    pub event_id: EventId,
    /// When it was so, says the source.
    pub created_at: Timestamp,
    /// As they were sent.
    pub traits: Payload,
}

impl SentTraits {
    /// Makes them traits of that user.
    pub fn of_user(self, user_id: UserId, received_at: Timestamp) -> UserTraits {
        let Self { event_id, created_at, traits, .. } = self;
        UserTraits { user_id, event_id, created_at, received_at, traits }
    }
}

/// Reads what `identify` says; `now` is its `created_at` when it has none.
///
/// Returns every fault that can be told apart from the others, at least one.
pub fn parse_traits(text: &str, now: Timestamp) -> Result<SentTraits, Vec<Fault>> {
    let entries = entries(text).map_err(|fault| vec![fault])?;
    let mut faults: Vec<Fault> =
        entries.twice.iter().map(|key| FaultCode::DuplicateKey.of(key, "stands twice")).collect();
    if entries.get("link").is_some_and(|link| !matches!(link.get(), "null" | "[]")) {
        let what = "is not supported yet: two identities cannot be made one user; send only `traits`";
        faults.push(FaultCode::LinkNotSupported.of("link", what));
    }
    let value = columns::id(entries.get("id")).map_err(|fault| faults.push(fault));
    let kind = columns::id_type(entries.get("id_type")).map_err(|fault| faults.push(fault));
    let event_id = columns::event_id(entries.get("event_id")).map_err(|fault| faults.push(fault));
    let created_at = columns::created_at(entries.get("created_at"), now).map_err(|fault| faults.push(fault));
    let traits = traits(entries.get("traits")).map_err(|fault| faults.push(fault));
    match (value, kind, event_id, created_at, traits) {
        (Ok(value), Ok(kind), Ok(event_id), Ok(created_at), Ok(traits)) if faults.is_empty() => Ok(SentTraits {
            identity: Identity { kind, value },
            event_id: event_id.unwrap_or_else(|| EventId(Uuid::now_v7())),
            created_at,
            traits: Payload::new(traits.to_owned()),
        }),
        _ => Err(faults),
    }
}

fn traits(raw: Option<&RawValue>) -> Result<&RawValue, Fault> {
    const FIELD: &str = "traits";
    let raw = raw.filter(|raw| raw.get() != "null").ok_or_else(|| FaultCode::MissingTraits.of(FIELD, "is missing"))?;
    if !raw.get().starts_with('{') {
        return Err(FaultCode::TraitsNotAnObject.of(FIELD, "must be an object"));
    }
    inspect(FIELD, raw)?;
    // Inspected: it is an object whose keys differ.
    let named: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    if named.len() > MAX_TRAITS {
        return Err(FaultCode::TooManyTraits.of(FIELD, format_args!("has more than {MAX_TRAITS} keys")));
    }
    match named.keys().find(|name| name.is_empty() || name.len() > MAX_TRAIT_NAME_BYTES) {
        Some(name) => {
            let what = format!("has the key {}, which has not 1 to {MAX_TRAIT_NAME_BYTES} bytes", quoted(name));
            Err(FaultCode::InvalidTraitName.of(FIELD, what))
        }
        None => Ok(raw),
    }
}

/// The raw text of each top-level key; keys that nobody reads are among them.
#[derive(Default)]
struct Entries<'a> {
    values: BTreeMap<Cow<'a, str>, &'a RawValue>,
    twice: Vec<String>,
}

impl<'a> Entries<'a> {
    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.values.get(key).copied()
    }
}

fn entries(text: &str) -> Result<Entries<'_>, Fault> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(FaultCode::EmptyBody.because("there is nothing to read"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    if !text.starts_with('{') {
        let json: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
        return Err(json.map_or_else(
            |error| malformed(&error),
            |_| FaultCode::NotAnObject.because("what is said of a user is a JSON object"),
        ));
    }
    let entries = json.deserialize_map(EntriesVisitor).map_err(|error| malformed(&error))?;
    json.end().map_err(|error| FaultCode::TrailingText.because(format!("text after the object: {error}")))?;
    Ok(entries)
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Entries::default();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            let value = map.next_value()?;
            if entries.values.insert(key.clone(), value).is_some() {
                entries.twice.push(key.into_owned());
            }
        }
        Ok(entries)
    }
}
