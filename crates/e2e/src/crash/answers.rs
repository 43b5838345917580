//! What look-ups say once everything has come to rest, and whether that is what was published.
//!
//! Each answer says up to which instant it is exact. Asking until all have passed an instant, with no
//! load to help, also shows that time alone is enough for the system to go on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use schema::{SegmentChange, SegmentId, Timestamp, UserId};
use serde_json::Value;
use shoal::client::SegmentsClient;

use super::report::{Fault, Report};

/// How long all answers together may take to become exact.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// What was answered.
pub(super) struct Answers {
    /// The instant that the answers had to pass: everything up to it must have been decided.
    pub(super) passed: Timestamp,
    users: BTreeMap<UserId, Vec<SegmentId>>,
    sizes: BTreeMap<SegmentId, u64>,
    stale: Vec<String>,
}

/// Asks for every user and every segment until each answer is exact up to `passed`.
pub(super) async fn ask(
    http: &reqwest::Client,
    url: &str,
    users: &[UserId],
    passed: Timestamp,
) -> anyhow::Result<Answers> {
    let mut asking = Asking { http, url, passed, deadline: Instant::now() + PATIENCE, stale: Vec::new() };
    let (mut of_users, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    for segment in SegmentsClient::new(http.clone(), url).list().await? {
        let stats = asking.exact(&format!("/api/v1/segments/{}/stats", segment.id)).await?;
        sizes.insert(segment.id, stats["user_count"].as_u64().unwrap_or(u64::MAX));
    }
    for user_id in users {
        let answer = asking.exact(&format!("/api/v1/users/{user_id}/segments")).await?;
        let ids = answer["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_i64());
        of_users.insert(*user_id, ids.map(SegmentId).collect());
    }
    Ok(Answers { passed, users: of_users, sizes, stale: asking.stale })
}

struct Asking<'a> {
    http: &'a reqwest::Client,
    url: &'a str,
    passed: Timestamp,
    deadline: Instant,
    stale: Vec<String>,
}

impl Asking<'_> {
    /// Returns the first answer that is exact; after the deadline, whatever the answer is.
    async fn exact(&mut self, path: &str) -> anyhow::Result<Value> {
        loop {
            let answer = self.once(path).await;
            let as_of = answer.as_ref().ok().and_then(|answer| Timestamp::parse(answer["as_of"].as_str()?).ok());
            if as_of.is_some_and(|as_of| as_of >= self.passed) {
                return answer;
            }
            if Instant::now() > self.deadline {
                let answer = answer?;
                let passed = self.passed;
                self.stale.push(format!("{path} is exact up to {} and never passed {passed}", answer["as_of"]));
                return Ok(answer);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn once(&self, path: &str) -> anyhow::Result<Value> {
        let response = self.http.get(format!("{}{path}", self.url)).send().await?.error_for_status()?;
        Ok(serde_json::from_str(&response.text().await?)?)
    }
}

/// Compares the answers with what the published changes fold to.
pub(super) fn check(answers: &Answers, changes: &BTreeMap<UserId, Vec<SegmentChange>>, report: &mut Report) {
    for stale in &answers.stale {
        report.note(Fault::Mismatched, || stale.clone());
    }
    let mut counts: BTreeMap<SegmentId, u64> = BTreeMap::new();
    for change in changes.values().filter_map(|changes| changes.last()) {
        for segment_id in &change.segments {
            *counts.entry(*segment_id).or_default() += 1;
        }
    }
    for (segment_id, size) in &answers.sizes {
        let published = counts.remove(segment_id).unwrap_or_default();
        if *size != published {
            report.note(Fault::Mismatched, || {
                format!("segment {segment_id} was said to have {size} members, {published} were published")
            });
        }
    }
    for (segment_id, published) in counts {
        report.note(Fault::Mismatched, || format!("segment {segment_id} is not listed and has {published} members"));
    }
    for (user_id, said) in &answers.users {
        let published = changes.get(user_id).and_then(|changes| changes.last());
        let published: &[SegmentId] = published.map_or(&[], |change| &change.segments);
        if said != published {
            report.note(Fault::Mismatched, || {
                format!("user {user_id} was said to be in {said:?}, published was {published:?}")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::Cause;

    use super::*;

    fn in_segment_one(user_id: i64) -> (UserId, Vec<SegmentChange>) {
        let change = SegmentChange {
            user_id: UserId(user_id),
            in_segments: vec![SegmentId(1)],
            out_segments: Vec::new(),
            segments: vec![SegmentId(1)],
            seq: 1,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(1),
        };
        (UserId(user_id), vec![change])
    }

    #[track_caller]
    fn faults(users: &[(i64, &[i64])], sizes: &[(i64, u64)], stale: Vec<String>) -> u64 {
        let segments = |ids: &[i64]| ids.iter().copied().map(SegmentId).collect::<Vec<_>>();
        let answers = Answers {
            passed: Timestamp::from_micros(2),
            users: users.iter().map(|(user, ids)| (UserId(*user), segments(ids))).collect(),
            sizes: sizes.iter().map(|(segment, size)| (SegmentId(*segment), *size)).collect(),
            stale,
        };
        let mut report = Report::default();
        check(&answers, &BTreeMap::from([in_segment_one(1), in_segment_one(2)]), &mut report);
        report.mismatched
    }

    #[test]
    fn answers_must_be_what_was_published() {
        assert_eq!(faults(&[(1, &[1]), (2, &[1]), (3, &[])], &[(1, 2), (2, 0)], Vec::new()), 0);
        assert_eq!(faults(&[(1, &[]), (2, &[1, 2]), (3, &[1])], &[(1, 2)], Vec::new()), 3);
        assert_eq!(faults(&[], &[(1, 3), (2, 1)], Vec::new()), 2);
        assert_eq!(faults(&[], &[], Vec::new()), 1);
        assert_eq!(faults(&[], &[(1, 2)], vec!["old".to_owned()]), 1);
    }
}
