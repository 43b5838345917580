//! Random conditions on groups of joined events, and on values of them.

use crate::clauses::COMPARISONS;
use crate::{Clauses, Random};

/// What is asked of pairs of events v and p.
const VALUES: [&str; 17] = [
    "count(*)",
    "count(*)",
    "count(p.region)",
    "count(p.event_id)",
    "count(DISTINCT p.order_id)",
    "count(DISTINCT v.region)",
    "sum(p.order_total)",
    "sum(v.order_total - p.order_total)",
    "sum(length(v.region))",
    "avg(p.order_total)",
    "avg(length(p.region))",
    "min(p.order_total)",
    "max(v.order_total)",
    "sum(coalesce(p.order_total, 1))",
    "sum(DISTINCT p.order_total)",
    "avg(DISTINCT v.order_total)",
    "max(DISTINCT p.order_total)",
];
/// By what they are grouped besides the user, each of one of the tables.
const KEYS: [&str; 5] =
    ["v.region", "to_date(v.created_at)", "p.device_type", "v.payload->>'plan'", "p.region, p.activity_type"];
/// Likewise, of both.
const KEYS_OF_BOTH: [&str; 4] =
    ["v.region, p.region", "p.device_type, to_date(v.created_at)", "v.region || p.region", "p.order_id, v.order_id"];

/// Returns a random condition on pairs of the user's events.
pub fn clause_on_pairs(random: &mut Random) -> String {
    Clauses { random }.pairs()
}

impl Clauses<'_> {
    /// So many pairs, a group of pairs, or a value of them.
    pub(crate) fn pairs(&mut self) -> String {
        let kind = self.random.pick(&["JOIN", "JOIN", "LEFT JOIN"]);
        let (related, first) = (self.related("v", "p"), self.row("v.", 0));
        let second = match self.random.below(5) {
            0 => self.row("p.", 0),
            1 => "p.event_id IS NULL".to_owned(),
            2 => "p.order_total > v.order_total".to_owned(),
            _ => "TRUE".to_owned(),
        };
        let from = format!("FROM events v {kind} events p ON p.user_id = v.user_id AND {related}");
        let rows = format!("{from} WHERE {first} AND {second}");
        let tied = format!("{from} WHERE v.user_id = events.user_id AND {first} AND {second}");
        let value = self.value_of_pairs();
        let key = if self.random.chance(40) { self.random.pick(&KEYS_OF_BOTH) } else { self.random.pick(&KEYS) };
        // A row of a derived table is one event.
        let key_of_one = if kind == "JOIN" { self.random.pick(&KEYS) } else { self.random.pick(&KEYS[..2]) };
        let not = self.random.pick(&["", "NOT "]);
        match self.random.below(8) {
            0..=1 => format!("(SELECT {} {tied}) {}", value.0, value.1),
            2..=3 => {
                format!("user_id {not}IN (SELECT v.user_id {rows} GROUP BY v.user_id HAVING {} {})", value.0, value.1)
            }
            4..=5 => {
                format!(
                    "user_id {not}IN (SELECT v.user_id {rows} GROUP BY v.user_id, {key} HAVING {} {})",
                    value.0, value.1
                )
            }
            6 => format!("{not}EXISTS (SELECT 1 {tied} GROUP BY {key} HAVING {} {})", value.0, value.1),
            _ => format!(
                "user_id {not}IN (SELECT t.user_id FROM (SELECT v.user_id, {} AS n {rows} GROUP BY v.user_id, {key_of_one}) t WHERE t.n {})",
                value.0, value.1
            ),
        }
    }

    /// A value, and what it is compared with.
    fn value_of_pairs(&mut self) -> (String, String) {
        let (op, bound) = (self.random.pick(&COMPARISONS), self.random.below(5));
        match self.random.below(10) {
            0 => ("max(p.created_at)".to_owned(), format!("{op} now() - INTERVAL 10 SECOND")),
            1 => {
                let end = self.random.pick(&["arg_max", "arg_min"]);
                let value = self.random.pick(&["p.region", "v.region", "p.device_type"]);
                (format!("{end}({value}, v.created_at)"), format!("{op} 'CA'"))
            }
            2 => {
                let filter = self.row("p.", 0);
                (format!("count(*) FILTER (WHERE {filter})"), format!("{op} {bound}"))
            }
            _ => (self.random.pick(&VALUES).to_owned(), format!("{op} {bound}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Clauses, Random};

    #[test]
    fn random_conditions_on_pairs_compile_unless_they_are_too_large() {
        let mut random = Random::new(1);
        let clauses: Vec<String> = (0..200).map(|_| Clauses { random: &mut random }.pairs()).collect();
        for text in &clauses {
            let compiled = rules::compile(text);
            let errors = compiled.diagnostics.iter().filter(|found| found.severity == rules::Severity::Error);
            let others: Vec<_> = errors.filter(|error| error.code != rules::Code::Limits).collect();
            assert!(others.is_empty(), "{text}\n{others:#?}");
        }
        let accepted = clauses.iter().filter(|text| rules::compile(text).rule.is_some()).count();
        assert!(accepted > 150, "only {accepted} of 200 compile");
    }
}
