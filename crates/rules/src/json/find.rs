//! Finding one value in the text of a JSON document, without making the others.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Json;
use crate::rule::PathStep;

/// Returns what stands at the end of the path; `None` where there is nothing, or no JSON.
pub fn find(text: &str, steps: &[PathStep]) -> Option<Json> {
    let mut rest: &RawValue = serde_json::from_str(text).ok()?;
    for step in steps {
        let mut json = serde_json::Deserializer::from_str(rest.get());
        let found = match (step, rest.get().as_bytes().first()) {
            (PathStep::Key(key), Some(b'{')) => json.deserialize_map(AtKey(key)),
            (PathStep::Index(index), Some(b'[')) => json.deserialize_seq(AtIndex(*index)),
            _ => return None,
        };
        rest = found.ok()??;
    }
    Json::of_raw(rest)
}

impl Json {
    /// Returns what stands at the end of the path below this value.
    pub fn at(&self, steps: &[PathStep]) -> Option<&Self> {
        steps.iter().try_fold(self, |value, step| match (step, value) {
            (PathStep::Key(key), Self::Object(entries)) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (PathStep::Index(index), Self::Array(elements)) => elements.get(*index as usize),
            _ => None,
        })
    }
}

/// The value of a key: of several the last one, as whoever reads the whole object has it.
struct AtKey<'k>(&'k str);

impl<'de> Visitor<'de> for AtKey<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// A key, borrowed unless it has escapes.
struct Key<'de>(std::borrow::Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(key.into()))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(key.to_owned().into()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

struct AtIndex(u32);

impl<'de> Visitor<'de> for AtIndex {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut index = 0;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if index == self.0 {
                found = Some(element);
            }
            index += 1;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#" {"a": 1, "b": {"c": [10, {"d": "deep"}, null]}, "é\n": true, "a": 2, "n": null} "#;

    #[track_caller]
    fn check(steps: &[&str], expected: Option<&str>) {
        let step = |step: &&str| step.parse().map_or_else(|_| PathStep::Key((*step).to_owned()), PathStep::Index);
        let steps: Vec<PathStep> = steps.iter().map(step).collect();
        let expected = expected.map(|text| Json::parse(text).unwrap());
        assert_eq!(find(PAYLOAD, &steps), expected, "{steps:?}");
        assert_eq!(Json::parse(PAYLOAD).unwrap().at(&steps), expected.as_ref(), "{steps:?} in the whole");
    }

    #[test]
    fn a_path_leads_to_a_value_or_to_nothing() {
        check(&["a"], Some("2"));
        check(&["b", "c", "0"], Some("10"));
        check(&["b", "c", "1", "d"], Some("\"deep\""));
        check(&["b", "c", "2"], Some("null"));
        check(&["b", "c"], Some(r#"[10,{"d":"deep"},null]"#));
        check(&["é\n"], Some("true"));
        check(&["n"], Some("null"));
        check(&["n", "x"], None);
        check(&["zz"], None);
        check(&["b", "0"], None);
        check(&["b", "c", "3"], None);
        check(&["a", "x"], None);
    }

    #[test]
    fn in_what_is_no_json_nothing_is_found() {
        assert_eq!(find("{\"a\":", &[PathStep::Key("a".to_owned())]), None);
        assert_eq!(find("", &[]), None);
    }
}
