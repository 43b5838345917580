//! What is left of a catalog's rules for users with the same latest values.
//!
//! Most rules ask for one latest region, country or device. For a user of another one, such a rule is
//! decided, and its conditions need not be watched: neither their windows nor their deadlines. So the
//! rules are evaluated partially, once per combination of latest values that occurs.

use std::num::NonZeroU16;

use rustc_hash::FxHashMap;

use super::condition::{Condition, SeriesCondition};
use super::formula::Bit;
use super::freeze::Catalog;
use crate::bits;

/// The most profiles that are worked out. Users with other combinations watch everything.
const MAX_PROFILES: usize = 4096;

/// A profile's place among those of its catalog, counted from one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ProfileIndex(NonZeroU16);

const _: () = assert!(MAX_PROFILES + 1 < u16::MAX as usize, "the places of all profiles have a number");

impl ProfileIndex {
    const EVERYTHING: Self = Self(NonZeroU16::MIN);

    const fn of_place(place: usize) -> Self {
        Self(NonZeroU16::MIN.saturating_add(place as u16))
    }

    const fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The conditions and rules that are open.
#[derive(Debug)]
pub(crate) struct Profile {
    /// By bit: whether the condition is watched.
    pub(crate) conditions: Box<[u64]>,
    /// By rule: whether it is not sure to fail.
    pub(crate) rules: Box<[u64]>,
}

/// The profiles that occurred so far, of one catalog.
#[derive(Debug)]
pub(crate) struct Profiles {
    known: FxHashMap<Box<[u64]>, ProfileIndex>,
    /// The first one is that of all users for which none was worked out.
    all: Vec<Profile>,
}

impl Profiles {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        Self { known: FxHashMap::default(), all: vec![Profile::everything(catalog)] }
    }

    /// Returns a profile; of none, that of everything.
    pub(crate) fn get(&self, index: Option<ProfileIndex>) -> &Profile {
        &self.all[index.unwrap_or(ProfileIndex::EVERYTHING).place()]
    }

    /// Returns the profile of a user of whose conditions these are set.
    pub(crate) fn index_of(&mut self, catalog: &Catalog, set: &[u64]) -> ProfileIndex {
        let mut of_profile = [0; KEY_WORDS];
        let Some(key) = key(catalog, set, &mut of_profile) else { return ProfileIndex::EVERYTHING };
        if let Some(known) = self.known.get(key) {
            return *known;
        }
        if self.all.len() > MAX_PROFILES {
            return ProfileIndex::EVERYTHING;
        }
        let index = ProfileIndex::of_place(self.all.len());
        self.all.push(Profile::of(catalog, key));
        self.known.insert(key.into(), index);
        index
    }
}

/// How many words of conditions a profile is told apart by. Catalogs with more have no profiles.
const KEY_WORDS: usize = 16;

/// Returns the conditions that make the profile, the others cut off.
fn key<'a>(catalog: &Catalog, set: &[u64], key: &'a mut [u64; KEY_WORDS]) -> Option<&'a [u64]> {
    let count = catalog.profile_conditions() as usize;
    let words = bits::words(count);
    let key = key.get_mut(..words)?;
    key.copy_from_slice(&set[..words]);
    if !count.is_multiple_of(bits::PER_WORD)
        && let Some(last) = key.last_mut()
    {
        *last &= (1 << (count % bits::PER_WORD)) - 1;
    }
    Some(key)
}

impl Profile {
    fn everything(catalog: &Catalog) -> Self {
        Self { conditions: bits::all(catalog.condition_count()), rules: bits::all(catalog.rules().len()) }
    }

    fn of(catalog: &Catalog, set: &[u64]) -> Self {
        let known = |bit: Bit| (bit < catalog.profile_conditions()).then(|| bits::is_set(set, bit));
        let mut conditions = bits::none(catalog.condition_count());
        let mut rules = bits::none(catalog.rules().len());
        for (index, rule) in (0..).zip(catalog.rules()) {
            if rule.formula.decided(&known) != Some(false) {
                bits::set(&mut rules, index);
            }
            rule.formula.for_each_open(&known, &mut |bit| bits::set(&mut conditions, bit));
        }
        // Only the conditions of windows, and those on two series, cost anything by themselves.
        for (bit, condition) in (0..).zip(&catalog.conditions) {
            let is_costly = matches!(
                condition,
                Condition::OfSeries(_, SeriesCondition::Recent { .. } | SeriesCondition::Total { .. })
                    | Condition::Order(_)
            );
            if !is_costly {
                bits::set(&mut conditions, bit);
            }
        }
        Self { conditions, rules }
    }
}
