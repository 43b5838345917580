//! Segments in segments: which depend on which, and that none depends on itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Code, Diagnostic, ExprKind, Rule, Span};

impl Rule {
    /// Returns the tags of the segments that decide it, each once, with where the first one stands.
    pub fn segments(&self) -> BTreeMap<String, Span> {
        let mut tags = BTreeMap::new();
        self.expr.walk(&mut |part| {
            if let ExprKind::InSegment(tag) = &part.kind {
                tags.entry(tag.clone()).or_insert(part.span);
            }
        });
        tags
    }
}

/// Returns a way from a segment over those that it depends on back to itself, if there is one: the tag
/// at both ends. `dependencies` holds the tags that each segment's rule names.
pub fn segment_cycle(tag: &str, dependencies: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    // Ways that are not gone to their ends yet; no recursion, as chains have no limit.
    let mut open = vec![vec![tag.to_owned()]];
    while let Some(way) = open.pop() {
        let Some(next) = way.last().and_then(|last| dependencies.get(last)) else { continue };
        for step in next.iter().rev() {
            let longer: Vec<String> = way.iter().chain([step]).cloned().collect();
            if step == tag {
                return Some(longer);
            }
            if seen.insert(step.clone()) {
                open.push(longer);
            }
        }
    }
    None
}

/// Says that a segment depends on itself, and through which others.
pub fn cycle_diagnostic(cycle: &[String], span: Span) -> Diagnostic {
    let path = cycle.join(" → ");
    Diagnostic::error(Code::SegmentCycle, span, format!("the segment would depend on itself: {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    #[track_caller]
    fn check(edges: &[(&str, &str)], expected: Option<&str>) {
        let found = segment_cycle("a", &graph(edges)).map(|cycle| cycle.join(" "));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_cycle_is_told_with_its_path() {
        check(&[], None);
        check(&[("a", "a")], Some("a a"));
        check(&[("a", "b"), ("b", "c"), ("c", "a"), ("b", "d")], Some("a b c a"));
    }

    #[test]
    fn two_ways_to_one_segment_are_no_cycle() {
        check(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")], None);
        // Not through this segment.
        check(&[("a", "b"), ("b", "c"), ("c", "b")], None);
    }
}
