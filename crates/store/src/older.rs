//! A store that was set back while the others went on: it would give the ids of users again, to other people.
//!
//! What the others have seen of the store comes first, then the store is asked: whatever it gives meanwhile, it knows.
//! `shoal up`, which has all parts to itself, compares more of them (`docs/data-directory.md`).

use schema::{Generation, UserId};

use crate::{Store, StoreError};

/// What the other parts of an installation have seen of its store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The greatest user id that the log or the history names.
    pub user_id: Option<UserId>,
    /// How many users the history knows to be erased.
    pub erased: u64,
    /// The newest definitions by which memberships were decided.
    pub generation: Generation,
}

/// Why a store cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum OlderStore {
    /// It cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It lacks what the others have seen of it.
    #[error(
        "the store is older than what was built on it: {0}. Nothing was started. It was restored from an older copy, or is \
         another installation's: put the store of this log back, or restore all parts from one backup (docs/backup.md); \
         a copy of one part alone cannot be gone on with"
    )]
    Older(String),
}

/// Refuses a store that lacks what was seen of it.
pub async fn refuse_older(store: &dyn Store, seen: Seen) -> Result<(), OlderStore> {
    let given = store.greatest_user_id().await?;
    if let Some(user_id) = seen.user_id.filter(|_| seen.user_id > given) {
        let known = given.map_or("it has no users".to_owned(), |given| format!("its last user is {given}"));
        let why = format!("user {user_id} has events and {known}, so ids would be given again, to other people");
        return Err(OlderStore::Older(why));
    }
    let erased = store.count_erasures().await?;
    if seen.erased > erased {
        let why =
            format!("{} users were erased, of which it knows {erased}, so it has users that are gone", seen.erased);
        return Err(OlderStore::Older(why));
    }
    let generation = store.generation().await?;
    if seen.generation > generation {
        let decided = format!("memberships were decided by generation {} of the definitions", seen.generation.0);
        return Err(OlderStore::Older(format!("{decided} and it is at {}", generation.0)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteStore;
    use crate::{Actor, DefinitionStore as _, SegmentSpec, UserProfile, UserStore as _};

    /// Checks a store with two users, of whom one was erased, and one set of definitions.
    #[track_caller]
    fn check(found: &Result<(), OlderStore>, expected: Option<&str>) {
        let why = found.as_ref().err().map(ToString::to_string);
        assert_eq!(why.is_some(), expected.is_some(), "{why:?}");
        let (why, expected) = (why.unwrap_or_default(), expected.unwrap_or_default());
        assert!(why.contains(expected), "{why}");
    }

    #[tokio::test]
    async fn a_store_that_lacks_what_was_seen_of_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("store.sqlite")).await.unwrap();
        let seen = |user_id, erased, generation| {
            let user_id = (user_id > 0).then_some(UserId(user_id));
            refuse_older(&store, Seen { user_id, erased, generation: Generation(generation) })
        };
        check(&seen(0, 0, 0).await, None);
        check(&seen(1, 0, 0).await, Some("user 1 has events and it has no users"));
        for _ in 0..2 {
            store.create_user(&UserProfile::default()).await.unwrap();
        }
        store.erase_user(UserId(2)).await.unwrap();
        let spec = SegmentSpec {
            tag: schema::SegmentTag::new("buyers").unwrap(),
            title: String::new(),
            description: String::new(),
            where_statement: "region = 'x'".to_owned(),
            is_generic: false,
        };
        store.create_segment(&spec, &Actor::anonymous()).await.unwrap();
        check(&seen(2, 1, 1).await, None);
        check(&seen(1, 0, 0).await, None);
        check(&seen(3, 1, 1).await, Some("user 3 has events and its last user is 2, so ids would be given again"));
        check(&seen(2, 2, 1).await, Some("2 users were erased, of which it knows 1"));
        check(&seen(2, 1, 2).await, Some("generation 2 of the definitions and it is at 1"));
    }
}
