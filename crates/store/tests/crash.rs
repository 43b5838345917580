//! What survives a process that is killed while it writes.
//!
//! The test starts this binary again as the writer, reads what it acknowledged, kills it, and opens
//! the file that is left.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use schema::{Cause, Identity, IdentityKind, PartitionId, SegmentChange, SegmentId, Timestamp, UserId};
use store::sqlite::SqliteStore;
use store::{MembershipStore, ProjectionBatch, Store as _, UserStore};
use tempfile::TempDir;

const FILE_VARIABLE: &str = "STORE_CRASH_TEST_FILE";
const SEGMENT: SegmentId = SegmentId(1);
const ROUNDS: usize = 5;
/// How many acknowledgements of a round are awaited before the kill.
const ACKNOWLEDGED_PER_ROUND: usize = 40;

/// Change `offset` of partition 0: user `offset / 2` enters with the even one and leaves with the odd one.
fn change(offset: u64) -> SegmentChange {
    let enters = offset.is_multiple_of(2);
    let segments = if enters { vec![SEGMENT] } else { Vec::new() };
    SegmentChange {
        user_id: UserId(1 + offset as i64 / 2),
        in_segments: segments.clone(),
        out_segments: if enters { Vec::new() } else { vec![SEGMENT] },
        segments,
        seq: 1 + offset % 2,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(offset as i64),
    }
}

fn cookie(number: i64) -> Identity {
    Identity { kind: IdentityKind::Cookie, value: format!("cookie-{number}") }
}

#[tokio::test]
#[ignore = "the process that is killed; started by the test below"]
async fn writer() {
    let Ok(file) = std::env::var(FILE_VARIABLE) else { return };
    let store = SqliteStore::open(file).await.unwrap();
    let mut from = store.projection_positions().await.unwrap().get(&PartitionId(0)).copied().unwrap_or(0);
    for number in 0.. {
        let changes: Vec<_> = (from..from + 3).map(change).collect();
        let batch = ProjectionBatch { partition: PartitionId(0), from, next: from + 3, changes };
        from = store.project(&[batch]).await.unwrap()[0];
        let identity = cookie(from as i64 * 1_000 + number);
        let user_id = store.resolve_identities(std::slice::from_ref(&identity), true).await.unwrap()[0].unwrap();
        println!("\nacknowledged {from} {} {user_id}", identity.value);
    }
}

struct Acknowledged {
    position: u64,
    identity: Identity,
    user_id: UserId,
}

fn write_and_kill(file: &PathBuf) -> std::io::Result<Vec<Acknowledged>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "writer", "--ignored", "--nocapture"])
        .env(FILE_VARIABLE, file)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?);
    let lines = output.lines().map_while(Result::ok);
    let acknowledged = lines.filter_map(|line| acknowledgement(&line)).take(ACKNOWLEDGED_PER_ROUND).collect();
    child.kill()?;
    child.wait()?;
    Ok(acknowledged)
}

fn acknowledgement(line: &str) -> Option<Acknowledged> {
    let mut words = line.strip_prefix("acknowledged ")?.split(' ');
    Some(Acknowledged {
        position: words.next()?.parse().ok()?,
        identity: Identity { kind: IdentityKind::Cookie, value: words.next()?.to_owned() },
        user_id: UserId(words.next()?.parse().ok()?),
    })
}

#[tokio::test]
async fn a_killed_writer_loses_no_id_and_projects_each_change_once() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("shoal.sqlite");
    let mut greatest = UserId(0);
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill(&file).unwrap();
        assert_eq!(acknowledged.len(), ACKNOWLEDGED_PER_ROUND, "round {round}");
        let store = SqliteStore::open(&file).await.unwrap();
        for one in &acknowledged {
            assert!(one.user_id > greatest, "user {} was handed out before, round {round}", one.user_id);
            greatest = one.user_id;
            let found = store.resolve_identities(std::slice::from_ref(&one.identity), false).await.unwrap();
            assert_eq!(found, [Some(one.user_id)], "round {round}");
        }
        let position = store.projection_positions().await.unwrap()[&PartitionId(0)];
        assert!(position >= acknowledged[ACKNOWLEDGED_PER_ROUND - 1].position, "round {round}");
        let members = store.members_of_segment(SEGMENT, None, 10).await.unwrap();
        let expected = if position % 2 == 1 { vec![UserId(1 + position as i64 / 2)] } else { Vec::new() };
        assert_eq!(members.iter().map(|member| member.user_id).collect::<Vec<_>>(), expected, "round {round}");
        let flows = store.segment_flows(SEGMENT, Timestamp::MIN, Timestamp::MAX, 10).await.unwrap();
        assert_eq!((flows[0].entered, flows[0].exited), (position.div_ceil(2), position / 2), "round {round}");
        assert_eq!(store.segment_sizes(&[SEGMENT]).await.unwrap(), [expected.len() as u64], "round {round}");
        store.close().await;
    }
}
