//! Traits of a user: of what sources say, the last word by event time stands, for each trait alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Payload, Timestamp, UserTraits};

/// The traits of a user that stand: a function of what was said, in whatever order it arrives.
///
/// Of two values of a trait the one that was said of the later instant stands, of the same instant the
/// greater text. A trait that was not said again stays; one that was said to be null is null.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StandingTraits {
    /// When anything was said first.
    first: Option<Timestamp>,
    /// When it was said, and the JSON text as it was sent.
    values: BTreeMap<String, (Timestamp, String)>,
}

impl StandingTraits {
    /// Takes in what was said; returns whether that changes anything.
    pub fn fold(&mut self, said: &UserTraits) -> bool {
        self.fold_text(said.created_at, said.traits.as_str())
    }

    /// Likewise, of the text of a JSON object; what is no object names no trait.
    pub fn fold_text(&mut self, at: Timestamp, traits: &str) -> bool {
        let first = self.first.map_or(at, |first| first.min(at));
        let mut changes = self.first.replace(first) != Some(first);
        let said: BTreeMap<String, &RawValue> = serde_json::from_str(traits).unwrap_or_default();
        for (name, value) in said {
            let said = (at, value.get().to_owned());
            if self.values.get(&name).is_none_or(|standing| *standing < said) {
                self.values.insert(name, said);
                changes = true;
            }
        }
        changes
    }

    /// Returns when anything was said first; `None` when nothing was.
    pub fn first(&self) -> Option<Timestamp> {
        self.first
    }

    /// Returns what could have been said to make this stand: for each instant the text of one JSON object.
    pub fn words(&self) -> Vec<(Timestamp, String)> {
        let mut words: BTreeMap<Timestamp, BTreeMap<&str, Option<&RawValue>>> = BTreeMap::new();
        if let Some(first) = self.first {
            words.entry(first).or_default();
        }
        for (name, (at, value)) in &self.values {
            words.entry(*at).or_default().insert(name, serde_json::from_str(value).ok());
        }
        let text = |(at, values): (Timestamp, _)| (at, serde_json::to_string(&values).unwrap_or_default());
        words.into_iter().map(text).collect()
    }

    /// Returns the traits as one JSON object, ascending by name; each value as it was sent.
    pub fn to_json(&self) -> String {
        let values: BTreeMap<&str, Option<&RawValue>> =
            self.values.iter().map(|(name, (_, value))| (name.as_str(), serde_json::from_str(value).ok())).collect();
        // Texts and values that were read as JSON are written without fail.
        serde_json::to_string(&values).unwrap_or_default()
    }
}

impl From<&StandingTraits> for Payload {
    fn from(standing: &StandingTraits) -> Self {
        RawValue::from_string(standing.to_json()).map_or_else(|_| Self::empty(), Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: &[(i64, &str)], first: Option<i64>, expected: &str) {
        let fold = |said: &mut dyn Iterator<Item = &(i64, &str)>| {
            let mut standing = StandingTraits::default();
            said.for_each(|(at, traits)| {
                standing.fold_text(Timestamp::from_micros(*at), traits);
            });
            (standing.first().map(Timestamp::as_micros), standing.to_json())
        };
        let expected = (first, expected.to_owned());
        assert_eq!(fold(&mut said.iter()), expected);
        assert_eq!(fold(&mut said.iter().rev()), expected, "the order of arrival does not matter");
        assert_eq!(fold(&mut said.iter().chain(said)), expected, "nor does saying it twice");
    }

    #[test]
    fn the_last_word_by_event_time_stands_for_each_trait_alone() {
        let said = [(2, r#"{"plan":"pro","age":40.10}"#), (1, r#"{"plan":"free","city":null}"#)];
        check(&said, Some(1), r#"{"age":40.10,"city":null,"plan":"pro"}"#);
    }

    #[test]
    fn of_one_instant_the_greater_text_stands() {
        check(&[(1, r#"{"a":1}"#), (1, r#"{"a":2}"#)], Some(1), r#"{"a":2}"#);
    }

    #[test]
    fn saying_nothing_in_particular_is_saying_something() {
        check(&[], None, "{}");
        check(&[(3, "{}"), (5, "[1]")], Some(3), "{}");
    }

    #[test]
    fn what_stands_can_be_said_again() {
        let mut standing = StandingTraits::default();
        for (at, traits) in [(1, "{}"), (2, r#"{"plan":"pro","age":40.10}"#), (5, r#"{"age":41,"city":null}"#)] {
            standing.fold_text(Timestamp::from_micros(at), traits);
        }
        let mut again = StandingTraits::default();
        for (at, traits) in standing.words() {
            again.fold_text(at, &traits);
        }
        assert_eq!(again, standing);
        assert_eq!(standing.words().len(), 3);
    }

    #[test]
    fn what_is_known_already_changes_nothing() {
        let mut standing = StandingTraits::default();
        let mut fold = |at, traits| standing.fold_text(Timestamp::from_micros(at), traits);
        assert!(fold(2, r#"{"a":1}"#));
        assert!(!fold(2, r#"{"a":1}"#));
        assert!(fold(1, r#"{"a":2}"#), "it was said earlier than anything else");
        assert!(!fold(1, r#"{"a":3}"#));
    }
}
