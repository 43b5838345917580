//! A real Databend as an evaluator: the events in a table of its own, the rule as rendered SQL.
//!
//! Behind the feature `databend`, which brings the driver. The server is the one that `DATABEND_DSN`
//! names; without it Databend's engine is started on this machine for as long as the answer takes.

use anyhow::Context as _;
use rules::Rule;
use schema::{Event, Timestamp};
use testkit::databend::Databend;

use super::events::UserEvents;

/// Asks Databend. Answers are by instant, then by user.
pub(super) async fn databend(
    rule: &Rule,
    users: &[UserEvents],
    instants: &[Timestamp],
) -> anyhow::Result<Vec<Vec<bool>>> {
    let databend = Databend::start().await.context("starting the evaluator `databend`")?;
    let answers = ask(&databend, rule, users, instants).await;
    // Also after a failure: a server that is not ours would keep the database.
    databend.finish().await.context("dropping the database")?;
    answers
}

async fn ask(
    databend: &Databend,
    rule: &Rule,
    users: &[UserEvents],
    instants: &[Timestamp],
) -> anyhow::Result<Vec<Vec<bool>>> {
    databend.create_tables().await.context("making the tables")?;
    let events: Vec<Event> = users.iter().flat_map(|user| user.events.iter().cloned()).collect();
    databend.load(&events).await.context("loading the events")?;
    let mut answers = Vec::new();
    for now in instants {
        let members = databend.user_ids(&rules::render::databend(rule, *now)).await;
        let members = members.with_context(|| format!("asking at {now}"))?;
        answers.push(users.iter().map(|user| members.binary_search(&user.user_id).is_ok()).collect());
    }
    Ok(answers)
}
