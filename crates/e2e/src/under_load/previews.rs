//! What clauses would select, asked before anybody saves them: by Databend in one query, and by the engine.
//!
//! The same users are asked for both ways: by a clause, which goes to Databend, and by naming the segment that
//! has this clause, which only the engine knows. They must be as many.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::report::PreviewFigures;
use crate::crash::{Fault, Report};
use crate::system::preview;

/// For how long a preview may run: the engine reads all of the history.
pub(super) const PREVIEW_TIMEOUT: Duration = Duration::from_secs(600);

/// Previews a segment's clause, and then the segment by its name.
pub(super) async fn preview_both_ways(
    config: &str,
    (tag, clause): (&str, &str),
    found: &mut Report,
) -> anyhow::Result<Vec<PreviewFigures>> {
    let named = format!("user_id IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')");
    let http = reqwest::Client::builder().timeout(PREVIEW_TIMEOUT).build().context("making the HTTP client")?;
    let mut previews = Vec::new();
    for (clause, by) in [(clause, "databend"), (named.as_str(), "engine")] {
        let begun = Instant::now();
        let previewed = preview(&http, config, &json!({"whereStatement": clause})).await?;
        let took = begun.elapsed();
        let evaluated_by = previewed["history"]["evaluated_by"].as_str().unwrap_or_default();
        ensure!(evaluated_by == by, "`{clause}` was previewed by {evaluated_by}: {previewed}");
        let number = |value: &Value| value.as_u64().with_context(|| format!("a number is missing in {previewed}"));
        let (events, users) = (number(&previewed["history"]["events"])?, number(&previewed["users"])?);
        previews.push(PreviewFigures { by, took, events, users, size: number(&previewed["size"])? });
    }
    if let [by_databend, by_engine] = &*previews
        && by_databend.selected() != by_engine.selected()
    {
        found.note(Fault::Mismatched, || format!("previews of `{tag}` differ: {by_databend}; {by_engine}"));
    }
    Ok(previews)
}
