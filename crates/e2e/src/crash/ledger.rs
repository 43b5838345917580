//! What the clients sent and what they were told: the one thing that a crash must not contradict.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{EventId, UserId};
use serde_json::Value;

/// One event that some client sent at least once.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The body, `event_id` included.
    pub(super) body: Value,
    /// The user of the 202, if there was one.
    pub(super) acknowledged: Option<UserId>,
}

#[derive(Debug, Default)]
struct Pages {
    sent: BTreeMap<EventId, Sent>,
    /// Sent without an answer: nobody knows whether they are stored.
    open: VecDeque<EventId>,
    acknowledged: usize,
    users: BTreeMap<String, UserId>,
    complaints: Vec<String>,
}

/// Shared by all clients.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pages: Mutex<Pages>,
}

impl Ledger {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an event before it is sent.
    pub(super) fn note(&self, event_id: EventId, body: &Value) {
        self.pages().sent.entry(event_id).or_insert_with(|| Sent { body: body.clone(), acknowledged: None });
    }

    /// Notes a 202.
    pub(super) fn acknowledge(&self, event_id: EventId, user_id: UserId) {
        let mut pages = self.pages();
        let Some(sent) = pages.sent.get_mut(&event_id) else { return };
        let is_first = sent.acknowledged.replace(user_id).is_none();
        let identity = format!("{}:{}", sent.body["id_type"], sent.body["id"]);
        pages.acknowledged += usize::from(is_first);
        let known = *pages.users.entry(identity.clone()).or_insert(user_id);
        if known != user_id {
            pages.complaints.push(format!("{identity} was user {known} and is now user {user_id}"));
        }
    }

    /// Notes that no answer came.
    pub(super) fn leave_open(&self, event_id: EventId) {
        self.pages().open.push_back(event_id);
    }

    /// Notes what must never happen, such as a 4xx for a good event.
    pub(super) fn complain(&self, complaint: String) {
        self.pages().complaints.push(complaint);
    }

    /// Returns an event without an answer, to be sent again.
    pub(super) fn take_open(&self) -> Option<Value> {
        let mut pages = self.pages();
        let event_id = pages.open.pop_front()?;
        pages.sent.get(&event_id).map(|sent| sent.body.clone())
    }

    /// Returns some acknowledged event, to be sent once more on purpose; `at` picks it.
    pub(super) fn acknowledged_at(&self, at: u128) -> Option<Value> {
        let pages = self.pages();
        let from = EventId(uuid::Uuid::from_u128(at));
        let (_, sent) = pages.sent.range(from..).find(|(_, sent)| sent.acknowledged.is_some())?;
        Some(sent.body.clone())
    }

    /// Returns everything that was sent.
    pub(super) fn sent(&self) -> BTreeMap<EventId, Sent> {
        self.pages().sent.clone()
    }

    /// Returns how many events were acknowledged.
    #[cfg(feature = "distributed")]
    pub(super) fn acknowledged(&self) -> usize {
        self.pages().acknowledged
    }

    /// Returns every user of whom an event was acknowledged.
    pub(super) fn users(&self) -> Vec<UserId> {
        let users: BTreeSet<UserId> = self.pages().users.values().copied().collect();
        users.into_iter().collect()
    }

    /// Returns what must never have happened.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.pages().complaints.clone()
    }
}
