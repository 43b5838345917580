//! A disagreement as a scenario file that a person can read and a test can keep.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use schema::{Event, UserId};

use super::shrink::Mismatch;
use super::triple::Members;
use super::typed;

/// Writes the scenario into the folder and returns its path.
pub fn save(folder: &Path, name: &str, found: &Mismatch) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(format!("{name}.seg"));
    std::fs::write(&path, scenario(found)).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn scenario(found: &Mismatch) -> String {
    let text = found.clause.print();
    let mut written = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing into a String has no way to fail.
        let _ = writeln!(written, "{text}");
    };
    line(format_args!("# naive        {}", said(&found.answers.naive)));
    if let Some(members) = &found.answers.incremental {
        line(format_args!("# incremental  {}", said(members)));
    }
    match &found.answers.rendered {
        Ok(members) => line(format_args!("# rendered     {}", said(members))),
        Err(refused) => line(format_args!("# rendered     refused with {}", refused.to_string().replace('\n', " "))),
    }
    if let Some(members) = &found.answers.typed {
        line(format_args!("# typed        {}", said(members)));
    }
    if let Some(rule) = rules::compile(&text).rule {
        line(format_args!("#\n# {}", rules::render::databend(&rule, found.now)));
        if let (Some(sql), Some(_)) = (typed::query(&text, &rule, found.now), &found.answers.typed) {
            line(format_args!("#\n# {sql}"));
        }
    }
    if let Some(obstacle) = obstacle(found) {
        line(format_args!("#\n# Cannot be played as it stands: {obstacle}."));
    }
    line(format_args!("\nrule  clause: {text}\n"));
    let arrival = found.now.plus_micros(-1);
    for event in &found.events {
        line(format_args!("at {arrival}  user-{}  {}", event.user_id, columns(event)));
    }
    line(format_args!("advance to {}", found.now));
    written
}

/// Returns what a scenario file has no way to say.
fn obstacle(found: &Mismatch) -> Option<&'static str> {
    let clause = found.clause.print();
    if clause.contains("received_at") {
        return Some("when an event is received is when it arrives");
    }
    // A scenario counts its users in the order in which they come.
    let by_number = clause.contains("rollout") || clause.contains("user_id");
    let others = found.events.iter().any(|event| event.user_id != UserId(1));
    (by_number && others).then_some("it hangs on the number of a user, which is 1 when it is played")
}

fn said(members: &Members) -> String {
    if members.is_empty() {
        return "nobody".to_owned();
    }
    members.iter().map(|user_id| format!("user-{user_id}")).collect::<Vec<_>>().join(" ")
}

/// Writes an event's columns; its `created_at` is not the instant at which it arrives.
fn columns(event: &Event) -> String {
    let columns = [
        ("created_at", Some(event.created_at.to_string())),
        ("region", event.region.clone()),
        ("country", event.country.clone()),
        ("device_type", event.device_type.clone()),
        ("url", event.url.clone()),
        ("element_id", event.element_id.clone()),
        ("order_id", event.order_id.clone()),
        ("order_total", event.order_total.map(|total| total.to_string())),
        ("event_id", Some(event.event_id.to_string())),
        ("payload", Some(event.payload.as_str().to_owned()).filter(|payload| payload != "{}")),
    ];
    let mut written = event.activity_type.clone();
    for (name, value) in columns {
        if let Some(value) = value {
            let plain = name == "payload" || !value.contains([' ', '"', '#']);
            let value = if plain { value } else { format!("{value:?}") };
            written += &format!(" {name}={value}");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use schema::Timestamp;

    use super::*;
    use crate::Random;
    use crate::prove::triple::Answers;
    use crate::prove::{Clause, Sort};

    #[test]
    fn a_saved_mismatch_plays_as_a_scenario() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let event = Event { region: Some("CA".to_owned()), ..crate::event(UserId(1), 7, "page_viewed", now) };
        let member = vec![UserId(1)];
        let answers = Answers { naive: member.clone(), incremental: None, rendered: Ok(member), typed: None };
        let clause = Clause::text(Sort::Boolean, "region = 'CA' AND created_at = now()");
        let found = Mismatch { clause, events: vec![event], now, answers, random: Random::new(1) };
        let blessed = crate::scenario::bless(&scenario(&found)).unwrap();
        assert!(
            blessed.ends_with("advance to 2026-01-01T00:00:00Z\n    -> user-1 entered clause  (time)\n"),
            "{blessed}"
        );
    }
}
