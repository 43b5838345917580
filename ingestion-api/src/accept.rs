//! The way of checked events into the log: resolve, append, and only then say so.

use std::sync::Arc;
use std::time::Instant;

use bus::EventLog;
use schema::{ErrorRecord, ErrorType, Event, EventId, LogRecord, Timestamp, UserId};
use service::problem::Problem;

use crate::event::{SentEvent, SentTraits};
use crate::identities::{Identities, Resolution};
use crate::metrics;
use crate::refusal::{Refusal, problem_of_log};

/// An event, or something said of a user, that is durable in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Accepted {
    pub(crate) event_id: EventId,
    pub(crate) user_id: UserId,
}

/// What became of one event.
pub(crate) type Outcome = Result<Accepted, Refusal>;

/// Takes checked events into the log.
#[derive(Clone)]
pub(crate) struct Intake {
    log: Arc<dyn EventLog>,
    identities: Identities,
}

impl Intake {
    pub(crate) fn new(log: Arc<dyn EventLog>, identities: Identities) -> Self {
        Self { log, identities }
    }

    /// Returns what became of each event, in order, after the good ones are durable.
    ///
    /// When the log fails, nothing of the request counts as accepted.
    pub(crate) async fn accept(
        &self,
        events: Vec<Result<SentEvent, Refusal>>,
        received_at: Timestamp,
    ) -> Result<Vec<Outcome>, Problem> {
        if events.iter().any(Result::is_ok) {
            self.check_room()?;
        }
        let identities = events.iter().flatten().map(|event| &event.identity);
        let mut resolutions = self.identities.resolve(identities).await.into_iter();
        let mut draft = Draft { received_at, ..Draft::default() };
        let outcomes: Vec<Outcome> = events
            .into_iter()
            .map(|event| {
                let event = event?;
                draft.take(event, resolutions.next().unwrap_or(Resolution::Failed))
            })
            .collect();
        self.store(draft).await.map_err(|error| problem_of_log(&error))?;
        count_refusals(&outcomes);
        Ok(outcomes)
    }

    /// Returns of whom something was said, after it is durable, or why it was not accepted.
    pub(crate) async fn identify(&self, said: SentTraits, received_at: Timestamp) -> Result<Outcome, Problem> {
        self.check_room()?;
        let mut resolutions = self.identities.resolve(std::iter::once(&said.identity)).await.into_iter();
        let mut draft = Draft { received_at, ..Draft::default() };
        let outcome = draft.take_traits(said, resolutions.next().unwrap_or(Resolution::Failed));
        self.store(draft).await.map_err(|error| problem_of_log(&error))?;
        Ok(outcome)
    }

    /// Users are not made for events that the log would then refuse.
    fn check_room(&self) -> Result<(), Problem> {
        self.log.check_room().map_err(|error| problem_of_log(&error))
    }

    async fn store(&self, draft: Draft) -> Result<(), bus::BusError> {
        if !draft.errors.is_empty() {
            self.log.append_errors(draft.errors).await?;
        }
        if draft.records.is_empty() {
            return Ok(());
        }
        let is_event = |record: &&LogRecord| matches!(record, LogRecord::Event(_));
        let (events, started) = (draft.records.iter().filter(is_event).count(), Instant::now());
        self.log.append(draft.records).await?;
        metrics::appended(started.elapsed());
        metrics::accepted(events, draft.unknown_keys);
        Ok(())
    }
}

fn count_refusals(outcomes: &[Outcome]) {
    for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        metrics::rejected(refusal.reason());
    }
}

/// What one request adds to the topics.
#[derive(Default)]
struct Draft {
    received_at: Timestamp,
    records: Vec<LogRecord>,
    errors: Vec<ErrorRecord>,
    unknown_keys: u64,
}

impl Draft {
    fn take(&mut self, event: SentEvent, resolution: Resolution) -> Outcome {
        if resolution == Resolution::Nobody {
            self.errors.push(unknown_user(&event, self.received_at));
        }
        let user_id = Refusal::unless_user(resolution)?;
        self.unknown_keys += event.unknown_keys;
        let event: Event = event.of_user(user_id, self.received_at);
        let accepted = Accepted { event_id: event.event_id, user_id };
        self.records.push(LogRecord::Event(event));
        Ok(accepted)
    }

    fn take_traits(&mut self, said: SentTraits, resolution: Resolution) -> Outcome {
        if resolution == Resolution::Nobody {
            self.errors.push(nobody_said_of(&said, self.received_at));
        }
        let user_id = Refusal::unless_user(resolution)?;
        let accepted = Accepted { event_id: said.event_id, user_id };
        self.records.push(LogRecord::Traits(said.of_user(user_id, self.received_at)));
        Ok(accepted)
    }
}

/// What the topic `errors` says of an event that nobody's identity sent. The payload is a text, so
/// that its numbers stay as they were sent.
fn unknown_user(event: &SentEvent, received_at: Timestamp) -> ErrorRecord {
    let data = serde_json::json!({
        "code": "unknown_user",
        "id": event.identity.value,
        "id_type": event.identity.kind,
        "event_id": event.event_id,
        "activity_type": event.activity_type,
        "created_at": event.created_at,
        "received_at": received_at,
        "payload": event.payload.as_str(),
    });
    ErrorRecord { error_type: ErrorType::IngestEventError, data }
}

/// Likewise of traits that were said of nobody known.
fn nobody_said_of(said: &SentTraits, received_at: Timestamp) -> ErrorRecord {
    let data = serde_json::json!({
        "code": "unknown_user",
        "id": said.identity.value,
        "id_type": said.identity.kind,
        "event_id": said.event_id,
        "created_at": said.created_at,
        "received_at": received_at,
        "traits": said.traits.as_str(),
    });
    ErrorRecord { error_type: ErrorType::IngestEventError, data }
}
