//! The top level of an event: which known key has which raw text.
//!
//! Keys we do not know are skipped and counted: a newer SDK may send more than this version reads.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use service::problem::Fault;

use super::fault::FaultCode;

/// The raw text of each known key.
#[derive(Default)]
pub(super) struct Object<'a> {
    pub(super) id: Option<&'a RawValue>,
    pub(super) id_type: Option<&'a RawValue>,
    pub(super) event_id: Option<&'a RawValue>,
    pub(super) created_at: Option<&'a RawValue>,
    pub(super) region: Option<&'a RawValue>,
    pub(super) country: Option<&'a RawValue>,
    pub(super) device_type: Option<&'a RawValue>,
    pub(super) payload: Option<&'a RawValue>,
    /// Known keys that stood twice.
    pub(super) duplicates: Vec<&'static str>,
    /// How many keys were skipped.
    pub(super) unknown_keys: u64,
}

impl<'a> Object<'a> {
    /// Reads the text of one JSON object.
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return Err(FaultCode::EmptyBody.because("there is nothing to read"));
        }
        let mut json = serde_json::Deserializer::from_str(trimmed);
        if !trimmed.starts_with('{') {
            return Err(no_object(trimmed));
        }
        let object = json.deserialize_map(ObjectVisitor).map_err(|error| malformed(&error))?;
        json.end().map_err(|error| FaultCode::TrailingText.because(format!("text after the event: {error}")))?;
        Ok(object)
    }

    fn slot(&mut self, key: &str) -> Option<(&'static str, &mut Option<&'a RawValue>)> {
        Some(match key {
            "id" => ("id", &mut self.id),
            "id_type" => ("id_type", &mut self.id_type),
            "event_id" => ("event_id", &mut self.event_id),
            "created_at" => ("created_at", &mut self.created_at),
            "region" => ("region", &mut self.region),
            "country" => ("country", &mut self.country),
            "device_type" => ("device_type", &mut self.device_type),
            "payload" => ("payload", &mut self.payload),
            _ => return None,
        })
    }
}

fn no_object(text: &str) -> Fault {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => FaultCode::NotAnObject.because("an event is a JSON object"),
        Err(error) => malformed(&error),
    }
}

pub(super) fn malformed(error: &serde_json::Error) -> Fault {
    FaultCode::MalformedJson.because(format!("it is not JSON: {error}"))
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let Some((name, slot)) = object.slot(&key.0) else {
                map.next_value::<IgnoredAny>()?;
                object.unknown_keys += 1;
                continue;
            };
            let value = map.next_value()?;
            if slot.replace(value).is_some() {
                object.duplicates.push(name);
            }
        }
        Ok(object)
    }
}

/// A key, borrowed unless it is written with escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) std::borrow::Cow<'a, str>);
