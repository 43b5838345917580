//! A JSON value and its text.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::JsonNumber;

/// A JSON value. Stored in users' states: the order of the variants is a format.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Json {
    /// `null`, which is not SQL's NULL.
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number.
    Number(JsonNumber),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, ascending by key; of a key that is there twice the last value.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text; `None` when it is no JSON.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str::<Parsed>(text).ok().map(|parsed| parsed.0)
    }

    /// Returns it as a VARCHAR: a string without quotes, `None` for a JSON null, else JSON without spaces.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub(super) fn of_raw(raw: &RawValue) -> Option<Self> {
        let text = raw.get();
        match text.bytes().next()? {
            b'-' | b'0'..=b'9' => Some(JsonNumber::parse(text).map_or(Self::Null, Self::Number)),
            _ => Self::parse(text),
        }
    }
}

/// What is read: numbers by their text, of which a plain reader would make floats.
struct Parsed(Json);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let read = |value: serde_json::Result<Json>| value.map(Parsed).map_err(D::Error::custom);
        match text.bytes().next() {
            Some(b'{') => read(serde_json::from_str::<Object>(text).map(|object| Json::Object(object.0))),
            Some(b'[') => read(serde_json::from_str::<Array>(text).map(|array| Json::Array(array.0))),
            Some(b'"') => read(serde_json::from_str(text).map(Json::String)),
            Some(b't' | b'f') => read(serde_json::from_str(text).map(Json::Boolean)),
            Some(b'n') => Ok(Self(Json::Null)),
            _ => Ok(Self(JsonNumber::parse(text).map_or(Json::Null, Json::Number))),
        }
    }
}

struct Object(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = std::collections::BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, Parsed>()? {
                    entries.insert(key, value.0);
                }
                Ok(Object(entries.into_iter().collect()))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

struct Array(Vec<Json>);

impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Array;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Array, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = sequence.next_element::<Parsed>()? {
                    elements.push(element.0);
                }
                Ok(Array(elements))
            }
        }

        deserializer.deserialize_seq(Elements)
    }
}

/// As JSON without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => quoted(text, f),
            Self::Array(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if index > 0 { "," } else { "" })?;
                    quoted(key, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let value = Json::parse(json).unwrap();
        assert_eq!(value.to_text().as_deref(), expected, "{json}");
        assert_eq!(Json::parse(&value.to_string()), Some(value), "{json} read back");
    }

    #[test]
    fn the_text_of_a_value_is_that_of_databend() {
        check("null", None);
        check("\"a\\\"\\n\\u00e9\"", Some("a\"\né"));
        check("true", Some("true"));
        check("1.10", Some("1.10"));
        check(
            " { \"b\" : 1, \"a\":[ 1, 2.50, \"x\\\"\\n\\u00e9\\u0001/\" ], \"aa\": null } ",
            Some("{\"a\":[1,2.50,\"x\\\"\\né\\u0001/\"],\"aa\":null,\"b\":1}"),
        );
        check("{\"b\":1,\"a\":2,\"B\":3,\"é\":1,\"c c\":2}", Some("{\"B\":3,\"a\":2,\"b\":1,\"c c\":2,\"é\":1}"));
        check("[]", Some("[]"));
        check("{\"a\":1,\"a\":2}", Some("{\"a\":2}"));
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in ["", "{", "[1,]", "nul", "'a'", "1 2"] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
    }
}
