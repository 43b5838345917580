//! A real Databend as an evaluator: events and traits in tables of its own, every rule as
//! rendered SQL, also those of the segments that the clause names.
//!
//! Behind the feature `databend`: it may start a server, which nothing else that ships does. The server is the one that `DATABEND_DSN`
//! names; without it Databend's engine is started on this machine for as long as the answer takes.

use anyhow::Context as _;
use rules::Rule;
use schema::{Event, Timestamp, UserId};
use testkit::databend::Databend;

use super::Question;

/// Asks Databend. Answers are by instant, then by user.
pub(super) async fn databend(question: &Question<'_>) -> anyhow::Result<Vec<Vec<bool>>> {
    let databend = Databend::start().await.context("starting the evaluator `databend`")?;
    let answers = ask(&databend, question).await;
    // Also after a failure: a server that is not ours would keep the database.
    databend.finish().await.context("dropping the database")?;
    answers
}

async fn ask(databend: &Databend, question: &Question<'_>) -> anyhow::Result<Vec<Vec<bool>>> {
    let users = question.users;
    databend.create_tables().await.context("making the tables")?;
    let events: Vec<Event> = users.iter().flat_map(|user| user.events.iter().cloned()).collect();
    databend.load_events(&events).await.context("loading the events")?;
    let standing: Vec<_> = users.iter().map(|user| (user.user_id, user.standing())).collect();
    databend.load_users(&standing).await.context("loading what was said of users")?;
    let mut answers = Vec::new();
    for now in question.instants {
        let mut inside = Vec::new();
        // Each names only those before it, whose members Databend has told already.
        for segment in question.segments {
            let members = members(databend, &segment.rule, *now).await?;
            inside.extend(members.into_iter().map(|user_id| (segment.tag.clone(), user_id)));
            databend.replace_members(&inside).await.context("loading the members of segments")?;
        }
        let members = members(databend, question.rule, *now).await?;
        answers.push(users.iter().map(|user| members.binary_search(&user.user_id).is_ok()).collect());
    }
    Ok(answers)
}

async fn members(databend: &Databend, rule: &Rule, now: Timestamp) -> anyhow::Result<Vec<UserId>> {
    let members = databend.user_ids(&rules::render::databend(rule, now)).await;
    members.with_context(|| format!("asking at {now}"))
}
