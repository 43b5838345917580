//! The commit that ties state, position and changes together.

use std::collections::BTreeMap;

use bytes::Bytes;
use schema::{
    Definitions, Generation, PartitionId, SegmentChange, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion,
    Topic,
};

use super::installation::{Installation, Session};
use super::samples::{change, commit, error, own, read_all, read_changes, states, user_in};
use crate::{BusError, DeadLetter, RestoredPartition};

const PARTITION: PartitionId = PartitionId(2);

/// Restoring gives exactly the last commit: states, position, clock, definitions; also after a restart.
pub async fn restoring_gives_exactly_the_last_commit(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let fresh = owner.restore(&mut |user_id, _| panic!("a state of user {user_id} before any commit")).await?;
    assert_eq!(fresh, RestoredPartition::default());
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let mut first = commit(3, vec![(ana, b"a1".to_vec()), (ben, b"b1".to_vec())], vec![change(ana, 1), change(ben, 1)]);
    first.definitions = Some(definitions());
    owner.commit(first).await?;
    let second = commit(5, vec![(ana, b"a2".to_vec())], vec![change(ana, 2)]);
    owner.commit(second.clone()).await?;
    drop(owner);
    installation.close(session).await?;

    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let restored = owner.restore(&mut |_, _| ()).await?;
    let published = read_changes(&*session.log, Topic::SegmentChanges, PARTITION).await?;
    let expected = RestoredPartition {
        next_offset: second.next_offset,
        now: second.now,
        log_time: second.log_time,
        definitions: Some(definitions()),
        // Not 3: where a commit writes a marker, that takes an offset too.
        changes_end: published.last().map_or(0, |(offset, _)| offset + 1),
    };
    assert_eq!(published.len(), 3);
    assert_eq!(restored, expected);
    assert_eq!(states(&mut *owner).await?, BTreeMap::from([(ana, b"a2".to_vec()), (ben, b"b1".to_vec())]));
    installation.close(session).await
}

/// The last commit can be read beside the owner, who goes on.
pub async fn the_last_commit_is_read_beside_its_owner(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let never = session.log.last_commit(PARTITION, &mut |user_id, _| panic!("a state of user {user_id}")).await?;
    assert_eq!(never, RestoredPartition::default());
    let mut owner = own(&session, PARTITION).await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    for step in 1..=3 {
        let state = |user: &str| format!("{user}{step}").into_bytes();
        let mut next = commit(step, vec![(ana, state("a")), (ben, state("b"))], vec![change(ana, step)]);
        next.definitions = (step == 1).then(definitions);
        owner.commit(next.clone()).await?;
        let mut states = BTreeMap::new();
        let mut visit = |user_id, state: &[u8]| drop(states.insert(user_id, state.to_vec()));
        let read = session.log.last_commit(PARTITION, &mut visit).await?;
        assert_eq!(states, BTreeMap::from([(ana, state("a")), (ben, state("b"))]));
        assert_eq!((read.next_offset, read.now, read.log_time), (next.next_offset, next.now, next.log_time));
        assert_eq!(read.definitions, Some(definitions()));
        let published = read_changes(&*session.log, Topic::SegmentChanges, PARTITION).await?;
        assert_eq!(published.last().map(|(offset, _)| offset + 1), Some(read.changes_end), "{published:?}");
    }
    drop(owner);
    installation.close(session).await
}

/// A user whose state is committed empty has none afterwards; of several states in one commit the last counts.
pub async fn an_empty_state_removes_the_user(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    owner
        .commit(commit(1, vec![(ana, b"a1".to_vec()), (ben, b"b1".to_vec()), (ben, b"b2".to_vec())], Vec::new()))
        .await?;
    owner.commit(commit(2, vec![(ana, Vec::new())], Vec::new())).await?;
    assert_eq!(states(&mut *owner).await?, BTreeMap::from([(ben, b"b2".to_vec())]));
    installation.close(session).await
}

