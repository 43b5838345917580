//! Random conditions on what is known of a user besides the events.

use crate::clauses::{COMPARISONS, INTERVALS};
use crate::{Clauses, Random};

/// Returns a random clause, parts of which are about traits and, as far as there are tags, about other segments.
pub fn clause_on_user(random: &mut Random, tags: &[String]) -> String {
    let event = crate::clause(random);
    let mut clauses = Clauses { random };
    let (first, second) = (clauses.person(tags), clauses.person(tags));
    match clauses.random.below(7) {
        0 => first,
        1 => format!("({first}) AND ({event})"),
        2 => format!("({first}) OR ({event})"),
        3 => format!("NOT ({first}) AND ({event})"),
        4 => format!("({first}) AND (({second}) OR ({event}))"),
        5 => format!("CASE WHEN {first} THEN count(*) > 2 ELSE {second} END"),
        _ => format!(
            "user_id IN (SELECT user_id FROM events e WHERE e.region IS NOT NULL AND {} GROUP BY user_id HAVING count(*) > 1)",
            first
                .replace("events.", "e.")
                .replace("user_id IN", "e.user_id IN")
                .replace("user_id NOT", "e.user_id NOT")
        ),
    }
}

impl Clauses<'_> {
    fn person(&mut self, tags: &[String]) -> String {
        if !tags.is_empty() && self.random.chance(50) {
            return self.in_segment(tags);
        }
        let (op, not) = (self.random.pick(&COMPARISONS), self.random.pick(&["", "NOT "]));
        match self.random.below(8) {
            0..=1 => format!("user_id {not}IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')"),
            2 => {
                format!("{not}EXISTS (SELECT 1 FROM users u WHERE u.user_id = events.user_id AND u.traits['n'] {op} 1)")
            }
            3 => format!("{not}EXISTS (SELECT 1 FROM users WHERE users.user_id = events.user_id)"),
            4 => format!("(SELECT traits->>'plan' FROM users u WHERE u.user_id = events.user_id) {op} 'free'"),
            5 => "(SELECT traits['n']::BIGINT FROM users u WHERE u.user_id = events.user_id) IS NULL".to_owned(),
            6 => format!("'pro' {not}IN (SELECT traits['plan'] FROM users u WHERE u.user_id = events.user_id)"),
            _ => format!(
                "(SELECT u.created_at FROM users u WHERE u.user_id = events.user_id) {op} now() - {}",
                self.random.pick(&INTERVALS)
            ),
        }
    }

    fn in_segment(&mut self, tags: &[String]) -> String {
        let (not, tag) = (self.random.pick(&["", "NOT "]), &tags[self.random.below(tags.len())]);
        match self.random.below(3) {
            0 => format!("user_id {not}IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')"),
            1 => format!("user_id {not}IN (SELECT user_id FROM segment_members WHERE segment IN ('{tag}', 'nowhere'))"),
            _ => format!(
                "{not}EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id AND m.segment = '{tag}')"
            ),
        }
    }
}
