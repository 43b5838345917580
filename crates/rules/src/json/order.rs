//! The order of JSON values, which is total: null, arrays, objects, strings, numbers, true, false, from the greatest down.

use std::cmp::Ordering;

use super::Json;

impl Json {
    /// Returns how two values are ordered: by kind, then by value.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => left.compare(right),
            (Self::String(left), Self::String(right)) => left.cmp(right),
            (Self::Array(left), Self::Array(right)) => {
                let parts = left.iter().zip(right).map(|(left, right)| left.compare(right));
                first_difference(parts).then(left.len().cmp(&right.len()))
            }
            (Self::Object(left), Self::Object(right)) => {
                let entries = left.iter().zip(right);
                let parts = entries.map(|(left, right)| left.0.cmp(&right.0).then_with(|| left.1.compare(&right.1)));
                first_difference(parts).then(left.len().cmp(&right.len()))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 1,
            Self::Number(_) => 2,
            Self::String(_) => 3,
            Self::Object(_) => 4,
            Self::Array(_) => 5,
            Self::Null => 6,
        }
    }
}

fn first_difference(mut parts: impl Iterator<Item = Ordering>) -> Ordering {
    parts.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_as_in_databend() {
        let ascending = [
            "false",
            "true",
            "-1",
            "1",
            "1.5",
            "\"\"",
            "\"1\"",
            "\"a\"",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,\"b\":2}",
            "{\"a\":2}",
            "{\"b\":0}",
            "[]",
            "[1]",
            "[1,0]",
            "[1,2]",
            "[1,3]",
            "[2]",
            "null",
        ];
        let values: Vec<Json> = ascending.iter().map(|text| Json::parse(text).unwrap()).collect();
        for (left_at, left) in values.iter().enumerate() {
            for (right_at, right) in values.iter().enumerate() {
                assert_eq!(left.compare(right), left_at.cmp(&right_at), "{left} and {right}");
            }
        }
    }
}
