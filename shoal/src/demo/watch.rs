//! Showing the changes, one line each, with the segments' names.

use std::collections::BTreeMap;
use std::time::Duration;

use schema::{Cause, SegmentChange, SegmentId};
use tokio_util::sync::CancellationToken;

use crate::client::{Backoff, ChangeStream, SegmentsClient};
use crate::terminal::{self, Palette};

/// Prints changes until `stop`; reconnects where it left off when the stream breaks.
pub(super) async fn show_changes(
    http: reqwest::Client,
    config_url: String,
    segments: SegmentsClient,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let palette = Palette::of_stdout();
    let mut names = SegmentNames { segments, tags: BTreeMap::new() };
    let mut last_event_id: Option<String> = None;
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    let watching = async {
        loop {
            if let Ok(mut stream) = ChangeStream::open(&http, &config_url, last_event_id.as_deref()).await {
                while let Ok(Some(change)) = stream.next().await {
                    names.learn(&change).await;
                    terminal::say(format_args!("{}", line(&change, &names.tags, palette)));
                    backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
                }
                last_event_id = stream.last_event_id().map(str::to_owned);
            }
            tokio::time::sleep(backoff.wait(None)).await;
        }
    };
    tokio::select! {
        () = watching => {}
        () = stop.cancelled() => {}
    }
    Ok(())
}

/// Tags by id, asked for again when an unknown id comes by.
struct SegmentNames {
    segments: SegmentsClient,
    tags: BTreeMap<SegmentId, String>,
}

impl SegmentNames {
    async fn learn(&mut self, change: &SegmentChange) {
        let mentioned = change.in_segments.iter().chain(&change.out_segments);
        if mentioned.into_iter().all(|id| self.tags.contains_key(id)) {
            return;
        }
        // A deleted segment is not listed any more; its number is shown then.
        if let Ok(listed) = self.segments.list().await {
            self.tags.extend(listed.into_iter().map(|segment| (segment.id, segment.tag)));
        }
    }
}

/// `12:00:01.250  user 7      entered active-visitors   (event)`
fn line(change: &SegmentChange, tags: &BTreeMap<SegmentId, String>, palette: Palette) -> String {
    let name = |id: &SegmentId| tags.get(id).cloned().unwrap_or_else(|| format!("segment {id}"));
    let listed = |ids: &[SegmentId]| ids.iter().map(name).collect::<Vec<_>>().join(", ");
    let mut moves = Vec::new();
    if !change.in_segments.is_empty() {
        moves.push(palette.green(&format!("entered {}", listed(&change.in_segments))));
    }
    if !change.out_segments.is_empty() {
        moves.push(palette.yellow(&format!("left {}", listed(&change.out_segments))));
    }
    let cause = match change.cause {
        Cause::Time => "time alone",
        other => other.as_str(),
    };
    let user = format!("user {}", change.user_id);
    format!("{}  {user:<9} {}  {}", clock(change), moves.join(", "), palette.dim(&format!("({cause})")))
}

fn clock(change: &SegmentChange) -> String {
    let shown = change.evaluated_at.to_datetime().map(|instant| instant.format("%H:%M:%S%.3f").to_string());
    shown.unwrap_or_else(|| change.evaluated_at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line_with_names_and_the_cause() {
        let change: SegmentChange = serde_json::from_str(
            r#"{"user_id":7,"in_segments":[2],"out_segments":[1,9],"segments":[2],"seq":3,"cause":{"type":"time"},
                "definition_versions":{},"evaluated_at":"2026-01-01T12:00:01.25Z"}"#,
        )
        .unwrap();
        let tags = BTreeMap::from([(SegmentId(1), "browsing-now".to_owned()), (SegmentId(2), "lapsed".to_owned())]);
        assert_eq!(
            line(&change, &tags, Palette::of_stdout()),
            "12:00:01.250  user 7    entered lapsed, left browsing-now, segment 9  (time alone)"
        );
    }
}
