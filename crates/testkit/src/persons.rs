//! Random conditions on what is known of a user besides the events.

use crate::clauses::{COMPARISONS, INTERVALS};
use crate::{Clauses, Random};

/// The ways to a trait: there or not, of any kind.
const TRAITS: [&str; 8] = [
    "traits['plan']",
    "traits['n']",
    "traits['n']",
    "traits:plan",
    "traits['a'][1]",
    "traits['a']['b']",
    "traits['a']",
    "traits['missing']",
];
const CASTS: [&str; 5] = ["BIGINT", "DECIMAL(10, 1)", "DOUBLE", "VARCHAR", "BOOLEAN"];

/// Returns a random clause, parts of which are about traits and, as far as there are tags, about other segments.
pub fn clause_on_user(random: &mut Random, tags: &[String]) -> String {
    let event = crate::clause(random);
    let mut clauses = Clauses { random };
    let (first, second) = (clauses.person(tags), clauses.person(tags));
    // What is known of the user, asked at the events of a subquery.
    let inside = |condition: &str| {
        let condition = condition.replace("events.", "e.");
        condition.replace("user_id IN", "e.user_id IN").replace("user_id NOT", "e.user_id NOT")
    };
    match clauses.random.below(13) {
        0 => first,
        1 => format!("({first}) AND ({event})"),
        2 => format!("({first}) OR ({event})"),
        3 => format!("NOT ({first}) AND ({event})"),
        4 => format!("({first}) AND (({second}) OR ({event}))"),
        5 => format!("CASE WHEN {first} THEN count(*) > 2 ELSE {second} END"),
        6 => {
            let (op, bound) = (clauses.random.pick(&COMPARISONS), clauses.random.below(3));
            format!("count(*) FILTER (WHERE ({first}) AND {}) {op} {bound}", clauses.row("", 0))
        }
        7 => {
            let (op, path) = (clauses.random.pick(&COMPARISONS), clauses.random.pick(&TRAITS));
            format!("payload['plan'] {op} (SELECT {path} FROM users u WHERE u.user_id = events.user_id)")
        }
        8 => format!(
            "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at AND ({} OR {}))",
            inside(&first),
            clauses.row("e.", 0)
        ),
        9 => {
            let (op, path) = (clauses.random.pick(&COMPARISONS), clauses.random.pick(&TRAITS));
            format!(
                "(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND (e.payload['n'] {op} (SELECT u.{path} FROM \
                 users u WHERE u.user_id = e.user_id) OR {})) {op} {}",
                inside(&first),
                clauses.random.below(3)
            )
        }
        10 => {
            let (op, bound) = (clauses.random.pick(&COMPARISONS), clauses.random.below(3));
            format!(
                "count(*) FILTER (WHERE ({first}) OR {} AND {}) {op} {bound}",
                clauses.row("", 0),
                clauses.window("")
            )
        }
        11 => format!(
            "EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.region AND {} WHERE \
             v.user_id = events.user_id AND p.event_id IS NULL)",
            inside(&first).replace("e.user_id", "p.user_id")
        ),
        _ => format!(
            "user_id IN (SELECT user_id FROM events e WHERE e.region IS NOT NULL AND {} GROUP BY user_id HAVING count(*) > 1)",
            inside(&first)
        ),
    }
}

impl Clauses<'_> {
    fn person(&mut self, tags: &[String]) -> String {
        if !tags.is_empty() && self.random.chance(45) {
            return self.in_segment(tags);
        }
        let (op, not) = (self.random.pick(&COMPARISONS), self.random.pick(&["", "NOT "]));
        let condition = self.on_traits();
        match self.random.below(10) {
            0..=1 => format!("user_id {not}IN (SELECT user_id FROM users WHERE {condition})"),
            2..=4 => {
                format!("{not}EXISTS (SELECT 1 FROM users u WHERE u.user_id = events.user_id AND {condition})")
            }
            5 => format!("{not}EXISTS (SELECT 1 FROM users WHERE users.user_id = events.user_id)"),
            6 => format!("(SELECT traits->>'plan' FROM users u WHERE u.user_id = events.user_id) {op} 'free'"),
            7 => {
                let (path, to) = (self.random.pick(&TRAITS), self.random.pick(&CASTS));
                format!("(SELECT {path}::{to} FROM users u WHERE u.user_id = events.user_id) IS NULL")
            }
            8 => {
                let (value, path) = (self.random.pick(&["'pro'", "1", "NULL"]), self.random.pick(&TRAITS));
                format!("{value} {not}IN (SELECT {path} FROM users u WHERE u.user_id = events.user_id)")
            }
            _ => {
                let interval = self.random.pick(&INTERVALS);
                let time = self.random.pick(&["u.created_at", "traits['since']::TIMESTAMP"]);
                format!("(SELECT {time} FROM users u WHERE u.user_id = events.user_id) {op} now() - {interval}")
            }
        }
    }

    /// A condition on the traits of a row of `users`.
    fn on_traits(&mut self) -> String {
        let (op, not) = (self.random.pick(&COMPARISONS), self.random.pick(&["", "NOT "]));
        let (path, to) = (self.random.pick(&TRAITS), self.random.pick(&CASTS));
        match self.random.below(12) {
            0 => format!("{path} = 'pro'"),
            1 => format!("{path} {op} {}", self.random.pick(&["1", "2.5", "'1'", "'pro'", "TRUE", "0"])),
            2 => format!("{path} {not}IN ('pro', '1', NULL)"),
            3 => format!("{path} IN (1, 2.5)"),
            4 => format!("{path} IS {not}NULL"),
            5 => format!("traits->>'plan' {not}LIKE {}", self.random.pick(&["'p%'", "'%r_'", "''"])),
            6 => format!("{path} IS {not}DISTINCT FROM {}", self.random.pick(&["'pro'", "1", "NULL"])),
            7 => format!("CASE WHEN {path} = 'pro' THEN traits['n'] > 1 ELSE traits['n'] IS NULL END"),
            8 => format!("{path}::BIGINT {op} {}", self.random.below(3)),
            9 => format!("coalesce({path}::{to}::VARCHAR, 'none') {op} '1'"),
            10 => format!("traits['n'] {op} {path}"),
            _ => format!("traits['since']::TIMESTAMP {op} now() - {}", self.random.pick(&INTERVALS)),
        }
    }

    fn in_segment(&mut self, tags: &[String]) -> String {
        let (not, tag) = (self.random.pick(&["", "NOT "]), &tags[self.random.below(tags.len())]);
        match self.random.below(4) {
            0 => format!("user_id {not}IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')"),
            1 => format!("user_id {not}IN (SELECT user_id FROM segment_members WHERE segment IN ('{tag}', 'nowhere'))"),
            2 => format!("'{tag}' {not}IN (SELECT segment FROM segment_members m WHERE m.user_id = events.user_id)"),
            _ => format!(
                "{not}EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id AND m.segment = '{tag}')"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_random_conditions_on_users_compile() {
        let mut random = Random::new(1);
        let tags = ["a".to_owned()];
        let clauses: Vec<String> = (0..300).map(|_| Clauses { random: &mut random }.person(&tags)).collect();
        let refused: Vec<&String> = clauses.iter().filter(|text| rules::compile(text).rule.is_none()).collect();
        assert!(refused.len() < 15, "{} of 300 are refused: {refused:#?}", refused.len());
    }
}
