//! The explanation: the tree of a clause's conditions, each with what it came to.

use std::collections::BTreeSet;

use rules::eval::{Scope as Names, evaluate};
use rules::plan::{children, plan};
use rules::{Aggregate, AggregateSpec, Column, Expr, ExprKind, Rule, Truth, UserColumn, Value};
use schema::{Event, EventId, Timestamp};

use super::condition::{Condition, Joint, Scope};
use super::describe::{Compared, compared};
use super::flip::{Until, until};
use super::inside::{Inside, Looked};
use super::known::Known;
use super::truths::Truths;
use crate::CatalogError;
use crate::naive::{Evaluation, Person};

/// How many events of a list are named.
const MAX_LISTED: usize = 20;
/// How many events an explanation goes through when each is looked at alone.
const MAX_EVENTS: usize = 10_000;
/// How many when each is compared with all others.
const MAX_EVENTS_COMPARED: usize = 1_000;

/// Why a user is in a segment, or is not, at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation<'r> {
    /// Whether the user is in it.
    pub holds: bool,
    /// How long that stays so while no event comes.
    pub until: Until,
    /// The whole clause.
    pub root: Explained<'r>,
}

/// What a part of a clause came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Explained<'r> {
    /// The part itself; its span is where it stands in the text.
    pub expr: &'r Expr,
    /// How `parts` make it.
    pub joint: Joint,
    /// What it depends on.
    pub scope: Scope,
    /// Whether it holds. What depends on one event is TRUE when some event makes it so, and FALSE
    /// when every event makes it FALSE.
    pub truth: Truth,
    /// How long it stays TRUE, or not TRUE, while no event comes.
    pub until: Until,
    /// What depends on one event: the events that make it TRUE. A condition on all events: those that
    /// count for it. `None` for what is made of such conditions.
    pub events: Option<Listed>,
    /// What a leaf compares.
    pub compared: Option<Compared>,
    /// The event that `compared` is about, for a leaf that depends on one: the latest one that makes it
    /// TRUE, or else the latest one.
    pub compared_of: Option<EventId>,
    /// For a leaf that is computed over retained events: those.
    pub retained: Option<Listed>,
    /// What such a leaf looks at, at that event.
    pub looks_at: Vec<Looked<'r>>,
    /// In the order of the text.
    pub parts: Vec<Self>,
}

/// Some events, the latest `created_at` first: how many there are, and the first of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// How many there are.
    pub total: usize,
    /// At most twenty.
    pub first: Vec<EventId>,
}

/// Returns how many events of a user an explanation of this rule goes through at most.
pub fn max_events(rule: &Rule) -> usize {
    if Condition::of(rule).is_interpreted() { MAX_EVENTS_COMPARED } else { MAX_EVENTS }
}

/// Explains a rule for a user at `now`.
pub fn explain<'r>(rule: &'r Rule, mut known: Known, now: Timestamp) -> Result<Explanation<'r>, CatalogError> {
    known.events.sort_by_key(|event| std::cmp::Reverse((event.created_at, event.event_id)));
    let conditions = Condition::of(rule);
    let rules = conditions.flattened().into_iter().map(Condition::rule).collect();
    let mut until = until(rules, &known, now)?.into_iter();
    let (traits, segments) = (known.said(), known.segments(now));
    let person = Person { events: &known.events, traits: &traits, segments: &segments };
    let user = User { events: &known.events, now, person, evaluation: Evaluation::new(person, now) };
    let (root, truths) = user.explained(&conditions, &mut until);
    let holds = !known.events.is_empty() && truths.of_some_event() == Truth::True;
    Ok(Explanation { holds, until: root.until, root })
}

/// One user's events at one instant.
struct User<'a> {
    /// The latest first.
    events: &'a [Event],
    now: Timestamp,
    person: Person<'a>,
    evaluation: Evaluation<'a>,
}

impl<'a> User<'a> {
    fn explained<'r: 'a>(
        &self,
        condition: &Condition<'r>,
        until: &mut impl Iterator<Item = Until>,
    ) -> (Explained<'r>, Truths) {
        // The whole comes before its parts.
        let until_then = until.next().unwrap_or(Until::Forever);
        let (parts, truths_of_parts): (Vec<_>, Vec<_>) =
            condition.parts.iter().map(|part| self.explained(part, until)).unzip();
        let truths = match condition.joint {
            Joint::Leaf => self.truths(condition),
            joint => Truths::joined(joint, &truths_of_parts.iter().collect::<Vec<_>>(), self.events.len()),
        };
        let whole = Explained {
            expr: condition.expr,
            joint: condition.joint,
            scope: condition.scope,
            truth: truths.of_some_event(),
            until: until_then,
            events: self.events_of(condition, &truths),
            compared: None,
            compared_of: None,
            retained: None,
            looks_at: Vec::new(),
            parts,
        };
        let explained = if condition.joint == Joint::Leaf { self.leaf(condition, whole, &truths) } else { whole };
        (explained, truths)
    }

