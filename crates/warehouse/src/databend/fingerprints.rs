//! What is remembered of the event ids of the last day: eight bytes of each.
//!
//! A fingerprint that is here says "perhaps counted before", and where in the log; one that is not says "never". So
//! most events need no question, and those that do need one about an hour of the log (see `settling`). Senders choose
//! event ids, so the hash has a key of this process: nobody can choose ids that collide.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher as _;
use std::ops::RangeInclusive;

use schema::{DUPLICATE_WINDOW_MICROS, EventId, Offset, Timestamp, UserId, is_duplicate_of};

/// How much log time a bucket covers; it is forgotten as a whole.
const PERIOD_MICROS: i64 = DUPLICATE_WINDOW_MICROS / 24;
/// So many of a bucket wait unsorted at least, so that sorting pays.
const FEWEST_TO_SORT: usize = 4_096;
/// Likewise, of those that are sorted: an eighth.
const UNSORTED_SHARE: usize = 8;

/// Makes fingerprints that nobody outside this process can foresee; cheap to clone.
#[derive(Clone)]
pub(super) struct Secret {
    keys: RandomState,
    /// All bits, but in tests of collisions.
    mask: u64,
}

impl Secret {
    /// Draws new keys.
    pub(super) fn new() -> Self {
        Self { keys: RandomState::new(), mask: u64::MAX }
    }

    /// Likewise, with fingerprints that collide: of so few bits.
    #[cfg(test)]
    pub(super) fn of_bits(bits: u32) -> Self {
        Self { mask: !(u64::MAX << bits), ..Self::new() }
    }

    /// Returns the fingerprint of an event's id.
    pub(super) fn fingerprint(&self, user_id: UserId, event_id: EventId) -> u64 {
        self.keys.hash_one((user_id, event_id)) & self.mask
    }
}

/// The fingerprints of what was counted in a partition, by the hour of log time in which it was.
#[derive(Default)]
pub(super) struct Fingerprints(BTreeMap<i64, Bucket>);

struct Bucket {
    /// Ascending.
    sorted: Vec<u64>,
    /// Those that came since.
    unsorted: HashSet<u64>,
    /// When the last of them was counted.
    latest: Timestamp,
    /// Where they lie in the log.
    offsets: RangeInclusive<Offset>,
}

impl Fingerprints {
    /// Takes in an event that was counted; in any order, also again.
    pub(super) fn remember(&mut self, fingerprint: u64, counted_at: Timestamp, offset: Offset) {
        let period = counted_at.as_micros().div_euclid(PERIOD_MICROS);
        let bucket = self.0.entry(period).or_insert_with(|| Bucket::at(counted_at, offset));
        bucket.latest = bucket.latest.max(counted_at);
        bucket.offsets = offset.min(*bucket.offsets.start())..=offset.max(*bucket.offsets.end());
        bucket.unsorted.insert(fingerprint);
        if bucket.unsorted.len() > FEWEST_TO_SORT.max(bucket.sorted.len() / UNSORTED_SHARE) {
            bucket.sort();
        }
    }

    /// Forgets the buckets of which nothing can be repeated any more at `log_time`, and packs those that are full.
    pub(super) fn forget(&mut self, log_time: Timestamp) {
        self.0.retain(|_, bucket| is_duplicate_of(bucket.latest, log_time));
        let full = self.0.len().saturating_sub(1);
        self.0.values_mut().take(full).for_each(Bucket::sort);
    }

    /// Returns in which stretches of the log an event may lie that has this fingerprint.
    pub(super) fn find(&self, fingerprint: u64) -> impl Iterator<Item = RangeInclusive<Offset>> {
        let found = self.0.values().filter(move |bucket| bucket.has(fingerprint));
        found.map(|bucket| bucket.offsets.clone())
    }

    /// Returns how many there are, those that came again perhaps twice.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(|bucket| bucket.sorted.len() + bucket.unsorted.len()).sum()
    }
}

impl Bucket {
    fn at(latest: Timestamp, offset: Offset) -> Self {
        let (sorted, unsorted) = Default::default();
        Self { sorted, unsorted, latest, offsets: offset..=offset }
    }

