//! A disagreement as a scenario file that a person can read and a test can keep.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use schema::{Event, LogRecord, UserTraits};

use super::history::Known;
use super::segments::Members;
use super::shrink::{Mismatch, is_numbered};
use super::typed;

/// Writes the scenario into the folder and returns its path.
pub fn save(folder: &Path, name: &str, found: &Mismatch) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(format!("{name}.seg"));
    std::fs::write(&path, scenario(found)).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn scenario(found: &Mismatch) -> String {
    let case = &found.case;
    let text = case.clause.print();
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
    if let Ok(members) = &found.answers.typed.said {
        line(format_args!("# typed        {}", said(members)));
    }
    if let Some(rule) = rules::compile(&text).rule {
        line(format_args!("#\n# {}", rules::render::databend(&rule, case.now)));
        if let (Some(sql), Ok(_)) = (typed::query(&text, case.now), &found.answers.typed.said) {
            line(format_args!("#\n# {sql}"));
        }
    }
    if let Some(obstacle) = obstacle(found) {
        line(format_args!("#\n# Cannot be played as it stands: {obstacle}."));
    }
    line(format_args!(""));
    for segment in &case.segments {
        line(format_args!("rule  {}: {}", segment.tag, segment.question.text));
    }
    line(format_args!("rule  clause: {text}\n"));
    let arrival = case.now.plus_micros(-1);
    for record in case.histories.values().flat_map(Known::records) {
        match record {
            LogRecord::Event(event) => {
                line(format_args!("at {arrival}  user-{}  {}", event.user_id, columns(&event)));
            }
            LogRecord::Traits(said) => {
                line(format_args!("identify {arrival}  user-{}  {}", said.user_id, traits(&said)))
            }
            LogRecord::Deletion(_) => {}
        }
    }
    line(format_args!("advance to {}", case.now));
    written
}

/// Returns what a scenario file has no way to say.
fn obstacle(found: &Mismatch) -> Option<&'static str> {
    let segments = found.case.segments.iter().map(|segment| segment.question.text.clone());
    let clause = segments.chain([found.case.clause.print()]).collect::<Vec<_>>().join(" ");
    if clause.contains("received_at") {
        return Some("when an event is received is when it arrives");
    }
    // A scenario counts its users in the order in which they come.
    let by_number = clause.contains("rollout") || clause.contains("user_id");
    let others = !is_numbered(&found.case.histories);
    (by_number && others).then_some("it hangs on the numbers of users, which are 1, 2, … when it is played")
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
        ("region", event.region.as_ref().map(ToString::to_string)),
        ("country", event.country.as_ref().map(ToString::to_string)),
        ("device_type", event.device_type.as_ref().map(ToString::to_string)),
        ("url", event.url.as_ref().map(ToString::to_string)),
        ("element_id", event.element_id.as_ref().map(ToString::to_string)),
        ("order_id", event.order_id.as_ref().map(ToString::to_string)),
        ("order_total", event.order_total.map(|total| total.to_string())),
        ("event_id", Some(event.event_id.to_string())),
        ("payload", Some(event.payload.as_str().to_owned()).filter(|payload| payload != "{}")),
    ];
    format!("{}{}", event.activity_type, assigned(&columns))
}

fn traits(said: &UserTraits) -> String {
    let columns =
        [("created_at", Some(said.created_at.to_string())), ("traits", Some(said.traits.as_str().to_owned()))];
    assigned(&columns).trim_start().to_owned()
}

/// Writes ` name=value` for each that is there.
fn assigned(columns: &[(&str, Option<String>)]) -> String {
    let mut written = String::new();
    for (name, value) in columns {
        if let Some(value) = value {
            let is_plain = matches!(*name, "payload" | "traits") || !value.contains([' ', '"', '#']);
            let value = if is_plain { value.clone() } else { format!("{value:?}") };
            written += &format!(" {name}={value}");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use schema::{SegmentTag, Timestamp, UserId};
    use serde_json::value::RawValue;

    use super::*;
    use crate::Random;
    use crate::prove::segments::{Question, Segment};
    use crate::prove::shrink::Case;
    use crate::prove::triple::Answers;
    use crate::prove::typed::Typed;
    use crate::prove::{Clause, Sort};

    #[test]
    fn a_saved_mismatch_plays_as_a_scenario() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let event = Event { region: Some("CA".into()), ..crate::event(UserId(1), 7, "page_viewed", now) };
        let member = vec![UserId(1)];
        let typed = Typed { said: Ok(member.clone()), fault: None };
        let answers = Answers { naive: member.clone(), incremental: None, rendered: Ok(member), typed };
        let loyal = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')";
        let clause = Clause::text(Sort::Boolean, format!("region = 'CA' AND created_at = now() AND {loyal}"));
        let said = UserTraits {
            user_id: UserId(1),
            event_id: event.event_id,
            created_at: now,
            received_at: now,
            traits: schema::Payload::new(RawValue::from_string(r#"{"plan":"the # one"}"#.to_owned()).unwrap()),
        };
        let segment = |tag, text: &str| Segment {
            tag: SegmentTag::new(tag).unwrap(),
            question: Question::new(Clause::text(Sort::Boolean, text)).unwrap(),
        };
        let pro = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'the # one')";
        let segments = vec![segment("loyal", pro)];
        let histories = [(UserId(1), Known { events: vec![event], said: vec![said] })].into();
        let case = Case { clause, segments, histories, now, random: Random::new(1) };
        let found = Mismatch { case, answers };
        let blessed = crate::scenario::bless(&scenario(&found)).unwrap();
        assert!(
            blessed.ends_with("advance to 2026-01-01T00:00:00Z\n    -> user-1 entered clause  (time)\n"),
            "{blessed}"
        );
    }
}
