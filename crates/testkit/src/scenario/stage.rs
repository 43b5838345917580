//! Where a scenario is played: an oracle, and the names that the file gives to users and segments.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use engine::Catalog;
use rules::Severity;
use schema::{
    Cause, Decimal, Definitions, Event, EventId, Generation, LogRecord, Payload, SegmentChange, SegmentDefinition,
    SegmentId, SegmentTag, SegmentVersion, Timestamp, UserDeletion, UserId, UserTraits,
};
use uuid::Uuid;

use super::line::Step;
use crate::{Oracle, event};

/// What is told of a rule that there cannot be.
pub(super) const REFUSED: &str = "refused";

/// The state of a scenario between two steps.
#[derive(Debug)]
pub(super) struct Stage {
    oracle: Oracle,
    now: Timestamp,
    last: Option<LogRecord>,
    /// How many there were; each is named by its number.
    records: u128,
    users: Vec<String>,
    /// Live segments, by tag.
    definitions: BTreeMap<SegmentTag, SegmentDefinition>,
    /// Every segment there ever was: its place is its id.
    tags: Vec<SegmentTag>,
}

impl Stage {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            oracle: Oracle::new(Vec::new())?,
            now: Timestamp::MIN,
            last: None,
            records: 0,
            users: Vec::new(),
            definitions: BTreeMap::new(),
            tags: Vec::new(),
        })
    }

    /// Plays a step and returns what it published, a line for each entry and exit.
    pub(super) fn play(&mut self, step: &Step) -> Result<Vec<String>> {
        let changes = match step {
            Step::Rule { tag, where_statement } => return self.define(tag, where_statement),
            Step::Drop { tag } => {
                self.definitions.remove(tag).with_context(|| format!("there is no segment {}", tag.as_str()))?;
                self.redefine()?
            }
            Step::Event { at, user, activity_type, columns } => self.event(*at, user, activity_type, columns)?,
            Step::Identify { at, user, columns } => self.identify(*at, user, columns)?,
            Step::DuplicateLast => self.duplicate_last()?,
            Step::Advance { to } => {
                self.move_to(*to)?;
                self.oracle.advance(*to)?
            }
            Step::Delete { user } => {
                let deletion = UserDeletion { user_id: self.user_id(user), received_at: self.now };
                self.oracle.apply(&LogRecord::Deletion(deletion), self.now)?
            }
            Step::Restart => {
                self.oracle.restart()?;
                Vec::new()
            }
        };
        Ok(self.told(&changes))
    }

    fn told(&self, changes: &[SegmentChange]) -> Vec<String> {
        changes.iter().flat_map(|change| self.tell(change)).collect()
    }

    fn define(&mut self, tag: &SegmentTag, where_statement: &str) -> Result<Vec<String>> {
        let version = self.definitions.get(tag).map_or(1, |definition| definition.version.0 + 1);
        let definition = SegmentDefinition {
            segment_id: self.segment_id(tag),
            tag: tag.clone(),
            version: SegmentVersion(version),
            where_statement: where_statement.to_owned(),
        };
        let mut all = self.definitions.clone();
        all.insert(tag.clone(), definition);
        if let Some(why) = refusal(&all) {
            return Ok(vec![format!("{REFUSED}  ({why})")]);
        }
        self.definitions = all;
        let changes = self.redefine()?;
        Ok(self.told(&changes))
    }

    fn redefine(&mut self) -> Result<Vec<SegmentChange>> {
        let definitions = self.definitions.values().cloned().collect();
        Ok(self.oracle.define(definitions, self.now)?)
    }

    fn event(
        &mut self,
        at: Timestamp,
        user: &str,
        activity_type: &str,
        columns: &[(String, String)],
    ) -> Result<Vec<SegmentChange>> {
        self.move_to(at)?;
        self.records += 1;
        let mut event = event(self.user_id(user), self.records, activity_type, at);
        columns.iter().try_for_each(|(name, value)| set_column(&mut event, name, value))?;
        self.give(LogRecord::Event(event))
    }

    fn identify(&mut self, at: Timestamp, user: &str, columns: &[(String, String)]) -> Result<Vec<SegmentChange>> {
        self.move_to(at)?;
        self.records += 1;
        let mut said = UserTraits {
            user_id: self.user_id(user),
            event_id: EventId(Uuid::from_u128(self.records)),
            created_at: at,
            received_at: at,
            traits: Payload::empty(),
        };
        for (name, value) in columns {
            match name.as_str() {
                "traits" => said.traits = object(value).context("traits")?,
                "created_at" => said.created_at = Timestamp::parse(value)?,
                _ => bail!("`identify` has `traits` and `created_at`, not `{name}`"),
            }
        }
        self.give(LogRecord::Traits(said))
    }

    fn give(&mut self, record: LogRecord) -> Result<Vec<SegmentChange>> {
        self.last = Some(record.clone());
        Ok(self.oracle.apply(&record, self.now)?)
    }

    fn duplicate_last(&mut self) -> Result<Vec<SegmentChange>> {
        let again = match self.last.clone().context("nothing was sent yet")? {
            LogRecord::Event(event) => LogRecord::Event(Event { received_at: self.now, ..event }),
            LogRecord::Traits(said) => LogRecord::Traits(UserTraits { received_at: self.now, ..said }),
            deletion @ LogRecord::Deletion(_) => deletion,
        };
        Ok(self.oracle.apply(&again, self.now)?)
    }

    fn move_to(&mut self, to: Timestamp) -> Result<()> {
        if to < self.now {
            bail!("{to} lies before {}: the clock does not go back (an event is late by `created_at=`)", self.now);
        }
        self.now = to;
        Ok(())
    }

    fn user_id(&mut self, name: &str) -> UserId {
        UserId(place(&mut self.users, &name.to_owned()))
    }

    fn segment_id(&mut self, tag: &SegmentTag) -> SegmentId {
        SegmentId(place(&mut self.tags, tag))
    }

    fn tell(&self, change: &SegmentChange) -> Vec<String> {
        let user = &self.users[change.user_id.0 as usize - 1];
        let tag = |segment_id: &SegmentId| self.tags[segment_id.0 as usize - 1].as_str();
        let cause = match change.cause {
            Cause::Event { .. } => "event",
            cause => cause.as_str(),
        };
        let when = if change.evaluated_at == self.now { String::new() } else { format!(" at {}", change.evaluated_at) };
        let entered = change.in_segments.iter().map(|id| format!("{user} entered {}  ({cause}{when})", tag(id)));
        let left = change.out_segments.iter().map(|id| format!("{user} left {}  ({cause}{when})", tag(id)));
        entered.chain(left).collect()
    }
}