    fn sort(&mut self) {
        if self.unsorted.is_empty() {
            return;
        }
        let unsorted = std::mem::take(&mut self.unsorted);
        // What Vec adds of its own accord would double it.
        self.sorted.reserve_exact(unsorted.len());
        self.sorted.extend(unsorted);
        self.sorted.sort_unstable();
        self.sorted.dedup();
    }

    fn has(&self, fingerprint: u64) -> bool {
        self.unsorted.contains(&fingerprint) || near(&self.sorted, fingerprint).binary_search(&fingerprint).is_ok()
    }
}

/// Returns the part of sorted fingerprints in which this one lies if it is there: they are spread evenly, so it is known
/// about where. Where they are not it is all of them.
fn near(sorted: &[u64], fingerprint: u64) -> &[u64] {
    let guess = (u128::from(fingerprint) * sorted.len() as u128) >> u64::BITS;
    let (guess, reach) = (guess as usize, 2 * sorted.len().isqrt());
    let part = &sorted[guess.saturating_sub(reach)..(guess + reach).min(sorted.len())];
    match (part.first(), part.last()) {
        (Some(first), Some(last)) if (*first..=*last).contains(&fingerprint) => part,
        _ => sorted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = DUPLICATE_WINDOW_MICROS;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000 + micros)
    }

    fn id(number: u128) -> (UserId, EventId) {
        (UserId(number as i64 % 7), EventId(uuid::Uuid::from_u128(number)))
    }

    #[test]
    fn every_fingerprint_is_found_where_it_was_counted_and_none_where_it_was_not() {
        for bits in [3, 17, 64] {
            let secret = if bits == 64 { Secret::new() } else { Secret::of_bits(bits) };
            let mut counted = Fingerprints::default();
            let fingerprint = |number| secret.fingerprint(id(number).0, id(number).1);
            for number in 0..60_000 {
                counted.remember(fingerprint(number), at(number as i64 * HOUR / 5_000), number as Offset);
            }
            counted.forget(at(12 * HOUR));
            for number in 0..60_000 {
                let offset = number as Offset;
                let found = counted.find(fingerprint(number)).any(|offsets| offsets.contains(&offset));
                assert!(found, "{number} of {bits} bits");
            }
            let strangers = (60_000..70_000).filter(|number| counted.find(fingerprint(*number)).next().is_some());
            assert_eq!(strangers.count() > 0, bits < 64, "{bits} bits");
        }
    }

    #[test]
    fn a_bucket_is_forgotten_when_its_last_microsecond_is() {
        let mut counted = Fingerprints::default();
        counted.remember(1, at(0), 0);
        counted.remember(2, at(1), 1);
        counted.forget(at(1 + DAY));
        assert_eq!(counted.find(1).collect::<Vec<_>>(), [0..=1], "perhaps");
        counted.forget(at(2 + DAY));
        assert_eq!((counted.find(2).count(), counted.len()), (0, 0));
    }

    #[test]
    fn what_is_remembered_again_takes_no_more_room() {
        let mut counted = Fingerprints::default();
        for offset in (0..5_000).chain(0..5_000) {
            counted.remember(offset, at(0), offset);
        }
        counted.remember(9_999, at(2 * HOUR), 5_000);
        counted.forget(at(2 * HOUR));
        assert_eq!(counted.len(), 5_001);
    }

    #[test]
    fn an_id_takes_nine_bytes_at_most_where_there_are_many() {
        let (secret, mut counted) = (Secret::new(), Fingerprints::default());
        for number in 0..480_000 {
            let (user_id, event_id) = id(number);
            counted.remember(
                secret.fingerprint(user_id, event_id),
                at(number as i64 * HOUR / 20_000),
                number as Offset,
            );
        }
        counted.forget(at(DAY));
        let packed = counted.0.values().map(|bucket| bucket.sorted.capacity() * 8 + bucket.unsorted.capacity() * 18);
        let bytes: usize = packed.sum();
        println!("{} bytes for {} ids", bytes, counted.len());
        assert!(bytes <= counted.len() * 9, "{bytes} bytes for {} ids", counted.len());
    }
}
