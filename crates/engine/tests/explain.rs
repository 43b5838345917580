//! An explanation says of every part of a clause what the naive evaluator says of it, now and until the
//! instant that it names. A failure prints its seed; `SHOAL_SEED` runs it alone, `SHOAL_CASES` more.

use std::collections::BTreeSet;

use engine::explain::{Explained, Joint, Known, Scope, Until, explain};
use engine::naive::{is_member, next_candidates};
use rules::{Rule, Truth, Value};
use schema::{Event, EventId, LogRecord, Timestamp, UserId};
use testkit::{History, Input, Random, clause, event, for_each_seed};

fn known(events: &[Event]) -> Known {
    Known { events: events.to_vec(), ..Known::default() }
}

/// The events of one user's history, each once, and the last instant of it.
fn history(seed: u64, count: usize) -> (Vec<Event>, Timestamp) {
    let (mut seen, mut events, mut last) = (BTreeSet::new(), Vec::new(), Timestamp::from_micros(0));
    for input in History::new(seed, 1).inputs(count) {
        if let Input::Record(record, now) = input {
            last = last.max(now);
            match record {
                LogRecord::Event(event) if seen.insert(event.event_id) => events.push(event),
                _ => {}
            }
        }
    }
    (events, last)
}

fn parts<'e, 'r>(explained: &'e Explained<'r>, visit: &mut impl FnMut(&'e Explained<'r>)) {
    visit(explained);
    explained.parts.iter().for_each(|part| parts(part, visit));
}

#[track_caller]
fn check(text: &str, events: &[Event], now: Timestamp, random: &mut Random) {
    let rule = rules::compile(text).rule.expect("was compiled before");
    let explanation = explain(&rule, known(events), now).expect("explains what compiles");
    assert_eq!(explanation.holds, is_member(&rule, events, now), "{text} at {now}");
    assert_eq!(explanation.until, explanation.root.until);
    parts(&explanation.root, &mut |part| {
        let alone = Rule { expr: part.expr.clone() };
        let at = |instant| is_member(&alone, events, instant);
        let said = format!("`{}` of `{text}` at {now}: {part:?}", rules::render::canonical(&alone));
        assert_eq!(part.truth == Truth::True && !events.is_empty(), at(now), "{said}");
        let candidates = next_candidates(&alone, events);
        let first = candidates.partition_point(|candidate| *candidate <= now);
        let until = match part.until {
            Until::At(until) => {
                assert!(until > now, "{said}");
                assert_ne!(at(until), at(now), "{said}");
                assert_eq!(at(until.plus_micros(-1)), at(now), "{said}");
                until
            }
            Until::Forever => Timestamp::MAX,
            Until::AtLeast(_) => panic!("so few events have few timers: {said}"),
        };
        let between: Vec<Timestamp> =
            candidates[first..].iter().copied().take_while(|candidate| *candidate < until).collect();
        // All of them when they are few, else some of them.
        let step = 1 + random.below(1 + between.len() / 40);
        for candidate in between.into_iter().step_by(step) {
            assert_eq!(at(candidate), at(now), "at {candidate} {said}");
        }
        assert_eq!(part.joint == Joint::Leaf, part.compared.is_some(), "{said}");
        if part.scope == Scope::Event {
            let listed = part.events.as_ref().expect("what depends on one event lists them");
            assert_eq!(listed.total > 0, at(now), "{said}");
        }
    });
}

fn compiling(random: &mut Random) -> String {
    let text = std::iter::repeat_with(|| clause(random)).take(500);
    let mut text = text.filter(|text| rules::compile(text).rule.is_some());
    text.next().expect("one of 500 random clauses compiles")
}

#[test]
fn every_part_is_what_the_naive_evaluator_says_until_the_instant_that_is_named() {
    for_each_seed(250, |seed| {
        let mut random = Random::new(seed);
        let text = compiling(&mut random);
        let count = random.below(14);
        let (events, last) = history(seed, count);
        check(&text, &events, last, &mut random);
        let rule = rules::compile(&text).rule.expect("compiles");
        let candidates = next_candidates(&rule, &events);
        for _ in 0..2 {
            let now = if candidates.is_empty() { last } else { candidates[random.below(candidates.len())] };
            check(&text, &events, now, &mut random);
        }
    });
}

const SECOND: i64 = 1_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * SECOND)
}

fn id(number: u128) -> EventId {
    event(UserId(1), number, "", at(0)).event_id
}

/// Views at 10, 20 and 30 (ids 1 to 3), a purchase at 25 (id 4).
fn some_events() -> Vec<Event> {
    let view = |number: u128| event(UserId(1), number, "page_viewed", at(10 * number as i64));
    let purchase = Event { region: Some("California".into()), ..event(UserId(1), 4, "product_purchased", at(25)) };
    vec![view(2), purchase, view(3), view(1)]
}

