//! Whether the target keeps what is brought to it: brokers remove what is older than they keep, also when it has
//! just come.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use schema::Timestamp;

use crate::transfer::manifest::{EventLine, Manifest};

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Refuses events that the brokers would remove before anybody has read them.
pub(super) fn require_kept(manifest: &Manifest, folder: &Path, retention: Option<Duration>) -> anyhow::Result<()> {
    let Some(retention) = retention else { return Ok(()) };
    let Some(oldest) = oldest(manifest, folder)? else { return Ok(()) };
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX));
    check(oldest, now, retention)
}

fn check(oldest: Timestamp, now: Timestamp, retention: Duration) -> anyhow::Result<()> {
    let age_hours = now.micros_since(oldest) / MICROS_PER_HOUR + 1;
    let kept_hours = retention.as_secs() / 3_600;
    ensure!(
        u64::try_from(age_hours).unwrap_or_default() <= kept_hours,
        "events of {oldest} would be removed from the brokers before they are read, which keep {kept_hours} hours: set \
         BUS_RETENTION_HOURS to {age_hours} or more (and on topics that are there already, their retention.ms), until \
         a Databend has all of them; without one for good"
    );
    Ok(())
}

/// Returns when the first event was accepted: each partition begins with its oldest.
fn oldest(manifest: &Manifest, folder: &Path) -> anyhow::Result<Option<Timestamp>> {
    let mut oldest = None;
    for exported in &manifest.log {
        if let Some(first) = exported.events.read::<EventLine>(folder).next() {
            let received_at = first?.decode()?.received_at();
            oldest = Some(oldest.map_or(received_at, |oldest: Timestamp| oldest.min(received_at)));
        }
    }
    Ok(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_told(age_minutes: i64, kept_hours: u64, told: Option<&str>) {
        let now = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
        let oldest = now.plus_micros(-age_minutes * 60_000_000);
        let refused = check(oldest, now, Duration::from_secs(kept_hours * 3_600)).err().map(|error| error.to_string());
        match (refused, told) {
            (None, None) => {}
            (Some(refused), Some(told)) => assert!(refused.contains(told), "{refused}"),
            other => panic!("{age_minutes} minutes of {kept_hours} hours: {other:?}"),
        }
    }

    #[test]
    fn events_that_are_older_than_brokers_keep_are_refused_with_what_would_keep_them() {
        check_told(0, 1, None);
        check_told(59, 1, None);
        check_told(60, 1, Some("BUS_RETENTION_HOURS to 2 or more"));
        check_told(60 * 24 * 8, 168, Some("events of 2026-05-24T00:00:00"));
        check_told(60 * 24 * 8, 193, None);
    }
}
