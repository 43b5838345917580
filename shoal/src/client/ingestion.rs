//! Posting events.

use serde::{Deserialize, Serialize};

use super::call::{CallError, read_answer, send};

/// The answer to a single event.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Accepted {
    /// The event's id: the one sent, or a new one.
    pub event_id: schema::EventId,
    /// The user it was taken for.
    pub user_id: schema::UserId,
}

/// A client of the ingestion-api.
#[derive(Clone, Debug)]
pub struct IngestionClient {
    http: reqwest::Client,
    url: String,
}

impl IngestionClient {
    /// Talks to the ingestion-api at `url`.
    pub fn new(http: reqwest::Client, url: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Posts one event. When it returns `Ok`, the event is durable.
    pub async fn post(&self, event: &serde_json::Value) -> Result<Accepted, CallError> {
        let request = self.http.post(format!("{}/api/v1/events", self.url)).json(event);
        read_answer(&send(request).await?)
    }

    /// Posts lines of JSON to the batch endpoint; each has its own outcome.
    pub async fn post_batch<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Result<BatchAnswer, CallError> {
        let mut ndjson = String::new();
        let mut length = 0;
        for line in lines {
            ndjson.extend([line, "\n"]);
            length += 1;
        }
        let request = self
            .http
            .post(format!("{}/api/v1/events/batch", self.url))
            .header("content-type", "application/x-ndjson")
            .body(ndjson);
        BatchAnswer::of(send(request).await.and_then(|body| read_answer(&body)), length)
    }
}

/// The answer to a batch of which at least one event was accepted: one outcome per line, in order.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct BatchAnswer {
    /// In the order of the lines.
    pub results: Vec<ItemOutcome>,
}

/// What became of one line of a batch.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct ItemOutcome {
    /// 202, or what the event alone would have been answered.
    pub status: u16,
    /// Its id, when it was accepted.
    #[serde(default)]
    pub event_id: Option<schema::EventId>,
    /// Its user, when it was accepted.
    #[serde(default)]
    pub user_id: Option<schema::UserId>,
    /// The code of its first fault, when it was refused.
    #[serde(default)]
    pub code: Option<String>,
    /// Each of its faults, when it was refused.
    #[serde(default)]
    pub errors: Vec<ItemFault>,
}

/// One fault of a refused event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ItemFault {
    /// What kind of fault: a stable label.
    pub code: String,
    /// The fault in a sentence.
    pub detail: String,
    /// Which field it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The code of the problem that stands for a batch without an accepted event.
const NONE_ACCEPTED: &str = "no_event_accepted";

impl BatchAnswer {
    /// Returns the answer to a batch of `length` lines, also when none was accepted: that comes as a
    /// problem whose faults name the lines by position, such as `[3].payload.order_total`.
    pub fn of(outcome: Result<Self, CallError>, length: usize) -> Result<Self, CallError> {
        let error = match outcome {
            Err(error @ CallError::Refused { .. }) => error,
            other => return other,
        };
        let CallError::Refused { status, body } = &error else { return Err(error) };
        // A batch of one is answered with the code of its only fault.
        let faults = serde_json::from_str::<Faults>(body).map(|problem| problem.errors).unwrap_or_default();
        if error.code().as_deref() != Some(NONE_ACCEPTED) && !faults.iter().any(|fault| line_of(fault).is_some()) {
            return Err(error);
        }
        let mut results = vec![ItemOutcome::refused(*status); length];
        for fault in faults {
            let Some((at, field)) = line_of(&fault) else { continue };
            if let Some(outcome) = results.get_mut(at) {
                outcome.code.get_or_insert_with(|| fault.code.clone());
                outcome.errors.push(ItemFault { field, ..fault });
            }
        }
        Ok(Self { results })
    }
}

impl ItemOutcome {
    const fn refused(status: u16) -> Self {
        Self { status, event_id: None, user_id: None, code: None, errors: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Faults {
    #[serde(default)]
    errors: Vec<ItemFault>,
}

/// Takes `[3].payload.order_total` apart.
fn line_of(fault: &ItemFault) -> Option<(usize, Option<String>)> {
    let (number, field) = fault.field.as_deref()?.strip_prefix('[')?.split_once(']')?;
    let field = field.strip_prefix('.').filter(|field| !field.is_empty()).map(str::to_owned);
    Some((number.parse().ok()?, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Result<BatchAnswer, CallError> {
        BatchAnswer::of(Err(CallError::Refused { status: 400, body: body.to_owned() }), 2)
    }

    #[test]
    fn a_batch_without_a_good_event_says_what_is_wrong_with_each() {
        let body = r#"{"code":"no_event_accepted","errors":[
            {"code":"missing_id","detail":"is missing","field":"[0].id"},
            {"code":"malformed_json","detail":"is not JSON","field":"[1]"}]}"#;
        let results = refused(body).unwrap().results;
        assert_eq!(results[0].code.as_deref(), Some("missing_id"));
        assert_eq!(results[0].errors[0].field.as_deref(), Some("id"));
        assert_eq!((results[1].code.as_deref(), results[1].status), (Some("malformed_json"), 400));
    }

    #[test]
    fn a_refusal_of_the_batch_itself_stays_one() {
        assert!(refused(r#"{"code":"too_many_events","errors":[]}"#).is_err());
        assert!(refused("<html>").is_err());
    }
}
