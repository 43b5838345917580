//! What holds when two processes, or many requests of one, want the same at the same time.
//!
//! Each case is given two stores on the same place, as two processes have them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schema::{
    Cause, Generation, Identity, IdentityKind, PartitionId, SegmentChange, SegmentId, SegmentTag, SegmentVersion,
    Timestamp, UserId,
};
use tokio::task::JoinSet;

use crate::{
    Actor, ConflictField, FLOW_INTERVAL_MICROS, ProjectionBatch, Segment, SegmentSpec, Store, StoreError, UserProfile,
};

/// Two stores on the same place.
pub type Pair = [Arc<dyn Store>; 2];

/// How many do the same at the same time.
const RIVALS: usize = 8;

fn spec(tag: &str, where_statement: &str) -> SegmentSpec {
    let Some(tag) = SegmentTag::new(tag) else { panic!("`{tag}` is no tag") };
    let (title, description) = (String::new(), String::new());
    SegmentSpec { tag, title, description, where_statement: where_statement.to_owned(), is_generic: false }
}

/// Runs `work` as often as there are rivals, on both stores in turn, and returns what each got.
async fn all_at_once<T, F>(stores: &Pair, work: impl Fn(usize, Arc<dyn Store>) -> F) -> Vec<Result<T, StoreError>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for rival in 0..RIVALS {
        let store = stores[rival % stores.len()].clone();
        tasks.spawn(work(rival, store));
    }
    tasks.join_all().await
}

#[track_caller]
fn check_one_wins<T: std::fmt::Debug>(outcomes: &[Result<T, StoreError>], field: ConflictField) {
    let lost = |outcome: &&Result<T, StoreError>| matches!(outcome, Err(StoreError::Conflict(on)) if *on == field);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(lost).count(), RIVALS - 1, "{outcomes:?}");
}

/// Overlapping batches in opposite orders: everybody gets the same user for the same identity, and
/// there are no more users than identities.
pub async fn an_identity_makes_one_user_whoever_asks(stores: &Pair) -> Result<(), StoreError> {
    const IDENTITIES: usize = 400;
    const ROUNDS: usize = 3;
    let kinds = [IdentityKind::Cookie, IdentityKind::ClientRefId, IdentityKind::Email];
    for round in 0..ROUNDS {
        let identity =
            move |number: usize| Identity { kind: kinds[number % kinds.len()], value: format!("{round}-{number}") };
        // Each asks for three quarters, beginning elsewhere; every other one backwards.
        let outcomes = all_at_once(stores, |rival, store| async move {
            let numbers = (0..IDENTITIES * 3 / 4).map(|step| (rival * 50 + step) % IDENTITIES);
            let mut asked: Vec<_> = numbers.map(identity).collect();
            if rival % 2 == 1 {
                asked.reverse();
            }
            let users = store.resolve_identities(&asked, true).await?;
            Ok(asked.into_iter().zip(users).collect::<Vec<_>>())
        });
        let mut known: BTreeMap<Identity, UserId> = BTreeMap::new();
        for outcome in outcomes.await {
            for (identity, user_id) in outcome? {
                let Some(user_id) = user_id else { panic!("{identity:?} was not made") };
                assert_eq!(*known.entry(identity.clone()).or_insert(user_id), user_id, "{identity:?}");
            }
        }
        let users: BTreeSet<UserId> = known.values().copied().collect();
        assert_eq!((known.len(), users.len()), (IDENTITIES, IDENTITIES), "each identity is a user of its own");
        let all = stores[0].users(None, 10_000).await?;
        assert_eq!(all.len(), IDENTITIES * (round + 1), "who lost left no user behind");
    }
    Ok(())
}

/// Made as a user and met as an identity at the same time: one user has it.
pub async fn a_client_ref_id_is_one_users_whoever_is_first(stores: &Pair) -> Result<(), StoreError> {
    let outcomes = all_at_once(stores, |rival, store| async move {
        if rival % 2 == 0 {
            let profile = UserProfile { client_ref_id: Some("u1".to_owned()), ..UserProfile::default() };
            return match store.create_user(&profile).await {
                Err(StoreError::Conflict(ConflictField::ClientRefId)) => Ok(None),
                made => made.map(|user| Some(user.user_id)),
            };
        }
        let identity = Identity { kind: IdentityKind::ClientRefId, value: "u1".to_owned() };
        Ok(store.resolve_identities(&[identity], true).await?[0])
    });
    let users = outcomes.await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let holder = stores[0].user_by_client_ref_id("u1").await?.map(|user| user.user_id);
    assert!(holder.is_some());
    assert!(users.iter().all(|user_id| user_id.is_none() || *user_id == holder), "{users:?}, but it is of {holder:?}");
    assert_eq!(stores[0].users(None, 100).await?.len(), 1);
    Ok(())
}

