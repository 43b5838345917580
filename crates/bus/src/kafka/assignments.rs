//! Which partitions the group has given to this process, and which of them somebody still works on.
//!
//! A partition that the group takes away is let go when nobody works on it any more, so that a
//! planned handover fences nobody. The group's thread waits here; owners are dropped elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use schema::PartitionId;
use tokio::sync::mpsc;

/// What the group's thread, and owners that end, tell the one who hands out partitions.
#[derive(Debug)]
pub(super) enum Event {
    /// The group gave it to this process.
    Assigned(PartitionId),
    /// The group takes it away.
    Revoked(PartitionId),
    /// The group has shared out its partitions; those that are ours were told of before.
    SharedOut,
    /// Somebody else took it, and the group still says that it is ours.
    Orphaned(PartitionId),
    /// The group cannot be a member of any more.
    Failed(String),
}

/// Which partitions are ours.
pub(super) struct Assignments {
    slots: Mutex<Slots>,
    changed: Condvar,
    events: mpsc::UnboundedSender<Event>,
}

#[derive(Default)]
struct Slots {
    leaving: bool,
    by_partition: HashMap<PartitionId, Slot>,
}

#[derive(Default)]
struct Slot {
    assigned: bool,
    held: usize,
}

impl Assignments {
    /// Unbounded, but each partition has a few events under way at most.
    pub(super) fn new(events: mpsc::UnboundedSender<Event>) -> Arc<Self> {
        Arc::new(Self { slots: Mutex::default(), changed: Condvar::new(), events })
    }

    pub(super) fn assign(&self, partition: PartitionId) {
        self.lock().by_partition.entry(partition).or_default().assigned = true;
        self.tell(Event::Assigned(partition));
    }

    /// Takes partitions away, and waits until nobody works on them, we leave, or time is up.
    pub(super) fn revoke(&self, partitions: &[PartitionId], patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut slots = self.lock();
        for partition in partitions {
            slots.by_partition.entry(*partition).or_default().assigned = false;
            self.tell(Event::Revoked(*partition));
        }
        while !slots.leaving && partitions.iter().any(|partition| slots.is_held(*partition)) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("partitions are still being worked on; who gets them next fences us");
                return;
            }
            slots = self.changed.wait_timeout(slots, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns whether the group has given us nothing.
    pub(super) fn is_empty(&self) -> bool {
        !self.lock().by_partition.values().any(|slot| slot.assigned)
    }

    pub(super) fn is_assigned(&self, partition: PartitionId) -> bool {
        self.lock().by_partition.get(&partition).is_some_and(|slot| slot.assigned)
    }

    /// Says that somebody begins to work on a partition; `None` when it is not ours any more.
    pub(super) fn hold(self: &Arc<Self>, partition: PartitionId) -> Option<Hold> {
        let mut slots = self.lock();
        let slot = slots.by_partition.get_mut(&partition).filter(|slot| slot.assigned)?;
        slot.held += 1;
        Some(Hold { assignments: Arc::clone(self), partition, orphaned: false })
    }

    /// From now on nobody is waited for.
    pub(super) fn leave(&self) {
        self.lock().leaving = true;
        self.changed.notify_all();
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.lock().leaving
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody listens when we leave.
        let _ = self.events.send(event);
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // A panic while it was held left a table that is whole.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn is_held(&self, partition: PartitionId) -> bool {
        self.by_partition.get(&partition).is_some_and(|slot| slot.held > 0)
    }
}

/// Somebody works on a partition for as long as this lives.
pub(super) struct Hold {
    assignments: Arc<Assignments>,
    partition: PartitionId,
    orphaned: bool,
}

impl Hold {
    pub(super) fn partition(&self) -> PartitionId {
        self.partition
    }

    /// Returns whether the group still says that the partition is ours. After we left nobody knows,
    /// and the next owner decides by fencing.
    pub(super) fn may_claim(&self) -> bool {
        let slots = self.assignments.lock();
        slots.leaving || slots.by_partition.get(&self.partition).is_some_and(|slot| slot.assigned)
    }

    /// Says that somebody else has fenced us: the partition is to be claimed again if it is still ours.
    pub(super) fn orphan(&mut self) {
        self.orphaned = true;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(slot) = self.assignments.lock().by_partition.get_mut(&self.partition) {
            slot.held = slot.held.saturating_sub(1);
        }
        self.assignments.changed.notify_all();
        if self.orphaned {
            self.assignments.tell(Event::Orphaned(self.partition));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PartitionId = PartitionId(1);

    #[test]
    fn a_partition_is_let_go_when_its_owner_is_gone() {
        let (events, mut told) = mpsc::unbounded_channel();
        let assignments = Assignments::new(events);
        assert!(assignments.hold(ONE).is_none(), "it is not ours yet");
        assignments.assign(ONE);
        let mut held = assignments.hold(ONE).unwrap();
        held.orphan();
        let revoking = Arc::clone(&assignments);
        let revoked = std::thread::spawn(move || revoking.revoke(&[ONE], Duration::from_secs(20)));
        while assignments.is_assigned(ONE) {
            std::thread::yield_now();
        }
        assert!(!revoked.is_finished(), "somebody works on it");
        assert!(assignments.hold(ONE).is_none(), "nobody begins to");
        drop(held);
        revoked.join().unwrap();
        let told: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).map(|event| format!("{event:?}")).collect();
        assert_eq!(told, ["Assigned(PartitionId(1))", "Revoked(PartitionId(1))", "Orphaned(PartitionId(1))"]);
    }
}
