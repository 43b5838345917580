//! Segments that clauses name: who is in which of them decides who is in others.

use std::collections::BTreeMap;

use engine::naive::{self, Person};
use rules::Rule;
use schema::{SegmentTag, Timestamp, UserId};

use super::Clause;
use super::history::{Histories, Known};

/// Who is in the segment, ascending.
pub type Members = Vec<UserId>;
/// The tags of the segments that each user is in.
pub type Memberships = BTreeMap<UserId, Vec<String>>;

/// A clause and what `compile` makes of it.
#[derive(Clone, Debug)]
pub struct Question {
    /// As a tree of texts.
    pub clause: Clause,
    /// As an analyst would type it.
    pub text: String,
    /// Its meaning.
    pub rule: Rule,
}

/// A segment that clauses name. In a list of them each can depend on those before it.
#[derive(Clone, Debug)]
pub struct Segment {
    /// By which it is named.
    pub tag: SegmentTag,
    /// Who is in it.
    pub question: Question,
}

impl Question {
    /// Compiles a clause; `None` when it is refused.
    pub fn new(clause: Clause) -> Option<Self> {
        let text = clause.print();
        let rule = rules::compile(&text).rule?;
        Some(Self { clause, text, rule })
    }
}

/// Asks the evaluator that looks at everything anew who is in each of the segments.
pub fn memberships(segments: &[Segment], histories: &Histories, now: Timestamp) -> Memberships {
    let of_user = |known: &Known| {
        let traits = known.texts_said();
        let mut tags = Vec::new();
        for segment in segments {
            let person = Person { events: &known.events, traits: &traits, segments: &tags };
            if naive::is_member_of(&segment.question.rule, &person, now) {
                tags.push(segment.tag.to_string());
            }
        }
        tags
    };
    histories.iter().map(|(user_id, known)| (*user_id, of_user(known))).collect()
}

/// Asks the evaluator that looks at everything anew.
pub fn ask_naive(rule: &Rule, histories: &Histories, inside: &Memberships, now: Timestamp) -> Members {
    let is_member = |(user_id, known): &(&UserId, &Known)| {
        let segments = inside.get(user_id).map_or(&[][..], Vec::as_slice);
        let person = Person { events: &known.events, traits: &known.texts_said(), segments };
        naive::is_member_of(rule, &person, now)
    };
    histories.iter().filter(is_member).map(|(user_id, _)| *user_id).collect()
}