    fn truths<'r: 'a>(&self, leaf: &Condition<'r>) -> Truths {
        let of = |event| Truth::of(&self.value(leaf.expr, event));
        match leaf.scope {
            Scope::User => Truths::Same(of(self.events.first())),
            Scope::Event => Truths::OfEach(self.events.iter().map(|event| of(Some(event))).collect()),
        }
    }

    /// Evaluates at an event; `None` is a user without any.
    fn value<'r: 'a>(&self, expr: &'r Expr, event: Option<&'a Event>) -> Value {
        match event {
            Some(event) => self.evaluation.value(expr, event),
            None => evaluate(expr, &NoEvents { now: self.now, evaluation: &self.evaluation }),
        }
    }

    fn events_of(&self, condition: &Condition<'_>, truths: &Truths) -> Option<Listed> {
        match (condition.scope, condition.joint) {
            (Scope::Event, _) => {
                let is_true = |(at, _): &(usize, &Event)| truths.at(*at) == Truth::True;
                Some(listed(self.events.iter().enumerate().filter(is_true).map(|(_, event)| event)))
            }
            _ => None,
        }
    }

    fn leaf<'r: 'a>(&self, condition: &Condition<'r>, whole: Explained<'r>, truths: &Truths) -> Explained<'r> {
        let latest_true = (0..self.events.len()).find(|at| truths.at(*at) == Truth::True);
        let event = self.events.get(latest_true.unwrap_or(0));
        let events = whole.events.unwrap_or_else(|| self.counted(condition.expr));
        let compared = compared(condition.expr, events.total, |expr| self.value(expr, event));
        let retained = self.retained(condition);
        let inside = Inside { person: self.person, evaluation: &self.evaluation, now: self.now };
        let looks_at = match event.filter(|_| retained.is_some()) {
            Some(event) => inside.looked_at(condition.expr, &[event]),
            None => Vec::new(),
        };
        Explained {
            compared: Some(compared),
            compared_of: event.filter(|_| condition.scope == Scope::Event).map(|event| event.event_id),
            retained,
            looks_at,
            events: Some(events),
            ..whole
        }
    }

    /// Lists the events that pass the filter of an aggregate of the condition.
    fn counted<'r: 'a>(&self, leaf: &'r Expr) -> Listed {
        let mut counted = BTreeSet::new();
        for aggregate in aggregates(leaf) {
            counted.extend(self.evaluation.counted(aggregate));
        }
        listed(counted.into_iter().map(|at| &self.events[at]))
    }

    /// Lists what is retained for a condition that is computed over it.
    fn retained(&self, condition: &Condition<'_>) -> Option<Listed> {
        let plan = plan(&condition.rule()).ok()?;
        let specs: Vec<&AggregateSpec> = plan.interpreted().collect();
        if specs.is_empty() {
            return None;
        }
        let rows = Evaluation::new(self.person, self.now);
        let is_retained = |event: &&Event| {
            specs.iter().any(|spec| {
                let passes = |filter| Truth::of(&rows.value(filter, event)) == Truth::True;
                spec.window.contains(event.created_at, self.now) && spec.filter.as_ref().is_none_or(passes)
            })
        };
        Some(listed(self.events.iter().filter(is_retained)))
    }
}

/// Returns the aggregates that stand in an expression, not those inside of them.
fn aggregates(expr: &Expr) -> Vec<&Aggregate> {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => vec![aggregate],
        _ => children(expr).into_iter().flat_map(aggregates).collect(),
    }
}

pub(super) fn listed<'e>(events: impl Iterator<Item = &'e Event>) -> Listed {
    events.fold(Listed::default(), |mut listed, event| {
        listed.total += 1;
        if listed.first.len() < MAX_LISTED {
            listed.first.push(event.event_id);
        }
        listed
    })
}

/// What a clause names when the user has no events.
struct NoEvents<'a> {
    now: Timestamp,
    evaluation: &'a Evaluation<'a>,
}

impl Names for NoEvents<'_> {
    fn column(&self, _: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Value {
        aggregate.function.over_nothing()
    }

    fn slot(&self, _: usize) -> Value {
        Value::Null
    }

    fn of_user(&self, column: UserColumn) -> Value {
        self.evaluation.of_user(column)
    }

    fn is_in_segment(&self, tag: &str) -> bool {
        self.evaluation.is_in_segment(tag)
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
