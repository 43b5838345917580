//! What may be forgotten: records older than the retention that everyone who needs them has passed.
//!
//! Events wait for two readers, whatever their age: the segmenter's last commit and the warehouse
//! writer. Work is done in slices between groups, so that a backlog does not hold up those who write.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use schema::{Offset, PartitionId, Timestamp, Topic};

use super::failure::from_fjall;
use super::keys::record_key;
use super::options::EmbeddedLogOptions;
use super::shared::Shared;
use super::stored::time_of;
use crate::BusError;

/// Records removed by one write: about a millisecond of the writing thread.
const SLICE_RECORDS: Offset = 1_024;

/// What is kept by age; `segment-memberships` keeps the latest of each user for good.
const TRIMMED_TOPICS: [Topic; 4] = [Topic::Events, Topic::SegmentChanges, Topic::Errors, Topic::DeadLetters];

/// Records of a lane that may go: from where it begins up to `begin`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Trim {
    pub(super) topic: Topic,
    pub(super) partition: PartitionId,
    pub(super) begin: Offset,
}

/// Goes through all lanes once per interval.
pub(super) struct Retention {
    keep: Duration,
    interval: Duration,
    due: Instant,
    /// How many lanes of this pass are done.
    done: usize,
}

impl Retention {
    pub(super) fn new(options: &EmbeddedLogOptions) -> Self {
        let EmbeddedLogOptions { retention: keep, trim_interval: interval, .. } = *options;
        Self { keep, interval, due: Instant::now() + interval, done: 0 }
    }

    /// Returns how long nothing needs to be looked at.
    pub(super) fn until_due(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    /// Returns the next slice of a pass that is due, `None` when there is nothing to do until the next pass.
    pub(super) fn next(&mut self, shared: &Shared, now: Timestamp) -> Result<Option<Trim>, BusError> {
        if !self.until_due().is_zero() {
            return Ok(None);
        }
        if shared.trim_holds().load(Ordering::Acquire) > 0 {
            // The pass goes on where it is when it is due again.
            self.due = Instant::now() + self.interval;
            return Ok(None);
        }
        let cutoff = now.plus_micros(-i64::try_from(self.keep.as_micros()).unwrap_or(i64::MAX));
        while let Some((topic, partition)) = lane_at(self.done, shared.partitions) {
            match expired(shared, topic, partition, cutoff) {
                Ok(Some(begin)) => return Ok(Some(Trim { topic, partition, begin })),
                Ok(None) => self.done += 1,
                Err(error) => {
                    // One lane that cannot be read does not keep the others.
                    self.done += 1;
                    return Err(error);
                }
            }
        }
        self.done = 0;
        self.due = Instant::now() + self.interval;
        Ok(None)
    }
}

fn lane_at(number: usize, partitions: u16) -> Option<(Topic, PartitionId)> {
    let topic = TRIMMED_TOPICS.get(number / usize::from(partitions))?;
    Some((*topic, PartitionId(u16::try_from(number % usize::from(partitions)).ok()?)))
}

/// Returns where a lane may begin after the next slice, `None` when nothing may go.
fn expired(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    cutoff: Timestamp,
) -> Result<Option<Offset>, BusError> {
    let lane = shared.lane(topic, partition)?;
    let needed = if topic == Topic::Events { needed_from(shared, partition)? } else { Offset::MAX };
    // Times in a lane ascend, but for the milliseconds of a race: so the first young one is searched for.
    let (mut old, mut young) = (lane.begin(), lane.end().min(needed).min(lane.begin() + SLICE_RECORDS));
    while old < young {
        let middle = old + (young - old) / 2;
        if is_older(shared, topic, partition, middle, cutoff)? {
            old = middle + 1;
        } else {
            young = middle;
        }
    }
    Ok((old > lane.begin()).then_some(old))
}

/// Returns the first event that the segmenter or the warehouse writer still needs.
fn needed_from(shared: &Shared, partition: PartitionId) -> Result<Offset, BusError> {
    let committed = shared.keyspaces.position(partition)?.next_offset;
    Ok(committed.min(shared.writer_floor(partition)?.load(Ordering::Acquire)))
}

fn is_older(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    offset: Offset,
    cutoff: Timestamp,
) -> Result<bool, BusError> {
    let stored = shared.keyspaces.topic(topic).get(record_key(partition, offset)).map_err(from_fjall)?;
    let stored =
        stored.ok_or_else(|| BusError::Damaged(format!("record {offset} of {} is missing", topic.as_str())))?;
    Ok(time_of(offset, &stored)? < cutoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_looks_at_every_lane_that_is_kept_by_age() {
        let lanes: Vec<_> = (0..).map_while(|number| lane_at(number, 3)).collect();
        assert_eq!(lanes.len(), 12);
        assert_eq!(lanes[0], (Topic::Events, PartitionId(0)));
        assert_eq!(lanes[11], (Topic::DeadLetters, PartitionId(2)));
    }
}
