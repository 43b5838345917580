//! Other segments, by which a clause can ask who is in them (`segment_members`).

use std::collections::{BTreeMap, BTreeSet};

use rules::{Rule, Span, cycle_diagnostic, segment_cycle};
use schema::SegmentTag;

use super::explain::underlined;

/// A segment as it is given on the command line: `TAG: CLAUSE`, as in a scenario file.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) tag: SegmentTag,
    pub(super) clause: String,
}

/// One that compiles.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) tag: SegmentTag,
    pub(super) clause: String,
    pub(super) rule: Rule,
}

/// Reads `TAG: CLAUSE`.
pub(super) fn parse(text: &str) -> Result<Given, String> {
    let (tag, clause) = text.split_once(':').ok_or("expected `TAG: CLAUSE`")?;
    let tag = tag.trim();
    let tag = SegmentTag::try_from(tag.to_owned()).map_err(|problem| format!("`{tag}`: {problem}"))?;
    Ok(Given { tag, clause: clause.trim().to_owned() })
}

/// Compiles the segments and orders them so that each names only those before it.
///
/// Returns everything that is wrong with them, as people read it; also that the clause (or one of them)
/// names a segment which is not among them, or one itself.
pub(super) fn ordered(given: &[Given], rule: &Rule) -> Result<Vec<Segment>, Vec<String>> {
    let mut wrong = Vec::new();
    let mut segments = BTreeMap::new();
    for Given { tag, clause } in given {
        let compiled = rules::compile(clause);
        let told = compiled.diagnostics.iter().map(|found| format!("segment {tag}: {}", underlined(clause, found)));
        match compiled.rule {
            None => wrong.extend(told),
            Some(rule) => {
                let segment = Segment { tag: tag.clone(), clause: clause.clone(), rule };
                if segments.insert(tag.to_string(), segment).is_some() {
                    wrong.push(format!("segment {tag}: it is given twice"));
                }
            }
        }
    }
    if wrong.is_empty() {
        wrong.extend(unknown(rule, &segments));
        segments.values().for_each(|one| wrong.extend(unknown(&one.rule, &segments)));
        wrong.extend(cycles(&segments));
    }
    if wrong.is_empty() { Ok(in_order(segments)) } else { Err(wrong) }
}

fn unknown(rule: &Rule, segments: &BTreeMap<String, Segment>) -> Vec<String> {
    let missing = rule.segments().into_keys().filter(|tag| !segments.contains_key(tag));
    let told = |tag| {
        format!("error[unknown_segment]: there is no segment `{tag}`; say who is in it: --segment '{tag}: CLAUSE'")
    };
    missing.map(told).collect()
}

fn cycles(segments: &BTreeMap<String, Segment>) -> Option<String> {
    let dependencies = segments.iter().map(|(tag, segment)| (tag.clone(), named(segment))).collect();
    let cycle = segments.keys().find_map(|tag| segment_cycle(tag, &dependencies))?;
    let diagnostic = cycle_diagnostic(&cycle, Span { start: 0, end: 0 });
    Some(format!("error[{}]: {}", diagnostic.code.as_str(), diagnostic.message))
}

fn named(segment: &Segment) -> BTreeSet<String> {
    segment.rule.segments().into_keys().collect()
}

/// There is no cycle, so every pass over what is left finds some that name only those taken already.
fn in_order(mut left: BTreeMap<String, Segment>) -> Vec<Segment> {
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let tags: BTreeSet<String> = left.keys().cloned().collect();
        let (next, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            left.into_iter().partition(|(_, segment)| named(segment).is_disjoint(&tags));
        debug_assert!(!next.is_empty(), "a cycle is left");
        if next.is_empty() {
            break;
        }
        ordered.extend(next.into_values());
        left = rest;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_segment(tag: &str) -> String {
        format!("user_id IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')")
    }

    #[track_caller]
    fn check(given: &[(&str, &str)], clause: &str, expected: Result<&[&str], &str>) {
        let given: Vec<Given> = given.iter().map(|(tag, clause)| parse(&format!("{tag}: {clause}")).unwrap()).collect();
        let rule = rules::compile(clause).rule.unwrap();
        match (ordered(&given, &rule), expected) {
            (Ok(segments), Ok(tags)) => {
                let found: Vec<String> = segments.iter().map(|segment| segment.tag.to_string()).collect();
                assert_eq!(found, tags);
            }
            (Err(wrong), Err(part)) => assert!(wrong.join("\n").contains(part), "{wrong:?}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn each_comes_after_those_that_it_names() {
        let (b, c) = (in_segment("b"), in_segment("c"));
        check(&[("a", &b), ("b", &c), ("c", "region = 'CA'")], &in_segment("a"), Ok(&["c", "b", "a"]));
    }

    #[test]
    fn what_is_wrong_with_them_is_told() {
        let (a, b) = (in_segment("a"), in_segment("b"));
        check(&[("a", "regoin = 'CA'")], "TRUE", Err("segment a: error[unknown_column]"));
        check(&[("a", "TRUE"), ("a", "TRUE")], "TRUE", Err("given twice"));
        check(&[("a", &b), ("b", &a)], "TRUE", Err("depend on itself: a → b → a"));
        check(&[("b", "TRUE")], &a, Err("there is no segment `a`"));
        check(&[("b", &a)], "TRUE", Err("there is no segment `a`"));
        assert!(parse("TRUE").is_err());
        assert!(parse("no tag!: TRUE").is_err());
    }
}
