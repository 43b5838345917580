//! The lines of a file, by user, read by the ingestion-api's own parsers: events, and what is said of users
//! (a line with `traits` and without a `payload`, as `POST /api/v1/identify` takes it).
//!
//! Where a file differs from live traffic: `id` alone says whose event it is, an integer `user_id`
//! overrides it (then `id` and `id_type` may be absent), a line may lie in the future, and
//! `received_at` is `created_at`.

use std::collections::{BTreeMap, BTreeSet};

use ingestion_api::event;
#[cfg(feature = "databend")]
use schema::StandingTraits;
use schema::{Event, LogRecord, Timestamp, UserId, UserTraits};
use serde::{Deserialize, Serialize};
use service::problem::Fault;

use crate::replay::with_event_id;

/// A user as the file names it, and as it is printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ShownUser {
    /// By `user_id`.
    Number(i64),
    /// By `id`.
    Text(String),
}

/// A user, everything it did, and everything that was said of it.
#[derive(Clone, Debug)]
pub(super) struct UserRecords {
    /// How the file names it.
    pub(super) shown: ShownUser,
    /// The id that the clause sees: the number, or the next one that is free.
    pub(super) user_id: UserId,
    /// In the order of the file, each `event_id` once.
    pub(super) events: Vec<Event>,
    /// In the order of the file.
    pub(super) said: Vec<UserTraits>,
}

impl UserRecords {
    pub(super) fn records(&self) -> impl Iterator<Item = LogRecord> {
        let said = self.said.iter().cloned().map(LogRecord::Traits);
        self.events.iter().cloned().map(LogRecord::Event).chain(said)
    }

    /// Returns what stands of what was said.
    #[cfg(feature = "databend")]
    pub(super) fn standing(&self) -> StandingTraits {
        let mut standing = StandingTraits::default();
        self.said.iter().for_each(|said| {
            standing.fold(said);
        });
        standing
    }
}

/// What is read of a line before the ingestion-api's parser has it.
#[derive(Deserialize)]
struct Peek {
    user_id: Option<i64>,
    id: Option<serde::de::IgnoredAny>,
    id_type: Option<serde::de::IgnoredAny>,
    created_at: Option<serde::de::IgnoredAny>,
    traits: Option<serde::de::IgnoredAny>,
    payload: Option<serde::de::IgnoredAny>,
}

/// Reads NDJSON. Users come in order, numbers first; refused lines as `LINE: code: why`.
pub(super) fn by_user(text: &str) -> Result<Vec<UserRecords>, Vec<String>> {
    let mut of_users: BTreeMap<ShownUser, Vec<LogRecord>> = BTreeMap::new();
    let mut refused = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        match read_line(line, number) {
            Ok((user, record)) => of_users.entry(user).or_default().push(record),
            Err(faults) => refused.extend(faults.into_iter().map(|fault| format!("{number}: {fault}"))),
        }
    }
    if refused.is_empty() { Ok(number_users(of_users)) } else { Err(refused) }
}

/// Whose record it is in numbers is settled when all users are known.
fn read_line(line: &str, number: u64) -> Result<(ShownUser, LogRecord), Vec<String>> {
    let peek: Peek = serde_json::from_str(line).map_err(|error| vec![format!("malformed_json: {error}")])?;
    // The default of an absent time is the present; a time that is there may lie anywhere.
    let now = if peek.created_at.is_some() {
        Timestamp::MAX.plus_micros(-event::MAX_CLOCK_SKEW_MICROS)
    } else {
        crate::demo::clock_now()
    };
    let line = with_event_id(line, number);
    let line = with_identity(&line, &peek);
    let (identity, record) = if peek.traits.is_some() && peek.payload.is_none() {
        let sent = event::parse_traits(&line, now).map_err(|faults| told(&faults))?;
        let (identity, created_at) = (sent.identity.value.clone(), sent.created_at);
        (identity, LogRecord::Traits(sent.of_user(UserId(0), created_at)))
    } else {
        let sent = event::parse(&line, now).map_err(|faults| told(&faults))?;
        let (identity, created_at) = (sent.identity.value.clone(), sent.created_at);
        (identity, LogRecord::Event(sent.of_user(UserId(0), created_at)))
    };
    Ok((peek.user_id.map_or(ShownUser::Text(identity), ShownUser::Number), record))
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{}: {}", fault.code, fault.detail)).collect()
}

