//! The clients: post, post again what got no answer, and sometimes what had one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use schema::EventId;
use serde_json::{Value, json};
use shoal::Dice;
use shoal::client::{CallError, IngestionClient};
use tokio::sync::watch;

use super::ledger::Ledger;
use crate::now;
use crate::process::Places;

/// How many identities a crash run has.
pub(super) const IDENTITIES: u64 = 60;
const KINDS: [&str; 3] = ["cookie", "email", "device_id"];
const REGIONS: [Option<&str>; 3] = [Some("California"), Some("Texas"), None];
const DEVICES: [&str; 2] = ["mobile", "desktop"];
const BATCH: usize = 8;
const SECOND: i64 = 1_000_000;

/// What a client works with.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) places: watch::Receiver<Option<Places>>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) stop: Arc<AtomicBool>,
    /// How many identities send events.
    pub(super) identities: u64,
}

impl Client {
    /// Posts one event at a time until stopped.
    pub(super) async fn post_singles(mut self, mut dice: Dice) {
        while let Some(ingestion) = self.ingestion().await {
            let body = self.choose(&mut dice);
            let event_id = id_of(&body);
            self.ledger.note(event_id, &body);
            match ingestion.post(&body).await {
                Ok(accepted) => self.ledger.acknowledge(event_id, accepted.user_id),
                Err(error) => self.without_success(&[event_id], &error),
            }
            pause(&mut dice).await;
        }
    }

    /// Posts small batches until stopped.
    pub(super) async fn post_batches(mut self, mut dice: Dice) {
        while let Some(ingestion) = self.ingestion().await {
            let bodies: Vec<Value> = (0..BATCH).map(|_| self.choose(&mut dice)).collect();
            self.post_batch(&ingestion, &bodies).await;
            for _ in 0..BATCH {
                pause(&mut dice).await;
            }
        }
    }

    /// Posts what is still without an answer until everything has one.
    pub(super) async fn settle(mut self) {
        let Some(ingestion) = self.ingestion().await else { return };
        loop {
            let bodies: Vec<Value> = std::iter::from_fn(|| self.ledger.take_open()).take(BATCH).collect();
            if bodies.is_empty() {
                return;
            }
            self.post_batch(&ingestion, &bodies).await;
        }
    }

    /// Posts a batch and notes what became of each event; returns whether there was an answer.
    pub(super) async fn post_batch(&self, ingestion: &IngestionClient, bodies: &[Value]) -> bool {
        let ids: Vec<EventId> = bodies.iter().map(id_of).collect();
        for (event_id, body) in ids.iter().zip(bodies) {
            self.ledger.note(*event_id, body);
        }
        let lines: Vec<String> = bodies.iter().map(ToString::to_string).collect();
        let answer = match ingestion.post_batch(lines.iter().map(String::as_str)).await {
            Ok(answer) => answer,
            Err(error) => {
                self.without_success(&ids, &error);
                return false;
            }
        };
        for (event_id, outcome) in ids.iter().zip(answer.results) {
            match outcome.user_id {
                Some(user_id) if outcome.status < 300 => self.ledger.acknowledge(*event_id, user_id),
                _ if outcome.status >= 500 => self.ledger.leave_open(*event_id),
                _ => self.ledger.complain(format!("a good event was answered {outcome:?}")),
            }
        }
        true
    }

    fn without_success(&self, ids: &[EventId], error: &CallError) {
        if let CallError::Refused { .. } = error {
            self.ledger.complain(format!("a good event was refused: {error}"));
            return;
        }
        for event_id in ids {
            self.ledger.leave_open(*event_id);
        }
    }

    /// Waits for a process to talk to; `None` when stopped.
    pub(super) async fn ingestion(&mut self) -> Option<IngestionClient> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let places = self.places.wait_for(Option::is_some).await.ok()?.clone()?;
        Some(IngestionClient::new(self.http.clone(), &places.ingestion))
    }

    /// Makes an event, or takes one that was sent before.
    pub(super) fn choose(&self, dice: &mut Dice) -> Value {
        let roll = dice.below(100);
        let again = match roll {
            0..20 => self.ledger.take_open(),
            20..28 => self.ledger.acknowledged_at(dice.uuid().as_u128()),
            _ => None,
        };
        again.unwrap_or_else(|| new_event(dice, self.identities))
    }
}

fn id_of(body: &Value) -> EventId {
    let text = body["event_id"].as_str().unwrap_or_default();
    EventId(uuid::Uuid::parse_str(text).unwrap_or_default())
}

/// Mostly of now, some late by seconds or hours, some a little in the future.
fn new_event(dice: &mut Dice, identities: u64) -> Value {
    let identity = dice.below(identities);
    let kind = KINDS[(identity % 3) as usize];
    let delay = match dice.below(10) {
        0..6 => 0,
        6..8 => dice.below(8) as i64 * SECOND / 2,
        8 => dice.below(100) as i64 * 3_600 * SECOND,
        _ => -(dice.below(3_000) as i64 * SECOND / 1_000),
    };
    let payload = match dice.below(6) {
        0 => {
            json!({"activity_type": "product_purchased", "order_total": format!("{}.{:02}", dice.below(40), dice.below(100)),
                    "order_id": dice.uuid()})
        }
        1 => json!({"activity_type": "added_to_cart"}),
        _ => json!({"activity_type": "page_viewed", "url": format!("https://shop.example/{}", dice.below(9))}),
    };
    json!({
        "event_id": dice.uuid(), "id": format!("visitor-{identity}"), "id_type": kind,
        "region": dice.pick(&REGIONS), "device_type": dice.pick(&DEVICES),
        "created_at": now().plus_micros(-delay).to_string(), "payload": payload,
    })
}

async fn pause(dice: &mut Dice) {
    tokio::time::sleep(Duration::from_millis(2 + dice.below(30))).await;
}
