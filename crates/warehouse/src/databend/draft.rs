//! What a batch does to the history, decided record by record in the order of the log.

use std::collections::{BTreeMap, HashSet};

use schema::{Event, LogPosition, LogRecord, Offset, PartitionId, StandingTraits, UserDeletion, UserId, UserTraits};

use super::known::Known;
use super::records::{DeletionRow, EventRow, TraitRow};
use super::{Databend, DatabendError, cells};
use crate::counting::Counting;
use crate::{WarehouseError, WriteBatch};

/// How many users one question names.
const USERS_AT_ONCE: usize = 1_000;

/// The rows of a batch, and the position that moves behind them.
pub(super) struct Draft {
    pub(super) partition: PartitionId,
    pub(super) from: Offset,
    pub(super) next: Offset,
    pub(super) log_time: schema::Timestamp,
    pub(super) events: Vec<EventRow>,
    pub(super) traits: Vec<TraitRow>,
    pub(super) deletions: Vec<DeletionRow>,
}

/// Decides what each record of a batch does.
///
/// `counting` knows which of its events were counted before, `standing` what stood before it of the users of whom it
/// says something, as [`standing_before`] tells.
pub(super) fn draft(
    known: &Known,
    counting: Counting,
    batch: WriteBatch,
    standing: BTreeMap<UserId, StandingTraits>,
) -> Result<Draft, WarehouseError> {
    let WriteBatch { partition, from, next, records } = batch;
    if !records.iter().map(|(offset, _)| *offset).is_sorted_by(|left, right| left < right)
        || !records.iter().all(|(offset, _)| (from..next).contains(offset))
    {
        return Err(WarehouseError::Damaged(format!(
            "a batch of {from}..{next} whose records are not in there in order"
        )));
    }
    let (events, traits, deleted) = Default::default();
    let mut drafting = Drafting { partition, known, counting, standing, events, traits, deleted };
    for (offset, record) in records {
        drafting.take(offset, record);
    }
    Ok(drafting.finish(from, next))
}

/// Reads what stands of the users of whom a batch says something.
pub(super) async fn standing_before(
    databend: &Databend,
    batch: &WriteBatch,
) -> Result<BTreeMap<UserId, StandingTraits>, DatabendError> {
    let users: HashSet<UserId> = batch
        .records
        .iter()
        .filter_map(|(_, record)| match record {
            LogRecord::Traits(said) => Some(said.user_id),
            _ => None,
        })
        .collect();
    let (users, mut standing) = (users.into_iter().collect::<Vec<_>>(), BTreeMap::new());
    for some in users.chunks(USERS_AT_ONCE) {
        let ids = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let latest = format!(
            "SELECT user_id, arg_max(standing, log_offset) FROM trait_rows
             WHERE log_partition = {} AND log_offset < {} AND user_id IN ({ids}) GROUP BY user_id",
            batch.partition, batch.from
        );
        for row in databend.query(&latest).await?.rows {
            standing.insert(UserId(cells::value(&row, 0)?), standing_of(cells::text(&row, 1)?)?);
        }
    }
    Ok(standing)
}

/// Reads the column `standing`.
pub(super) fn standing_of(text: &str) -> Result<StandingTraits, DatabendError> {
    serde_json::from_str(text).map_err(|error| DatabendError::Unexpected(format!("a user's traits: {error}")))
}

struct Drafting<'a> {
    partition: PartitionId,
    known: &'a Known,
    counting: Counting,
    standing: BTreeMap<UserId, StandingTraits>,
    events: Vec<EventRow>,
    /// Where it was said last, per user.
    traits: BTreeMap<UserId, Offset>,
    deleted: BTreeMap<UserId, Offset>,
}

impl Drafting<'_> {
    fn take(&mut self, offset: Offset, record: LogRecord) {
        self.counting.pass(record.received_at());
        match record {
            LogRecord::Event(event) => self.take_event(offset, event),
            LogRecord::Traits(said) => self.take_traits(offset, &said),
            LogRecord::Deletion(deletion) => self.take_deletion(offset, &deletion),
        }
    }

    fn take_event(&mut self, offset: Offset, event: Event) {
        if self.is_deleted(event.user_id) || !self.counting.counts(&event) {
            return;
        }
        let at = LogPosition { partition: self.partition, offset };
        self.events.push(EventRow { at, counted_at: self.counting.log_time(), event });
    }

    fn take_traits(&mut self, offset: Offset, said: &UserTraits) {
        if self.is_deleted(said.user_id) {
            return;
        }
        if self.standing.entry(said.user_id).or_default().fold(said) {
            self.traits.insert(said.user_id, offset);
        }
    }

    fn take_deletion(&mut self, offset: Offset, deletion: &UserDeletion) {
        if !self.is_deleted(deletion.user_id) {
            self.deleted.insert(deletion.user_id, offset);
        }
    }

    fn is_deleted(&self, user_id: UserId) -> bool {
        self.known.deleted.contains(&user_id) || self.deleted.contains_key(&user_id)
    }

    fn finish(mut self, from: Offset, next: Offset) -> Draft {
        let Self { partition, deleted, .. } = self;
        self.events.retain(|row| !deleted.contains_key(&row.event.user_id));
        let at = |offset| LogPosition { partition, offset };
        let mut standing = self.standing;
        let traits = self.traits.into_iter().filter(|(user_id, _)| !deleted.contains_key(user_id));
        let traits = traits.filter_map(|(user_id, offset)| {
            Some(TraitRow { at: at(offset), user_id, standing: standing.remove(&user_id)? })
        });
        let deletions = deleted.iter().map(|(user_id, offset)| DeletionRow { at: at(*offset), user_id: *user_id });
        Draft {
            partition,
            from,
            next,
            log_time: self.counting.log_time(),
            events: self.events,
            traits: traits.collect(),
            deletions: deletions.collect(),
        }
    }
}