/// Fills in what the parser wants and `user_id` makes superfluous.
fn with_identity(line: &str, peek: &Peek) -> String {
    let Some((user_id, brace)) = peek.user_id.zip(line.find('{')) else { return line.to_owned() };
    let mut added = String::new();
    if peek.id.is_none() {
        added += &format!("\"id\":\"{user_id}\",");
    }
    if peek.id_type.is_none() {
        added += "\"id_type\":\"client_ref_id\",";
    }
    format!("{}{{{added}{}", &line[..brace], &line[brace + 1..])
}

fn number_users(of_users: BTreeMap<ShownUser, Vec<LogRecord>>) -> Vec<UserRecords> {
    let taken: BTreeSet<i64> = of_users.keys().filter_map(ShownUser::number).collect();
    let mut free = (1..).filter(|number| !taken.contains(number));
    let number = |(shown, records): (ShownUser, Vec<LogRecord>)| {
        let user_id = UserId(shown.number().or_else(|| free.next()).unwrap_or_default());
        of_user(shown, user_id, records)
    };
    of_users.into_iter().map(number).collect()
}

fn of_user(shown: ShownUser, user_id: UserId, records: Vec<LogRecord>) -> UserRecords {
    let mut user = UserRecords { shown, user_id, events: Vec::new(), said: Vec::new() };
    let mut seen = BTreeSet::new();
    for record in records {
        match record {
            LogRecord::Event(event) if !seen.insert(event.event_id) => {}
            LogRecord::Event(event) => user.events.push(Event { user_id, ..event }),
            LogRecord::Traits(said) => user.said.push(UserTraits { user_id, ..said }),
            LogRecord::Deletion(_) => {}
        }
    }
    user
}

impl ShownUser {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rest: &str) -> String {
        format!(r#"{{"created_at":"2030-01-01T00:00:00Z","payload":{{"activity_type":"page_viewed"}}{rest}}}"#)
    }

    #[track_caller]
    fn check(lines: &[&str], expected: &[(&str, i64, usize)]) {
        let text = lines.iter().map(|rest| event(rest) + "\n").collect::<String>();
        let users = by_user(&text).unwrap_or_else(|refused| panic!("{refused:?}"));
        let found: Vec<(String, i64, usize)> = users
            .iter()
            .map(|user| (serde_json::to_string(&user.shown).unwrap(), user.user_id.0, user.events.len()))
            .collect();
        let expected: Vec<(String, i64, usize)> =
            expected.iter().map(|(shown, number, count)| ((*shown).to_owned(), *number, *count)).collect();
        assert_eq!(found, expected, "from {text}");
    }

    const ANA: &str = r#","id":"ana","id_type":"cookie""#;

    #[test]
    fn id_is_the_user_and_user_id_overrides_it() {
        check(&[ANA, ANA], &[("\"ana\"", 1, 2)]);
        check(
            &[ANA, r#","id":"ben","id_type":"email","user_id":1"#, r#","user_id":7"#],
            &[("1", 1, 1), ("7", 7, 1), ("\"ana\"", 2, 1)],
        );
    }

    #[test]
    fn a_duplicate_counts_once_and_equal_lines_without_an_event_id_count_each() {
        let id = r#","user_id":1,"event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6""#;
        check(&[id, id, r#","user_id":1"#, r#","user_id":1"#], &[("1", 1, 3)]);
    }

    #[test]
    fn a_line_with_traits_is_what_is_said_of_its_user() {
        let identify = |rest: &str| format!(r#"{{"created_at":"2030-01-01T00:00:00Z"{rest}}}"#) + "\n";
        let text = identify(r#","id":"ana","id_type":"cookie","traits":{"plan":"pro"}"#)
            + &identify(r#","user_id":7,"traits":{"plan":"free"}"#)
            + &event(ANA);
        let users = by_user(&text).unwrap();
        let found: Vec<(i64, usize, Vec<&str>)> = users
            .iter()
            .map(|user| (user.user_id.0, user.events.len(), user.said.iter().map(|s| s.traits.as_str()).collect()))
            .collect();
        assert_eq!(found, [(7, 0, vec![r#"{"plan":"free"}"#]), (1, 1, vec![r#"{"plan":"pro"}"#])]);
        let refused = by_user(&identify(r#","user_id":7,"traits":[]"#)).unwrap_err();
        assert!(refused[0].starts_with("1: traits_not_an_object"), "{refused:?}");
    }

    #[test]
    fn every_refused_line_is_named() {
        let refused = by_user("nonsense\n{}\n").unwrap_err();
        assert!(refused.iter().any(|line| line.starts_with("1: malformed_json")), "{refused:?}");
        assert!(refused.iter().any(|line| line.starts_with("2: missing_id")), "{refused:?}");
    }
}
