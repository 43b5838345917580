//! What is asked, as definitions that a catalog can be frozen of.

use std::sync::Arc;

use engine::{Catalog, CatalogError};
use rules::{ExprKind, Rule};
use schema::{Definitions, Generation, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp};

/// Which users a clause selects, and which the segment has that it is compared with.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The clause, the segment that it is compared with, those that either depends on, and everybody.
    pub(super) catalog: Arc<Catalog>,
    /// Stands for the clause.
    pub(super) asked: SegmentId,
    /// What it is compared with.
    pub(super) live: Option<SegmentId>,
    /// Stands for all users that have an event.
    pub(super) everybody: SegmentId,
    /// Whether any of it is about what was said of users.
    pub(super) reads_traits: bool,
    /// The same as queries, unless it depends on other segments: those no history holds.
    queries: Option<Arc<Queries>>,
}

/// What can be asked of a history that has a query language.
#[derive(Debug)]
struct Queries {
    asked: Rule,
    live: Option<Rule>,
}

impl Question {
    /// Takes a clause that compiles and the definitions that matter: with what it is compared, and those that either
    /// depends on, each once.
    pub(super) fn new(
        clause: &str,
        live: Option<SegmentId>,
        mut segments: Vec<SegmentDefinition>,
    ) -> Result<Self, CatalogError> {
        let last = segments.iter().map(|definition| definition.segment_id.0).max().unwrap_or(0);
        let (asked, everybody) = (SegmentId(last + 1), SegmentId(last + 2));
        let queries = Queries::of(clause, live, &segments).map(Arc::new);
        for (segment_id, where_statement) in [(asked, clause), (everybody, "")] {
            let tag = free_tag(&segments);
            let where_statement = where_statement.to_owned();
            segments.extend(tag.map(|tag| SegmentDefinition {
                segment_id,
                tag,
                version: SegmentVersion(1),
                where_statement,
            }));
        }
        segments.sort_by_key(|definition| definition.segment_id);
        let rules = segments.iter().filter_map(|definition| rules::compile(&definition.where_statement).rule);
        let reads_traits = rules.into_iter().any(|rule| reads_traits(&rule));
        let catalog = Arc::new(Catalog::freeze(&Definitions { generation: Generation(1), segments })?);
        Ok(Self { catalog, asked, live, everybody, reads_traits, queries })
    }

    /// Returns it as queries on Databend: the clause, and with what it is compared.
    pub(super) fn rendered(&self, as_of: Timestamp) -> Option<(String, Option<String>)> {
        let Queries { asked, live } = &**self.queries.as_ref()?;
        let render = |rule| rules::render::databend(rule, as_of);
        Some((render(asked), live.as_ref().map(render)))
    }
}

impl Queries {
    fn of(clause: &str, live: Option<SegmentId>, segments: &[SegmentDefinition]) -> Option<Self> {
        let rule = |text: &str| rules::compile(text).rule.filter(|rule| rule.segments().is_empty());
        let live = live.and_then(|live| segments.iter().find(|definition| definition.segment_id == live));
        let live_rule = live.map(|live| rule(&live.where_statement));
        Some(Self {
            asked: rule(clause)?,
            live: match live_rule {
                Some(rule) => Some(rule?),
                None => None,
            },
        })
    }
}

fn reads_traits(rule: &Rule) -> bool {
    let mut reads = false;
    rule.expr.walk(&mut |part| reads |= matches!(part.kind, ExprKind::OfUser(_)));
    reads
}

/// Returns a tag that none of the others has.
fn free_tag(segments: &[SegmentDefinition]) -> Option<SegmentTag> {
    let mut tags = (0..=segments.len()).filter_map(|number| SegmentTag::new(&format!("preview-{number}")));
    tags.find(|tag| segments.iter().all(|definition| definition.tag != *tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(id: i64, tag: &str, clause: &str) -> SegmentDefinition {
        SegmentDefinition {
            segment_id: SegmentId(id),
            tag: SegmentTag::new(tag).unwrap(),
            version: SegmentVersion(1),
            where_statement: clause.to_owned(),
        }
    }

    #[test]
    fn what_stands_for_the_clause_is_nobody_elses() {
        let others = vec![definition(7, "preview-0", "region = 'CA'"), definition(2, "preview-2", "")];
        let question = Question::new("region = 'NY'", Some(SegmentId(7)), others).unwrap();
        assert_eq!((question.asked, question.everybody), (SegmentId(8), SegmentId(9)));
        assert_eq!((question.live, question.reads_traits), (Some(SegmentId(7)), false));
    }

    #[test]
    fn what_depends_on_other_segments_is_no_query() {
        let in_west = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'west')";
        let west = || definition(1, "west", "region = 'CA'");
        let question = Question::new("region = 'NY'", Some(SegmentId(1)), vec![west()]).unwrap();
        let (asked, live) = question.rendered(Timestamp::default()).unwrap();
        assert!(asked.contains("'NY'") && live.as_ref().is_some_and(|live| live.contains("'CA'")), "{asked}; {live:?}");
        assert!(Question::new(in_west, None, vec![west()]).unwrap().rendered(Timestamp::default()).is_none());
        let both = vec![west(), definition(2, "both", in_west)];
        assert!(Question::new("", Some(SegmentId(2)), both).unwrap().rendered(Timestamp::default()).is_none());
    }

    #[test]
    fn traits_are_read_when_any_of_the_clauses_is_about_them() {
        let pro = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')";
        assert!(Question::new(pro, None, Vec::new()).unwrap().reads_traits);
        assert!(Question::new("", Some(SegmentId(1)), vec![definition(1, "pro", pro)]).unwrap().reads_traits);
        let inside = format!("count(*) FILTER (WHERE {pro}) > 1");
        assert!(rules::compile(&inside).rule.is_none_or(|rule| reads_traits(&rule)));
    }
}