/// Explains a clause at 40 seconds; what depends on the instant is given to `look`.
#[track_caller]
fn look<T>(text: &str, look: impl Fn(&Explained<'_>) -> T) -> T {
    let rule = rules::compile(text).rule.expect("compiles");
    let explanation = explain(&rule, known(&some_events()), at(40)).expect("explains");
    look(&explanation.root)
}

#[test]
fn a_count_tells_how_many_of_how_many_which_events_and_until_when() {
    let text = "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at > now() - INTERVAL 30 SECOND) >= 2";
    look(text, |root| {
        let compared = root.compared.as_ref().expect("a leaf");
        assert_eq!((&compared.value, compared.operator), (&Value::Integer(2), Some(">=")));
        assert_eq!(compared.threshold, [Value::Integer(2)]);
        let events = root.events.as_ref().expect("listed");
        assert_eq!((events.total, &events.first[..]), (2, &[id(3), id(2)][..]));
        assert_eq!((root.truth, root.until), (Truth::True, Until::At(at(50))));
        assert_eq!((root.scope, root.retained.as_ref()), (Scope::User, None));
    });
}

#[test]
fn the_tree_is_that_of_the_clause_and_names_the_text() {
    let text = "region = 'California' AND NOT (count(*) > 9 OR max(created_at) < now() - INTERVAL 1 HOUR)";
    look(text, |root| {
        assert_eq!((root.joint, root.truth), (Joint::And, Truth::True));
        let [region, not] = &root.parts[..] else { panic!("{root:?}") };
        assert_eq!((region.joint, region.scope, not.joint), (Joint::Leaf, Scope::Event, Joint::Not));
        assert_eq!(region.compared_of, Some(id(4)), "the one event that makes it true");
        let [or] = &not.parts[..] else { panic!("{not:?}") };
        let [count, last] = &or.parts[..] else { panic!("{or:?}") };
        assert_eq!(&text[count.expr.span.start..count.expr.span.end], "count(*) > 9");
        assert_eq!((count.truth, count.until), (Truth::False, Until::Forever));
        assert_eq!(last.compared.as_ref().map(|compared| &compared.value), Some(&Value::Timestamp(at(30))));
        let turns = Timestamp::from_micros((30 + 3_600) * SECOND + 1);
        assert_eq!((last.until, not.until, root.until), (Until::At(turns), Until::At(turns), Until::At(turns)));
    });
}

#[test]
fn parts_that_hold_for_different_events_do_not_make_their_and_hold() {
    look("region = 'California' AND activity_type = 'page_viewed'", |root| {
        assert_eq!(root.truth, Truth::Unknown, "the views have no region");
        assert_eq!(root.events.as_ref().map(|events| events.total), Some(0));
        assert!(root.parts.iter().all(|part| part.truth == Truth::True), "{root:?}");
    });
}

#[test]
fn an_exists_is_told_as_how_many_there_are() {
    let text = "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'page_viewed')";
    look(text, |root| {
        let compared = root.compared.as_ref().expect("a leaf");
        assert_eq!((&compared.value, &compared.threshold[..]), (&Value::Integer(3), &[Value::Integer(1)][..]));
    });
}

#[test]
fn an_event_without_the_argument_does_not_count() {
    look("count(region) >= 1", |root| {
        assert_eq!(root.compared.as_ref().map(|compared| &compared.value), Some(&Value::Integer(1)));
        assert_eq!(root.events.as_ref().map(|events| &events.first[..]), Some(&[id(4)][..]));
    });
}

#[test]
fn a_condition_over_retained_events_names_them() {
    let text = "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id \
                AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased' \
                AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 10 SECOND)";
    look(text, |root| {
        assert_eq!(root.truth, Truth::True);
        assert_eq!(root.events.as_ref().map(|events| &events.first[..]), Some(&[id(2)][..]), "the view before it");
        assert_eq!(root.retained.as_ref().map(|events| events.total), Some(4));
    });
}

#[test]
fn a_condition_over_retained_events_tells_every_comparison_of_its_rows() {
    let text = "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'page_viewed' \
                AND e.created_at > events.created_at AND e.created_at >= now() - INTERVAL 15 SECOND)";
    look(text, |root| {
        let [looked] = &root.looks_at[..] else { panic!("{root:?}") };
        assert_eq!((&looked.value, looked.rows.total), (&Value::Boolean(true), 1));
        assert_eq!((root.compared_of, &looked.rows.first[..]), (Some(id(4)), &[id(3)][..]));
        let [kind, after, recent] = &looked.asked[..] else { panic!("{looked:?}") };
        assert_eq!((kind.rows.total, after.rows.total, recent.rows.total), (3, 1, 2));
        assert_eq!((after.of, after.truth, after.compared.operator), (id(3), Truth::True, Some(">")));
        assert_eq!(
            (&after.compared.value, &after.compared.threshold[..]),
            (&Value::Timestamp(at(30)), &[Value::Timestamp(at(25))][..])
        );
        assert_eq!(&text[after.expr.span.start..after.expr.span.end], "e.created_at > events.created_at");
        let leaves = Until::At(Timestamp::from_micros(45 * SECOND + 1));
        assert_eq!((kind.until, after.until, recent.until), (Until::Forever, Until::Forever, leaves));
    });
}

#[test]
fn what_no_row_passes_is_told_of_the_row_that_passes_the_most() {
    let text = "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at \
                WHERE v.user_id = events.user_id AND v.activity_type = 'product_purchased' AND p.region = 'California')";
    look(text, |root| {
        assert_eq!(root.truth, Truth::False);
        let [looked] = &root.looks_at[..] else { panic!("{root:?}") };
        assert_eq!(looked.rows.total, 0);
        let [purchased, other] = &looked.asked[..] else { panic!("{looked:?}") };
        assert_eq!((purchased.of, purchased.truth, other.truth), (id(4), Truth::True, Truth::False));
        let [inner] = &other.looks_at[..] else { panic!("{other:?}") };
        let truths: Vec<Truth> = inner.asked.iter().map(|asked| asked.truth).collect();
        assert_eq!((inner.rows.total, truths), (0, vec![Truth::True, Truth::Unknown]), "{inner:?}");
    });
}

#[test]
fn a_user_without_events_is_in_nothing_and_every_condition_says_so() {
    let rule =
        rules::compile("NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'x')");
    let rule = rule.rule.expect("compiles");
    let explanation = explain(&rule, Known::default(), at(40)).expect("explains");
    assert!(!explanation.holds);
    assert_eq!((explanation.root.truth, explanation.until), (Truth::True, Until::Forever));
}

#[test]
fn what_was_said_and_other_segments_are_explained_and_their_instants_too() {
    let text = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro') \
                AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'recent')";
    let compile = |text: &str| rules::compile(text).rule.expect("compiles");
    let (rule, recent) = (compile(text), compile("created_at >= now() - INTERVAL 15 SECOND"));
    let explained = |plan: &str, others: &[(&str, &rules::Rule)]| {
        let mut of_user = known(&some_events());
        of_user.traits.fold_text(at(5), &format!("{{\"plan\":\"{plan}\"}}"));
        let other = |(tag, rule): &(&str, &rules::Rule)| {
            let tag = schema::SegmentTag::new(tag).expect("a tag");
            (schema::SegmentDefinition { tag, ..testkit::definition(1, "") }, (*rule).clone())
        };
        of_user.others = others.iter().map(other).collect();
        let explanation = explain(&rule, of_user, at(40)).expect("explains");
        let parts: Vec<Truth> = explanation.root.parts.iter().map(|part| part.truth).collect();
        (explanation.holds, explanation.until, parts)
    };
    let leaves = Until::At(Timestamp::from_micros(45 * SECOND + 1));
    assert_eq!(explained("pro", &[("recent", &recent)]), (true, leaves, vec![Truth::True, Truth::True]));
    assert_eq!(explained("free", &[("recent", &recent)]), (false, Until::Forever, vec![Truth::False, Truth::True]));
    assert_eq!(explained("pro", &[]), (false, Until::Forever, vec![Truth::True, Truth::False]));
    // Through another one, whatever its tag.
    let through = compile("user_id IN (SELECT user_id FROM segment_members WHERE segment = 'p-0')");
    assert_eq!(explained("pro", &[("recent", &through), ("p-0", &recent)]), (true, leaves, vec![Truth::True; 2]));
}

#[test]
fn an_event_beside_a_trait_or_a_segment_is_explained_with_its_instant() {
    let text = "activity_type = (SELECT traits->>'kind' FROM users u WHERE u.user_id = events.user_id) \
                AND EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (e.region = 'nowhere' \
                OR e.user_id IN (SELECT user_id FROM segment_members WHERE segment = 'recent')))";
    let compile = |text: &str| rules::compile(text).rule.expect("compiles");
    let (rule, recent) = (compile(text), compile("created_at >= now() - INTERVAL 15 SECOND"));
    let explained = |kind: &str| {
        let mut of_user = known(&some_events());
        of_user.traits.fold_text(at(5), &format!("{{\"kind\":\"{kind}\"}}"));
        let tag = schema::SegmentTag::new("recent").expect("a tag");
        of_user.others = vec![(schema::SegmentDefinition { tag, ..testkit::definition(1, "") }, recent.clone())];
        let explanation = explain(&rule, of_user, at(40)).expect("explains");
        let counted = explanation.root.parts[0].events.as_ref().map_or(0, |listed| listed.total);
        (explanation.holds, explanation.until, counted)
    };
    let kind = some_events()[0].activity_type.clone();
    let alike = some_events().iter().filter(|event| event.activity_type == kind).count();
    assert_eq!(explained(&kind), (true, Until::At(Timestamp::from_micros(45 * SECOND + 1)), alike));
    assert_eq!(explained("another"), (false, Until::Forever, 0));
}