/// Users who are renamed by several at once, while others meet the names as identities: nobody waits
/// for ever, and each user has one name at the end.
pub async fn renamed_users_keep_one_client_ref_id_each(stores: &Pair) -> Result<(), StoreError> {
    const USERS: usize = 2;
    let profile = |name: String| UserProfile { client_ref_id: Some(name), ..UserProfile::default() };
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(stores[0].create_user(&profile(format!("u{number}"))).await?.user_id);
    }
    for round in 0..5_i32 {
        let users = users.clone();
        let outcomes = all_at_once(stores, move |rival, store| {
            let user_id = users[rival % USERS];
            async move {
                if rival % 4 == 3 {
                    // A name of this round, on its way to a user, and one of the last, on its way from it.
                    let names = [format!("{round}-{}", rival - 1), format!("{}-{}", round - 1, rival - 2)];
                    let identities = names.map(|value| Identity { kind: IdentityKind::ClientRefId, value });
                    return store.resolve_identities(&identities, true).await.map(|_| ());
                }
                match store.update_user(user_id, &profile(format!("{round}-{rival}"))).await {
                    Ok(_) | Err(StoreError::Conflict(ConflictField::ClientRefId)) => Ok(()),
                    Err(error) => Err(error),
                }
            }
        });
        outcomes.await.into_iter().collect::<Result<Vec<()>, _>>()?;
    }
    for user in stores[1].users(None, 100).await? {
        let Some(name) = &user.profile.client_ref_id else { panic!("{user:?} has no clientRefId") };
        assert_eq!(stores[0].user_by_client_ref_id(name).await?, Some(user.clone()), "{name}");
    }
    Ok(())
}

/// Erased while others rename it: every one of them is told so, or was before; nothing of it is left.
pub async fn a_user_is_renamed_before_it_is_erased_or_not_at_all(stores: &Pair) -> Result<(), StoreError> {
    for round in 0..5 {
        let user_id = stores[0].create_user(&UserProfile::default()).await?.user_id;
        let outcomes = all_at_once(stores, move |rival, store| async move {
            if rival == RIVALS / 2 {
                return store.erase_user(user_id).await.map(|_| ());
            }
            let client_ref_id = Some(format!("{round}-{rival}"));
            store.update_user(user_id, &UserProfile { client_ref_id, ..UserProfile::default() }).await.map(|_| ())
        });
        outcomes.await.into_iter().collect::<Result<Vec<()>, _>>()?;
        assert_eq!(stores[1].user(user_id).await?, None);
        for rival in 0..RIVALS {
            assert_eq!(stores[1].user_by_client_ref_id(&format!("{round}-{rival}")).await?, None);
        }
    }
    Ok(())
}

/// Two live segments cannot share a tag, however close together they are made.
pub async fn of_many_who_make_a_tag_one_does(stores: &Pair) -> Result<(), StoreError> {
    let outcomes =
        all_at_once(
            stores,
            |_, store| async move { store.create_segment(&spec("sport", ""), &Actor::anonymous()).await },
        );
    check_one_wins(&outcomes.await, ConflictField::Tag);
    assert_eq!(stores[0].generation().await?, Generation(1), "who was refused counts nothing");
    assert_eq!(stores[1].audit(None, 100).await?.len(), 1);
    Ok(())
}

/// Of editors who saw the same version one is first; the others are told.
pub async fn of_many_who_saw_a_version_one_changes_it(stores: &Pair) -> Result<(), StoreError> {
    let segment = stores[0].create_segment(&spec("sport", ""), &Actor::anonymous()).await?;
    let (segment_id, seen) = (segment.segment_id, Some(segment.version));
    let outcomes = all_at_once(stores, |rival, store| async move {
        store.update_segment(segment_id, &spec("sport", &format!("{rival} = 1")), seen, &Actor::anonymous()).await
    });
    check_one_wins(&outcomes.await, ConflictField::Version);
    let versions = stores[1].segment_versions(segment_id, None, 100).await?;
    assert_eq!(versions.len(), 2);
    assert_eq!(stores[1].generation().await?, Generation(2));
    Ok(())
}

