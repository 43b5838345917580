//! The rules of the workload: what a template says, as a where clause and as the peers read it.

use crate::names::{ACTIVITIES, COUNTRIES, DEVICES, REGIONS};
use crate::random::Random;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// How many kinds of rules there are; rule k is of kind k modulo this.
const TEMPLATES: u64 = 12;

/// A condition on what a user did.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// The column's latest value is this.
    Latest {
        column: &'static str,
        value: &'static str,
    },
    Count {
        of: Counted,
        within: Option<u64>,
        op: &'static str,
        threshold: u64,
    },
    Sum {
        within: u64,
        op: &'static str,
        cents: u64,
    },
    /// Put something into the cart lately, and bought nothing since.
    CartLeft {
        within: u64,
    },
}

/// Which events count.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Counted {
    activity: Option<&'static str>,
    about: Option<(&'static str, String)>,
}

/// Returns the first rules of a seed.
pub(crate) fn rules(count: u64, seed: u64) -> Vec<Condition> {
    let mut random = Random::new(seed ^ 0x5EED);
    (0..count).map(|number| rule(number % TEMPLATES, &mut random)).collect()
}

/// Writes the rules as the peers read them.
pub(crate) fn as_json(rules: &[Condition]) -> String {
    let lines = rules
        .iter()
        .zip(0_u64..)
        .map(|(rule, number)| format!(r#"{{"id":{number},"tpl":{},"expr":{}}}"#, number % TEMPLATES, rule.json()));
    format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"))
}

/// Draws the constants of a template; their order is the specification.
fn rule(template: u64, random: &mut Random) -> Condition {
    use Condition::{All, Any, CartLeft, Sum};
    match template {
        0 => All(vec![region(random), not(any("product_purchased", random.pick(&[7 * DAY, 14 * DAY, 30 * DAY])))]),
        1 => {
            let (device, views) = (device(random), 3 + random.below(18));
            let lapsed = not(anything(random.pick(&[3 * DAY, 7 * DAY, 14 * DAY])));
            All(vec![device, count("page_viewed", None, ">=", views), lapsed])
        }
        2 => {
            let country = country(random);
            let within = random.pick(&[7 * DAY, 30 * DAY, 90 * DAY]);
            All(vec![country, Sum { within, op: ">", cents: 1000 * (1 + random.below(100)) }])
        }
        3 => All(vec![region(random), CartLeft { within: random.pick(&[HOUR, 6 * HOUR, DAY, 3 * DAY]) }]),
        4 => {
            let (device, activity, threshold) = (device(random), random.pick(&ACTIVITIES), 2 + random.below(19));
            let within = random.pick(&[HOUR, DAY, 7 * DAY, 30 * DAY]);
            All(vec![device, count(activity, Some(within), ">=", threshold)])
        }
        5 => {
            let (region, activity) = (region(random), random.pick(&ACTIVITIES));
            All(vec![region, any(activity, random.pick(&[HOUR, DAY, 7 * DAY]))])
        }
        6 => {
            let fraction = random.fraction();
            let button = format!("btn-{}", (200.0 * fraction * fraction) as u64);
            let threshold = 1 + random.below(3);
            let within = random.pick(&[7 * DAY, 30 * DAY]);
            let of = Counted { activity: Some("clicked"), about: Some(("element_id", button)) };
            Condition::Count { of, within: Some(within), op: ">=", threshold }
        }
        7 => {
            let fraction = random.fraction();
            let page = format!("/p/{}", (1000.0 * fraction * fraction * fraction) as u64);
            let within = random.pick(&[DAY, 7 * DAY, 30 * DAY]);
            let of = Counted { activity: Some("page_viewed"), about: Some(("url", page)) };
            let viewed = Condition::Count { of, within: Some(within), op: ">=", threshold: 1 };
            All(vec![viewed, not(any("product_purchased", within))])
        }
        8 => {
            let region = region(random);
            All(vec![region, not(anything(random.pick(&[DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY])))])
        }
        9 => {
            let (region, least) = (region(random), 1 + random.below(3));
            let most = least + random.below(3);
            let within = Some(random.pick(&[7 * DAY, 30 * DAY]));
            let bought = |op, threshold| count("product_purchased", within, op, threshold);
            All(vec![region, bought(">=", least), bought("<=", most)])
        }
        10 => {
            let (device, within) = (device(random), random.pick(&[30 * DAY, 90 * DAY]));
            let spent = Sum { within, op: "<=", cents: 100 * random.pick(&[50, 100, 200]) };
            All(vec![device, spent, anything(random.pick(&[DAY, 3 * DAY, 7 * DAY]))])
        }
        _ => {
            let (one, other, country) = (region(random), region(random), country(random));
            let (activity, threshold) = (random.pick(&ACTIVITIES), 2 + random.below(9));
            let within = random.pick(&[DAY, 7 * DAY, 30 * DAY]);
            let active = All(vec![country, count(activity, Some(within), ">=", threshold)]);
            Any(vec![Any(vec![one, other]), active])
        }
    }
}

fn region(random: &mut Random) -> Condition {
    Condition::Latest { column: "region", value: random.pick(&REGIONS) }
}

fn country(random: &mut Random) -> Condition {
    Condition::Latest { column: "country", value: random.pick(&COUNTRIES) }
}

fn device(random: &mut Random) -> Condition {
    Condition::Latest { column: "device_type", value: random.pick(&DEVICES) }
}

fn count(activity: &'static str, within: Option<u64>, op: &'static str, threshold: u64) -> Condition {
    Condition::Count { of: Counted { activity: Some(activity), about: None }, within, op, threshold }
}

fn any(activity: &'static str, within: u64) -> Condition {
    count(activity, Some(within), ">=", 1)
}

fn anything(within: u64) -> Condition {
    let of = Counted { activity: None, about: None };
    Condition::Count { of, within: Some(within), op: ">=", threshold: 1 }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

impl Condition {
    fn json(&self) -> String {
        let list = |parts: &[Self]| parts.iter().map(Self::json).collect::<Vec<_>>().join(",");
        match self {
            Self::All(parts) => format!(r#"{{"and":[{}]}}"#, list(parts)),
            Self::Any(parts) => format!(r#"{{"or":[{}]}}"#, list(parts)),
            Self::Not(part) => format!(r#"{{"not":{}}}"#, part.json()),
            Self::Latest { column, value } => format!(r#"{{"attr":"{column}","eq":"{value}"}}"#),
            Self::Count { of, within, op, threshold } => {
                let (field, value) = match &of.about {
                    Some((field, value)) => (quoted(Some(field)), quoted(Some(value))),
                    None => (quoted(None), quoted(None)),
                };
                let within = within.map_or("null".to_owned(), |seconds| seconds.to_string());
                let counted = format!(r#""act":{},"field":{field},"val":{value},"w":{within}"#, quoted(of.activity));
                format!(r#"{{"cnt":{{{counted}}},"cmp":"{op}","n":{threshold}}}"#)
            }
            Self::Sum { within, op, cents } => {
                format!(r#"{{"sum":{{"act":"product_purchased","w":{within}}},"cmp":"{op}","x_cents":{cents}}}"#)
            }
            Self::CartLeft { within } => {
                format!(r#"{{"since":{{"a":"added_to_cart","b":"product_purchased","w":{within}}}}}"#)
            }
        }
    }

    /// Returns the where clause that an analyst would write for it.
    pub(crate) fn clause(&self) -> String {
        let joined = |parts: &[Self], with: &str| parts.iter().map(Self::clause).collect::<Vec<_>>().join(with);
        match self {
            Self::All(parts) => format!("({})", joined(parts, " AND ")),
            Self::Any(parts) => format!("({})", joined(parts, " OR ")),
            Self::Not(part) => format!("NOT {}", part.clause()),
            Self::Latest { column, value } => format!("arg_max({column}, created_at) = '{value}'"),
            Self::Count { of, within, op: ">=", threshold: 1 } => of.exists(*within),
            Self::Count { of, within, op, threshold } => format!("count(*){} {op} {threshold}", of.filter(*within)),
            Self::Sum { within, op, cents } => {
                let purchases = Counted { activity: Some("product_purchased"), about: None };
                let sum = format!("sum(order_total){}", purchases.filter(Some(*within)));
                format!("coalesce({sum}, 0) {op} {}", cents / 100)
            }
            Self::CartLeft { within } => {
                let last = |activity| format!("max(created_at) FILTER (WHERE activity_type = '{activity}')");
                let (cart, purchase) = (last("added_to_cart"), last("product_purchased"));
                format!(
                    "({cart} > now() - {} AND coalesce({purchase}, TIMESTAMP '1970-01-01 00:00:00') <= {cart})",
                    interval(*within)
                )
            }
        }
    }
}

impl Counted {
    fn conditions(&self, within: Option<u64>) -> Vec<String> {
        let activity = self.activity.map(|activity| format!("activity_type = '{activity}'"));
        let about = self.about.as_ref().map(|(column, value)| format!("{column} = '{value}'"));
        let window = within.map(|seconds| format!("created_at > now() - {}", interval(seconds)));
        [activity, about, window].into_iter().flatten().collect()
    }

    fn filter(&self, within: Option<u64>) -> String {
        format!(" FILTER (WHERE {})", self.conditions(within).join(" AND "))
    }

    fn exists(&self, within: Option<u64>) -> String {
        let conditions: String =
            self.conditions(within).iter().map(|condition| format!(" AND e.{condition}")).collect();
        format!("EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id{conditions})")
    }
}

fn interval(seconds: u64) -> String {
    match seconds {
        seconds if seconds.is_multiple_of(DAY) => format!("INTERVAL {} DAY", seconds / DAY),
        seconds => format!("INTERVAL {} HOUR", seconds / HOUR),
    }
}

fn quoted(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), |text| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn the_rules_are_those_of_the_specification() {
        let text = as_json(&rules(24, 7));
        assert_eq!(format!("{:016x}", xxh3_64(text.as_bytes())), "3e9cc31b8b7e2d35");
    }

    #[test]
    fn every_rule_is_a_clause_that_compiles_without_a_warning() {
        for rule in rules(120, 42) {
            let compiled = ::rules::compile(&rule.clause());
            assert!(compiled.rule.is_some(), "{}: {:?}", rule.clause(), compiled.diagnostics);
        }
    }
}
