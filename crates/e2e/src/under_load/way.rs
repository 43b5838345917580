//! What `GET /api/v1/segments/{id}/backfill` says of a segment on its way, from the first answer to the last.
//!
//! Each answer must agree with itself, the share must grow, and the time that is left shrink; whether there was enough to
//! see is the caller's to ask, for little history is absorbed at once.

use schema::Timestamp;
use serde::Deserialize;

use crate::crash::{Fault, Report};

/// How much of a share may be lost again: owners count what is to be absorbed more exactly as they go.
const RECOUNTED: f64 = 0.1;
/// How far the instant of the end may lie from the seconds until then, which are whole.
const ROUNDED_SECONDS: f64 = 10.0;

/// One answer, as far as it is looked at.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) generation: u64,
    pub(super) partitions_live: usize,
    pub(super) partitions: usize,
    pub(super) absorbed_rows: u64,
    pub(super) total_rows: Option<u64>,
    pub(super) share: Option<f64>,
    pub(super) rows_per_second: Option<u64>,
    pub(super) eta: Option<Timestamp>,
    pub(super) eta_seconds: Option<u64>,
}

/// Every answer about one version of a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// With the second, from the request on, in which each came.
    answers: Vec<(f64, Answer)>,
    faults: Vec<String>,
}

impl Answer {
    pub(super) fn is_live(&self) -> bool {
        self.status == "live"
    }

    /// Returns what does not go together in it.
    fn fault(&self, now: Timestamp) -> Option<&'static str> {
        let Self { partitions_live, partitions, absorbed_rows, total_rows, share, eta, eta_seconds, .. } = self;
        let until = eta.map(|eta| eta.micros_since(now) as f64 / 1e6);
        let is_apart = |(until, seconds): (f64, u64)| (until - seconds as f64).abs() > ROUNDED_SECONDS;
        let faults = [
            (self.is_live() != (partitions_live == partitions), "`live` is of all partitions"),
            (self.is_live() != (*share == Some(1.0)), "`share` is 1 when it is live, and only then"),
            (self.is_live() && *total_rows != Some(*absorbed_rows), "what is live is absorbed"),
            (share.is_some() != total_rows.is_some(), "`share` is of `total_rows`"),
            (share.is_some_and(|share| !(0.0..=1.0).contains(&share)), "`share` is a share"),
            (eta.is_some() != eta_seconds.is_some(), "`eta` is in `eta_seconds`"),
            (eta.is_some() && (self.is_live() || self.rows_per_second.is_none()), "`eta` comes from a rate"),
            (until.zip(*eta_seconds).is_some_and(is_apart), "`eta` is in `eta_seconds`"),
        ];
        faults.into_iter().find(|(is_fault, _)| *is_fault).map(|(_, what)| what)
    }
}

impl Way {
    /// Takes the next answer, which came so many seconds after the request, at `now`.
    pub(super) fn take(&mut self, seconds: f64, now: Timestamp, answer: Answer) {
        if let Some(fault) = answer.fault(now) {
            self.faults.push(format!("{fault}: {answer:?}"));
        }
        let before = self.answers.iter().rev().find_map(|(_, before)| before.share);
        if before.zip(answer.share).is_some_and(|(before, share)| share < before - RECOUNTED) {
            self.faults.push(format!("the share fell from {before:?}: {answer:?}"));
        }
        self.answers.push((seconds, answer));
    }

    pub(super) fn last(&self) -> Option<&Answer> {
        self.answers.last().map(|(_, answer)| answer)
    }

    /// Notes what was wrong.
    pub(super) fn check(&self, what: &str, found: &mut Report) {
        for fault in &self.faults {
            found.note(Fault::Mismatched, || format!("backfill of {what}: {fault}"));
        }
        if !self.last().is_some_and(Answer::is_live) {
            found.note(Fault::Mismatched, || format!("backfill of {what} ends with {:?}", self.last()));
        }
        let ends = self.ends_foretold();
        // With few of them, one that was told before the rate was steady would decide.
        let third = ends.len() / 3;
        if third >= 3 && mean(&ends[..third], |(_, left)| left) <= mean(&ends[ends.len() - third..], |(_, left)| left) {
            found.note(Fault::Mismatched, || {
                format!("backfill of {what}: the time that is left does not shrink: {ends:?}")
            });
        }
    }