/// Without an expected version all edits happen, one after the other; each is a version and a generation.
pub async fn edits_at_the_same_time_are_versions_of_their_own(stores: &Pair) -> Result<(), StoreError> {
    let segment_id = stores[0].create_segment(&spec("sport", ""), &Actor::anonymous()).await?.segment_id;
    let outcomes = all_at_once(stores, |rival, store| async move {
        store.update_segment(segment_id, &spec("sport", &format!("{rival} = 1")), None, &Actor::anonymous()).await
    });
    let edited: Vec<Option<Segment>> = outcomes.await.into_iter().collect::<Result<_, _>>()?;
    let mut told: Vec<_> = edited.iter().flatten().map(|segment| (segment.version, segment.generation)).collect();
    told.sort_unstable();
    let expected = (2..).map(|number| (SegmentVersion(number), Generation(u64::from(number)))).take(RIVALS);
    assert!(told.iter().copied().eq(expected), "{told:?}");
    Ok(())
}

/// Definitions are read at one instant: as many live segments as their generation says were made.
pub async fn definitions_belong_to_their_generation(stores: &Pair) -> Result<(), StoreError> {
    let outcomes = all_at_once(stores, |rival, store| async move {
        for number in 0..5 {
            if rival % 2 == 0 {
                store.create_segment(&spec(&format!("s{rival}-{number}"), ""), &Actor::anonymous()).await?;
            }
            let definitions = store.definitions().await?;
            assert_eq!(definitions.segments.len() as u64, definitions.generation.0);
        }
        Ok(())
    });
    outcomes.await.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(())
}

/// All project the same stretches of several partitions, in different orders: every change counts once.
pub async fn a_change_counts_once_whoever_projects_it(stores: &Pair) -> Result<(), StoreError> {
    const PARTITIONS: u16 = 5;
    const CHANGES: u64 = 20;
    let segment_id = stores[0].create_segment(&spec("a", ""), &Actor::anonymous()).await?.segment_id;
    let outcomes = all_at_once(stores, |rival, store| async move {
        for from in (0..CHANGES).step_by(4) {
            let mut batches: Vec<_> =
                (0..PARTITIONS).map(|partition| stretch(segment_id, partition, from, from + 4)).collect();
            batches.rotate_left(rival % usize::from(PARTITIONS));
            let positions = store.project(&batches).await?;
            assert!(positions.iter().all(|position| *position >= from + 4), "{positions:?} after {from}");
        }
        Ok(())
    });
    outcomes.await.into_iter().collect::<Result<Vec<()>, _>>()?;
    let positions = stores[0].projection_positions().await?;
    assert!(positions.into_iter().eq((0..PARTITIONS).map(|partition| (PartitionId(partition), CHANGES))));
    // Every fourth change is an exit.
    let members = u64::from(PARTITIONS) * CHANGES / 2;
    assert_eq!(stores[0].segment_sizes(&[segment_id]).await?, [members]);
    assert_eq!(stores[1].members_of_segment(segment_id, None, 1_000).await?.len() as u64, members);
    let flows = stores[0].segment_flows(segment_id, Timestamp::MIN, Timestamp::MAX, 10).await?;
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].entered, flows[0].exited), (members / 2 * 3, members / 2));
    assert_eq!(stores[1].wrong_sizes().await?, []);
    Ok(())
}

/// Changes `from..next` of a partition; of four, three users enter and the first of them leaves again.
fn stretch(segment_id: SegmentId, partition: u16, from: u64, next: u64) -> ProjectionBatch {
    let change = |offset: u64| {
        let leaves = offset % 4 == 3;
        let number = if leaves { offset - 3 } else { offset };
        let segments = if leaves { Vec::new() } else { vec![segment_id] };
        SegmentChange {
            user_id: UserId(i64::from(partition) * 1_000 + number.cast_signed() + 1),
            in_segments: segments.clone(),
            out_segments: if leaves { vec![segment_id] } else { Vec::new() },
            segments,
            seq: if leaves { 2 } else { 1 },
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(FLOW_INTERVAL_MICROS + offset.cast_signed()),
        }
    };
    ProjectionBatch { partition: PartitionId(partition), from, next, changes: (from..next).map(change).collect() }
}
