//! The payload: its lifted columns, and whether every reader of it would see the same.
//!
//! The payload is stored as it was sent, so what readers disagree about is refused: keys that
//! stand twice, half surrogate pairs, U+0000, numbers beyond a DOUBLE, bottomless nesting.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use service::problem::Fault;

use super::fault::{FaultCode, quoted};
use super::limits::MAX_PAYLOAD_DEPTH;
use super::object::Key;

const PAYLOAD: &str = "payload";
/// Up to so many keys an object is searched, beyond it is hashed.
const SEARCHED_KEYS: usize = 16;

/// The raw texts of the lifted columns.
#[derive(Default)]
pub(super) struct Lifted<'a> {
    pub(super) activity_type: Option<&'a RawValue>,
    pub(super) url: Option<&'a RawValue>,
    pub(super) element_id: Option<&'a RawValue>,
    pub(super) order_id: Option<&'a RawValue>,
    pub(super) order_total: Option<&'a RawValue>,
}

impl<'a> Lifted<'a> {
    /// Reads a payload that is known to be JSON.
    pub(super) fn read(payload: &'a RawValue) -> Result<Self, Fault> {
        let text = payload.get();
        if !text.starts_with('{') {
            return Err(FaultCode::PayloadNotAnObject.of("payload", "must be an object"));
        }
        let mut found = None;
        let visitor = PayloadVisitor { fault: &mut found };
        let lifted = serde_json::Deserializer::from_str(text).deserialize_map(visitor);
        lifted.map_err(|error| found.unwrap_or_else(|| unreadable(PAYLOAD, &error)))
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<&'a RawValue>> {
        Some(match key {
            "activity_type" => &mut self.activity_type,
            "url" => &mut self.url,
            "element_id" => &mut self.element_id,
            "order_id" => &mut self.order_id,
            "order_total" => &mut self.order_total,
            _ => return None,
        })
    }
}

/// Checks that every reader of an object, which is known to be JSON, would see the same.
pub(super) fn inspect(field: &'static str, object: &RawValue) -> Result<(), Fault> {
    let mut found = None;
    let whole = Inspect { field, depth: 1, fault: &mut found };
    let inspected = whole.deserialize(&mut serde_json::Deserializer::from_str(object.get()));
    inspected.map_err(|error| found.unwrap_or_else(|| unreadable(field, &error)))
}

/// The text is JSON, so only two things are left that a reader can stumble over.
fn unreadable(field: &str, error: &serde_json::Error) -> Fault {
    if error.to_string().starts_with("number out of range") {
        FaultCode::NumberOutOfRange.of(field, "contains a number beyond what a DOUBLE holds")
    } else {
        FaultCode::LoneSurrogate.of(field, "contains half of a surrogate pair")
    }
}

/// Keys of one object, to see when one comes back.
#[derive(Default)]
struct SeenKeys<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> SeenKeys<'a> {
    /// Returns a fault when the key cannot stand here.
    fn check(&mut self, field: &str, key: Cow<'a, str>) -> Result<(), Fault> {
        if key.contains('\0') {
            return Err(FaultCode::NulCharacter.of(field, "has a key that contains U+0000"));
        }
        if self.few.contains(&key) || self.many.contains(&key) {
            return Err(FaultCode::DuplicateKey.of(field, format_args!("has the key {} twice", quoted(&key))));
        }
        if self.few.len() < SEARCHED_KEYS {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        Ok(())
    }
}

/// Keeps the fault and stops the reading.
fn stop<E: Error>(slot: &mut Option<Fault>, fault: Fault) -> E {
    let error = E::custom(&fault.detail);
    *slot = Some(fault);
    error
}

struct PayloadVisitor<'f> {
    fault: &'f mut Option<Fault>,
}

impl<'de> Visitor<'de> for PayloadVisitor<'_> {
    type Value = Lifted<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lifted<'de>, A::Error> {
        let mut lifted = Lifted::default();
        let mut seen = SeenKeys::default();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            match lifted.slot(&key) {
                Some(slot) => *slot = Some(map.next_value()?),
                None => map.next_value_seed(Inspect { field: PAYLOAD, depth: 2, fault: self.fault })?,
            }
            seen.check(PAYLOAD, key).map_err(|fault| stop(self.fault, fault))?;
        }
        Ok(lifted)
    }
}

/// Reads any value without keeping it. `depth` is that of an object or array which starts here.
struct Inspect<'f> {
    field: &'static str,
    depth: usize,
    fault: &'f mut Option<Fault>,
}

impl Inspect<'_> {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.depth <= MAX_PAYLOAD_DEPTH {
            return Ok(());
        }
        let what = format!("nests deeper than {MAX_PAYLOAD_DEPTH} levels");
        Err(stop(self.fault, FaultCode::NestingTooDeep.of(self.field, what)))
    }

    fn inside(&mut self) -> Inspect<'_> {
        Inspect { field: self.field, depth: self.depth + 1, fault: self.fault }
    }
}

impl<'de> DeserializeSeed<'de> for Inspect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inspect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(stop(self.fault, FaultCode::NulCharacter.of(self.field, "contains U+0000")));
        }
        Ok(())
    }

    /// Borrowed means written without escapes, and U+0000 can only be written as one.
    fn visit_borrowed_str<E: Error>(self, _: &'de str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.enter()?;
        while seq.next_element_seed(self.inside())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut seen = SeenKeys::default();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            seen.check(self.field, key).map_err(|fault| stop(self.fault, fault))?;
            map.next_value_seed(self.inside())?;
        }
        Ok(())
    }
}