/// Changes are appended in the order of the commit, errors and dead letters with them, each once.
pub async fn a_commit_publishes_everything_it_holds(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    assert_eq!(read_all(&*session.log, Topic::SegmentChanges, PARTITION).await?, []);
    let mut commit = commit(9, Vec::new(), vec![change(ana, 1), change(ben, 1), change(ana, 2)]);
    commit.errors = vec![error(ana)];
    commit.dead_letters = vec![
        DeadLetter {
            user_id: ana,
            partition: PARTITION,
            offset: 7,
            reason: "malformed",
            value: Bytes::from_static(b"{\"a\":"),
        },
        DeadLetter {
            user_id: ben,
            partition: PARTITION,
            offset: 8,
            reason: "malformed",
            value: Bytes::from_static(b"\xff\x00"),
        },
    ];
    owner.commit(commit).await?;
    let changes = read_changes(&*session.log, Topic::SegmentChanges, PARTITION).await?;
    assert_eq!(changes, [(0, change(ana, 1)), (1, change(ben, 1)), (2, change(ana, 2))]);
    assert_eq!(read_all(&*session.log, Topic::Errors, PARTITION).await?.len(), 1);
    let letters = read_all(&*session.log, Topic::DeadLetters, PARTITION).await?;
    let letters: Vec<_> = letters.iter().map(|letter| String::from_utf8_lossy(&letter.value).into_owned()).collect();
    assert_eq!(
        letters,
        [
            r#"{"topic":"events","partition":2,"offset":7,"reason":"malformed","message":"{\"a\":"}"#,
            r#"{"topic":"events","partition":2,"offset":8,"reason":"malformed","message_hex":"ff00"}"#,
        ]
    );
    installation.close(session).await
}

/// `segment-memberships` holds the latest change of each user, in the order they were made. Older
/// ones of a user may lie before it until they are compacted away.
pub async fn memberships_hold_the_latest_change_of_each_user(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    owner.commit(commit(1, Vec::new(), vec![change(ana, 1), change(ben, 1), change(ben, 2)])).await?;
    owner.commit(commit(2, Vec::new(), vec![change(ana, 2), change(ana, 3)])).await?;
    assert_eq!(memberships(&session).await?, [change(ben, 2), change(ana, 3)]);
    drop(owner);
    installation.close(session).await?;
    let session = installation.open().await?;
    assert_eq!(memberships(&session).await?, [change(ben, 2), change(ana, 3)], "after a restart");
    installation.close(session).await
}

/// Commits of one partition leave the others as they are.
pub async fn partitions_do_not_touch_each_other(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let ana = user_in(PARTITION, 0);
    owner.commit(commit(4, vec![(ana, b"a1".to_vec())], vec![change(ana, 1)])).await?;
    let mut other = own(&session, PartitionId(3)).await?;
    assert_eq!(states(&mut *other).await?, BTreeMap::new());
    assert_eq!(other.restore(&mut |_, _| ()).await?, RestoredPartition::default());
    assert_eq!(read_all(&*session.log, Topic::SegmentChanges, PartitionId(3)).await?, []);
    installation.close(session).await
}

async fn memberships(session: &Session) -> Result<Vec<SegmentChange>, BusError> {
    let memberships = read_changes(&*session.log, Topic::SegmentMemberships, PARTITION).await?;
    let latest: BTreeMap<_, _> = memberships.iter().map(|(offset, change)| (change.user_id, *offset)).collect();
    let memberships = memberships.into_iter().filter(|(offset, change)| latest[&change.user_id] == *offset);
    Ok(memberships.map(|(_, change)| change).collect())
}

fn definitions() -> Definitions {
    let tag = SegmentTag::new("loyal");
    let definition = |tag| SegmentDefinition {
        segment_id: SegmentId(1),
        tag,
        version: SegmentVersion(2),
        where_statement: "count(*) >= 3".to_owned(),
    };
    Definitions { generation: Generation(7), segments: tag.map(definition).into_iter().collect() }
}