/// Returns why there can be no such segments.
fn refusal(definitions: &BTreeMap<SegmentTag, SegmentDefinition>) -> Option<String> {
    let segments = definitions.values().cloned().collect();
    let error = Catalog::freeze(&Definitions { generation: Generation(1), segments }).err()?;
    let problem = error.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error)?;
    Some(format!("{}: {}", problem.code.as_str(), problem.message))
}

fn object(text: &str) -> Result<Payload> {
    let raw = serde_json::value::RawValue::from_string(text.to_owned())?;
    Ok(Payload::new(raw))
}

/// Returns the place of a name, counted from 1; a new name gets the next one.
fn place<T: Clone + PartialEq>(names: &mut Vec<T>, name: &T) -> i64 {
    let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.clone());
        names.len() - 1
    });
    at as i64 + 1
}

fn set_column(event: &mut Event, name: &str, value: &str) -> Result<()> {
    let text = || Some(value.into());
    match name {
        "region" => event.region = text(),
        "country" => event.country = text(),
        "device_type" => event.device_type = text(),
        "url" => event.url = text(),
        "element_id" => event.element_id = text(),
        "order_id" => event.order_id = text(),
        "order_total" => {
            let total = Decimal::parse_column(value, Event::ORDER_TOTAL_PRECISION, Event::ORDER_TOTAL_SCALE);
            event.order_total = Some(total.with_context(|| format!("order_total `{value}`"))?);
        }
        "payload" => event.payload = object(value).context("payload")?,
        "created_at" => event.created_at = Timestamp::parse(value)?,
        "event_id" => event.event_id = EventId(value.parse().context("event_id")?),
        _ => bail!("an event has no column `{name}` that could be set"),
    }
    Ok(())
}