    /// Returns how many different shares were told on the way.
    pub(super) fn shares(&self) -> usize {
        let mut shares: Vec<f64> = self.answers.iter().filter_map(|(_, answer)| answer.share).collect();
        shares.retain(|share| *share > 0.0 && *share < 1.0);
        shares.dedup();
        shares.len()
    }

    /// Returns when how much time was left, in seconds.
    pub(super) fn ends_foretold(&self) -> Vec<(f64, f64)> {
        let foretold = self.answers.iter().filter_map(|(at, answer)| Some((*at, answer.eta_seconds? as f64)));
        foretold.collect()
    }

    /// Returns by how many seconds the times that were told were off, in the middle.
    pub(super) fn off(&self) -> Option<f64> {
        let (end, _) = self.answers.last()?;
        let mut off: Vec<f64> = self.ends_foretold().iter().map(|(at, left)| (at + left - end).abs()).collect();
        off.sort_by(f64::total_cmp);
        off.get(off.len() / 2).copied()
    }
}

fn mean(items: &[(f64, f64)], of: fn((f64, f64)) -> f64) -> f64 {
    items.iter().map(|item| of(*item)).sum::<f64>() / items.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    /// An answer of two partitions: rows absorbed of rows there are, and in how many seconds.
    fn answer(absorbed_rows: u64, total_rows: Option<u64>, eta_seconds: Option<u64>) -> Answer {
        let share = total_rows.map(|total| (absorbed_rows as f64 / total as f64).min(0.999));
        let eta = eta_seconds.map(|seconds| NOW.plus_micros(seconds as i64 * 1_000_000));
        let (status, rows_per_second) = ("backfilling".to_owned(), eta_seconds.and(Some(10)));
        let (generation, partitions_live, partitions) = (5, 0, 2);
        Answer {
            status,
            generation,
            partitions_live,
            partitions,
            absorbed_rows,
            total_rows,
            share,
            rows_per_second,
            eta,
            eta_seconds,
        }
    }

    fn live(rows: u64) -> Answer {
        Answer { status: "live".to_owned(), partitions_live: 2, share: Some(1.0), ..answer(rows, Some(rows), None) }
    }

    #[track_caller]
    fn check(answers: &[Answer], fault: Option<&str>) {
        let (mut way, mut found) = (Way::default(), Report::default());
        for (seconds, answer) in (0..).zip(answers) {
            way.take(f64::from(seconds), NOW, answer.clone());
        }
        way.check("it", &mut found);
        match fault {
            None => assert!(found.is_clean(), "{:?}", found.examples),
            Some(fault) => {
                assert!(found.examples.iter().any(|example| example.contains(fault)), "{:?}", found.examples)
            }
        }
    }

    #[test]
    fn a_way_to_live_is_one_whose_share_grows_and_whose_time_shrinks() {
        let on_the_way = (1..=9).map(|part| answer(part * 10, Some(100), Some(10 - part)));
        let whole: Vec<Answer> = [answer(0, None, None)].into_iter().chain(on_the_way).chain([live(100)]).collect();
        check(&whole, None);
        check(&[live(0)], None);
        check(&whole[..9], Some("ends with"));
        let slower: Vec<Answer> =
            (1..=9).map(|part| answer(part * 10, Some(100), Some(part))).chain([live(100)]).collect();
        check(&slower, Some("does not shrink"));
        check(&[answer(60, Some(100), None), answer(40, Some(100), None), live(100)], Some("the share fell"));
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_found() {
        check(&[Answer { share: Some(0.5), ..live(100) }], Some("`share` is 1"));
        check(&[Answer { partitions_live: 1, ..live(100) }], Some("all partitions"));
        check(&[Answer { absorbed_rows: 90, ..live(100) }], Some("what is live is absorbed"));
        check(&[Answer { eta: None, ..answer(1, Some(9), Some(3)) }, live(9)], Some("`eta` is in"));
        check(&[Answer { eta: Some(NOW), ..answer(1, Some(99), Some(90)) }, live(99)], Some("`eta` is in"));
        check(&[Answer { rows_per_second: None, ..answer(1, Some(9), Some(3)) }, live(9)], Some("from a rate"));
    }
}
