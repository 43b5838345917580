//! What holds for any clause and any history. A failure prints its seed; `SHOAL_SEED` runs it alone,
//! `SHOAL_CASES` runs more of them.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Cause, LogRecord, SegmentChange, SegmentDefinition, SegmentId, Timestamp, UserId};
use testkit::{
    Disagreement, History, Input, Oracle, Random, clause, clause_on_pairs, clause_on_user, definition, for_each_seed,
};

/// From the whole grammar, or of the kinds that most rules are and that are evaluated in their own ways.
fn any_clause(random: &mut Random) -> String {
    if random.chance(50) { clause(random) } else { usual_clause(random, 2) }
}

fn usual_clause(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.chance(20) {
        return usual_condition(random);
    }
    let (left, right) = (usual_clause(random, depth - 1), usual_clause(random, depth - 1));
    match random.below(6) {
        0..=2 => format!("({left} AND {right})"),
        3 => format!("({left} OR {right})"),
        4 => format!("NOT ({left} AND {right})"),
        _ => format!("({left} AND NOT {right})"),
    }
}

/// A latest value, a number of events or of values, a total, or a latest time; few constants, so that rules share them.
fn usual_condition(random: &mut Random) -> String {
    let op = random.pick(&["=", "<>", "<", "<=", ">", ">="]);
    let interval = random.pick(&["INTERVAL 5 SECOND", "INTERVAL 30 SECOND", "INTERVAL 1 MINUTE"]);
    let edge = random.pick(&[">", ">="]);
    let activity = random.pick(&["page_viewed", "product_purchased"]);
    let mut filter = |window: bool| {
        let kind = match random.below(4) {
            0 => String::new(),
            1 => format!("activity_type = '{activity}'"),
            2 => format!("activity_type = '{activity}' AND order_id = 'o1'"),
            _ => "region = 'CA'".to_owned(),
        };
        let window = if window { format!("created_at {edge} now() - {interval}") } else { String::new() };
        [kind, window].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" AND ")
    };
    let (windowed, ever) = (filter(true), filter(false));
    let or_all = |filter: String| if filter.is_empty() { filter } else { format!(" FILTER (WHERE {filter})") };
    let ever = or_all(ever);
    match random.below(13) {
        0..=1 => format!("arg_max(region, created_at){ever} {} 'CA'", random.pick(&["=", "<>"])),
        2 => format!("arg_max(device_type, created_at) = '{}'", random.pick(&["mobile", "desktop"])),
        3..=4 => format!("count(*) FILTER (WHERE {windowed}) {op} {}", random.below(5)),
        5 => format!("count(*){ever} {op} {}", random.below(6)),
        6 => format!("EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND {windowed})"),
        7 => format!(
            "coalesce(sum(order_total) FILTER (WHERE {windowed}), 0) {op} {}",
            random.pick(&["0", "9.99", "12"])
        ),
        8 => format!("sum(order_total) FILTER (WHERE {windowed}) {op} {}", random.pick(&["0", "7.49", "20"])),
        9 => format!("sum(order_total){ever} {op} 10"),
        10 => format!("max(created_at){ever} {op} now() - {interval}"),
        11 => format!("count(DISTINCT region) FILTER (WHERE {windowed}) {}", random.pick(&["% 2 = 1", ">= 2", "< 2"])),
        _ => format!("coalesce(max(created_at){ever}, TIMESTAMP '1970-01-01 00:00:00') {op} max(created_at)"),
    }
}

/// Returns so many segments with random clauses that compile, from id `first` on.
fn segments(random: &mut Random, first: i64, count: i64) -> Vec<SegmentDefinition> {
    (first..first + count)
        .map(|id| {
            let compiles = |text: &String| rules::compile(text).rule.is_some();
            let text = std::iter::repeat_with(|| any_clause(random)).take(500).find(compiles);
            definition(id, &text.expect("one of 500 random clauses compiles"))
        })
        .collect()
}

/// Returns segments with an aggregate each over what is in a window.
fn segments_of_windows(random: &mut Random, count: i64) -> Vec<SegmentDefinition> {
    let clause = |random: &mut Random| {
        let window = random.pick(&["5 SECOND", "10 SECOND", "30 SECOND", "60 SECOND"]);
        let filter = format!("FILTER (WHERE created_at {} now() - INTERVAL {window})", random.pick(&[">", ">="]));
        match random.below(6) {
            0..=1 => format!("count(DISTINCT region) {filter} % 2 = 1"),
            2 => format!("count(DISTINCT order_id) {filter} >= {}", 1 + random.below(3)),
            3 => format!("count(*) {filter} % 2 = 1"),
            4 => format!("sum(order_total) {filter} > {}", random.pick(&["0", "7.49", "12"])),
            _ => format!("{}(order_total) {filter} >= 9.99", random.pick(&["min", "max", "avg"])),
        }
    };
    (1..=count).map(|id| definition(id, &clause(random))).collect()
}

#[test]
fn events_a_microsecond_apart_leave_a_window_one_by_one() {
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed);
        let definitions = segments_of_windows(&mut random, 6);
        let inputs = History::new(seed, 1).of_neighbours().inputs(30);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

/// Returns two segments with random conditions on pairs of events.
fn segments_of_pairs(random: &mut Random) -> Vec<SegmentDefinition> {
    let compiles = |text: &String| rules::compile(text).rule.is_some();
    let mut clause = || std::iter::repeat_with(|| clause_on_pairs(random)).take(100).find(compiles);
    (1..=2).map(|id| definition(id, &clause().expect("one of 100 random clauses compiles"))).collect()
}

/// Returns two segments with random conditions that are computed over the events one by one.
fn segments_of_rows(random: &mut Random) -> Vec<SegmentDefinition> {
    let is_interpreted = |text: &String| {
        rules::compile(text)
            .rule
            .is_some_and(|rule| rules::plan::plan(&rule).is_ok_and(|plan| plan.interpreted().next().is_some()))
    };
    let mut clause = || std::iter::repeat_with(|| clause(random)).take(1000).find(is_interpreted);
    (1..=2).map(|id| definition(id, &clause().expect("one of 1000 random clauses is interpreted"))).collect()
}

/// Returns segments about traits and about each other; each can depend on those before it.
fn dependent_segments(random: &mut Random, count: i64) -> Vec<SegmentDefinition> {
    let mut tags = Vec::new();
    (1..=count)
        .map(|id| {
            let compiles = |text: &String| rules::compile(text).rule.is_some();
            let text = std::iter::repeat_with(|| clause_on_user(random, &tags)).take(500).find(compiles);
            let segment = definition(id, &text.expect("one of 500 random clauses compiles"));
            tags.push(segment.tag.to_string());
            segment
        })
        .collect()
}

#[test]
fn traits_and_segments_in_segments_equal_the_naive_evaluators_after_every_step() {
    for_each_seed(300, |seed| {
        let mut random = Random::new(seed);
        let definitions = dependent_segments(&mut random, 4);
        let inputs = History::new(seed, 2).saying_things().inputs(25);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

#[test]
fn segments_that_others_depend_on_change_and_go_while_live() {
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed);
        let before = dependent_segments(&mut random, 4);
        let mut after = before.clone();
        let replaced = random.below(after.len());
        after[replaced].where_statement = "region = 'CA'".to_owned();
        after.remove(random.below(before.len()));
        let inputs = History::new(seed, 2).saying_things().inputs(30);
        let (at, run) = (random.below(30), before.clone());
        fail(&run, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(before.clone())?;
            for (index, input) in inputs.iter().enumerate() {
                if index == at {
                    oracle.define(after.clone(), oracle.engine.clock().now)?;
                }
                give(&mut oracle, &mut random, input)?;
            }
            Ok(())
        });
    });
}

/// Gives an input to the oracle; before it, the clock stands for a while at some of the instants
/// at which something may flip.
fn give(oracle: &mut Oracle, random: &mut Random, input: &Input) -> Result<Vec<SegmentChange>, Disagreement> {
    let mut changes = Vec::new();
    if let Input::Record(_, now) | Input::Advance(now) = input {
        let candidates = oracle.candidates(oracle.engine.clock().now, now.plus_micros(-1));
        // Mostly every edge nearby, sometimes a long sleep over all of them.
        let stops = if random.chance(70) { 6 } else { 0 };
        let from = random.below(candidates.len());
        for instant in candidates.into_iter().skip(from).take(stops) {
            changes.extend(oracle.advance(instant)?);
        }
    }
    match input {
        Input::Record(record, now) => changes.extend(oracle.apply(record, *now)?),
        Input::Advance(now) => changes.extend(oracle.advance(*now)?),
        Input::Restart => oracle.restart()?,
    }
    Ok(changes)
}

fn show(definitions: &[SegmentDefinition], inputs: &[Input]) -> String {
    let rules =
        definitions.iter().map(|definition| format!("{}: {}", definition.segment_id, definition.where_statement));
    let inputs = inputs.iter().map(|input| match input {
        Input::Record(LogRecord::Event(event), now) => format!(
            "{now} user {} {} {} at {} region={:?} device={:?} order={:?} total={:?}",
            event.user_id,
            event.event_id,
            event.activity_type,
            event.created_at,
            event.region,
            event.device_type,
            event.order_id,
            event.order_total
        ),
        other => format!("{other:?}"),
    });
    rules.chain(inputs).collect::<Vec<_>>().join("\n")
}

/// Drops inputs that the failure does not need, and panics with the rest.
fn fail(definitions: &[SegmentDefinition], inputs: Vec<Input>, run: impl Fn(&[Input]) -> Result<(), Disagreement>) {
    let Err(mut failure) = run(&inputs) else { return };
    let mut inputs = inputs;
    let mut at = 0;
    while at < inputs.len() {
        let mut fewer = inputs.clone();
        fewer.remove(at);
        match run(&fewer) {
            Err(smaller) => (inputs, failure) = (fewer, smaller),
            Ok(()) => at += 1,
        }
    }
    panic!("{failure}\n{}", show(definitions, &inputs));
}

#[test]
fn membership_equals_the_naive_evaluators_after_every_step() {
    for_each_seed(400, |seed| {
        let mut random = Random::new(seed);
        let definitions = segments(&mut random, 1, 2);
        let inputs = History::new(seed, 2).inputs(25);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

#[test]
fn users_who_are_taken_away_between_their_records_equal_the_naive_evaluators() {
    for_each_seed(200, |seed| {
        let mut random = Random::new(seed);
        let definitions = if random.chance(50) { segments(&mut random, 1, 2) } else { segments_of_rows(&mut random) };
        let after = segments(&mut random, 1, 2);
        let inputs = History::new(seed, 3).inputs(25);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            for (index, input) in inputs.iter().enumerate() {
                give(&mut oracle, &mut random, input)?;
                if random.chance(60) {
                    oracle.take_all_away();
                }
                if index == 20 {
                    oracle.define(after.clone(), oracle.engine.clock().now)?;
                }
            }
            Ok(())
        });
    });
}

#[test]
fn groups_of_joined_events_equal_the_naive_evaluators_after_every_step() {
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed);
        let definitions = segments_of_pairs(&mut random);
        let inputs = History::new(seed, 2).inputs(20);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

#[test]
fn one_user_with_many_events_equals_the_naive_evaluator_after_every_step() {
    for_each_seed(30, |seed| {
        let mut random = Random::new(seed);
        let (definitions, mut history) = match random.below(3) {
            0 => (segments_of_pairs(&mut random), History::new(seed, 1)),
            1 => (segments_of_rows(&mut random), History::new(seed, 1)),
            _ => (dependent_segments(&mut random, 3), History::new(seed, 1).saying_things()),
        };
        let inputs = history.inputs(45);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

/// What is found by value, by time or by number when there are many events, and changes for few of them.
const FOUND: [&str; 18] = [
    "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events) t \
     WHERE t.n = 5 AND t.region = 'CA')",
    "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id, region ORDER BY created_at DESC) AS n \
     FROM events) t WHERE t.n = 1 AND t.device_type = 'mobile')",
    "user_id IN (SELECT user_id FROM events GROUP BY user_id, date_trunc('minute', created_at), region HAVING count(*) = 3)",
    "EXISTS (SELECT 1 FROM events v WHERE v.user_id = events.user_id AND v.payload['n'] IS NOT NULL AND NOT EXISTS (SELECT 1 \
     FROM events p WHERE p.user_id = v.user_id AND p.payload['n'] = v.payload['n'] AND p.event_id <> v.event_id))",
    "(SELECT count(*) FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at \
     AND p.created_at <= v.created_at + INTERVAL 10 SECOND WHERE v.user_id = events.user_id) % 2 = 1",
    // Rows that are alike pass alike, in a window or without.
    "user_id IN (SELECT user_id FROM events WHERE created_at >= now() - INTERVAL 1 MINUTE GROUP BY user_id, region HAVING count(*) = 3)",
    "user_id IN (SELECT user_id FROM events WHERE created_at > now() - INTERVAL 2 MINUTE AND created_at <= now() - INTERVAL 5 SECOND \
     GROUP BY user_id, device_type HAVING count(*) >= 2 AND max(order_total) > 5)",
    "user_id IN (SELECT user_id FROM events GROUP BY user_id, region, device_type HAVING count(DISTINCT order_id) = 2)",
    "EXISTS (SELECT e.region FROM events e WHERE e.user_id = events.user_id GROUP BY e.region HAVING count(*) = 4 AND \
     count_if(e.created_at >= now() - INTERVAL 10 SECOND) = 0)",
    // One more can only make them pass, or pass no more.
    "EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.region AND p.created_at > v.created_at \
     AND p.created_at <= v.created_at + INTERVAL 20 SECOND WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' \
     AND v.device_type IS NOT NULL AND p.event_id IS NULL)",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.order_id IS NOT NULL AND (SELECT count(*) FROM events f \
     WHERE f.user_id = e.user_id AND f.order_id = e.order_id AND f.region IS NOT DISTINCT FROM e.region) < 2 AND e.order_total > 5)",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT count(DISTINCT f.device_type) FROM events f \
     WHERE f.user_id = e.user_id AND f.region = e.region AND f.created_at < e.created_at) > 1 AND e.payload['n'] IS NULL)",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT count(*) FROM events f WHERE f.user_id = e.user_id \
     AND f.created_at >= e.created_at - INTERVAL 5 SECOND AND f.created_at < e.created_at + INTERVAL 5 SECOND) = 3)",
    // What is looked at in a window moves with time.
    "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.activity_type = 'product_purchased' \
     AND p.created_at >= now() - INTERVAL 30 SECOND WHERE v.user_id = events.user_id AND v.created_at >= now() - INTERVAL 1 MINUTE \
     AND p.created_at < v.created_at - INTERVAL 5 SECOND)",
    "EXISTS (SELECT 1 FROM events v WHERE v.user_id = events.user_id AND v.region = 'CA' AND NOT EXISTS (SELECT 1 FROM events p \
     WHERE p.user_id = v.user_id AND p.device_type = v.device_type AND p.created_at > now() - INTERVAL 20 SECOND))",
    "order_total > avg(order_total) AND region = 'CA' AND created_at >= now() - INTERVAL 1 MINUTE",
    // Rows that are alike by their aggregates, and told apart by what is said of the user.
    "user_id IN (SELECT e.user_id FROM events e WHERE e.order_total > (SELECT u.traits['n'] FROM users u \
     WHERE u.user_id = e.user_id) GROUP BY e.user_id, e.region HAVING count(*) = 1)",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (e.device_type = 'mobile' OR e.order_total < \
     (SELECT u.traits['n'] FROM users u WHERE u.user_id = e.user_id)) \
     AND (SELECT count(*) FROM events f WHERE f.user_id = e.user_id AND f.region = e.region) % 3 = 2)",
];

/// Returns segments with a few of these.
fn segments_of_found(random: &mut Random) -> Vec<SegmentDefinition> {
    (1..=4).map(|id| definition(id, random.pick(&FOUND))).collect()
}

#[test]
fn events_that_are_found_are_those_that_looking_at_all_gives() {
    for_each_seed(12, |seed| {
        let definitions = segments_of_found(&mut Random::new(seed));
        let inputs = History::new(seed, 1).saying_things().inputs(45);
        fail(&definitions, inputs, |inputs| {
            let mut random = Random::new(seed);
            let mut oracle = Oracle::new(definitions.clone())?;
            inputs.iter().try_for_each(|input| give(&mut oracle, &mut random, input).map(|_| ()))
        });
    });
}

/// Every event and deletion of some inputs, each once, and the last instant.
fn unique_events(inputs: &[Input]) -> (Vec<LogRecord>, Timestamp) {
    let mut seen = BTreeSet::new();
    let mut last = Timestamp::MIN;
    let mut records = Vec::new();
    for input in inputs {
        if let Input::Record(record, now) = input {
            last = last.max(*now);
            if let LogRecord::Event(event) = record
                && seen.insert(event.event_id)
            {
                records.push(record.clone());
            }
        }
    }
    (records, last)
}

#[test]
fn the_order_in_which_events_arrive_does_not_matter() {
    for_each_seed(200, |seed| {
        let mut random = Random::new(seed);
        let definitions = segments(&mut random, 1, 3);
        let (mut records, last) = unique_events(&History::new(seed, 2).inputs(25));
        let arrive = |records: &[LogRecord], random: &mut Random| {
            let mut oracle = Oracle::new(definitions.clone()).unwrap();
            let start = last.plus_micros(-60_000_000);
            for record in records {
                let now = start.plus_micros(random.below(60_000_000) as i64);
                oracle.apply(record, now).unwrap();
            }
            oracle.advance(last).unwrap();
            oracle.memberships()
        };
        let straight = arrive(&records, &mut random);
        random.shuffle(&mut records);
        assert_eq!(arrive(&records, &mut random), straight);
    });
}

#[test]
fn absorbed_history_gives_what_having_the_segment_all_along_gives() {
    for_each_seed(200, |seed| {
        let mut random = Random::new(seed);
        let before = segments(&mut random, 1, 2);
        // One rule stays, one goes, one is new: of its own, or the one that goes with other thresholds.
        let mut after = segments(&mut random, 2, 2);
        after[0] = before[1].clone();
        let other_thresholds = before[0].where_statement.replace(" 1", " 3").replace(" 2", " 4");
        if random.chance(50) && rules::compile(&other_thresholds).rule.is_some() {
            after[1].where_statement = other_thresholds;
        }
        let inputs = History::new(seed, 2).inputs(30);
        let (begin, switch) = (random.below(20), 20 + random.below(10));
        let all_along = {
            let mut oracle = Oracle::new(after.clone()).unwrap();
            let mut random = Random::new(seed);
            for input in inputs.iter().filter(|input| **input != Input::Restart) {
                give(&mut oracle, &mut random, input).unwrap();
            }
            oracle.advance(oracle.engine.clock().now).unwrap();
            oracle.memberships()
        };
        let mut oracle = Oracle::new(before).unwrap();
        let mut history = Vec::new();
        let mut steps = Random::new(seed);
        for (at, input) in inputs.iter().filter(|input| **input != Input::Restart).enumerate() {
            if at == begin {
                history = oracle.events();
                random.shuffle(&mut history);
                oracle.begin(after.clone()).unwrap();
            }
            // History comes in pieces, between live events.
            for _ in 0..random.below(3) {
                history.pop().iter().for_each(|event| oracle.engine.absorb(event));
            }
            if at == switch {
                history.drain(..).for_each(|event| oracle.engine.absorb(&event));
                oracle.switch(oracle.engine.clock().now).unwrap();
            }
            give(&mut oracle, &mut steps, input).unwrap();
        }
        if !history.is_empty() || oracle.engine.absorbing().is_some() {
            history.drain(..).for_each(|event| oracle.engine.absorb(&event));
            oracle.switch(oracle.engine.clock().now).unwrap();
        }
        oracle.advance(oracle.engine.clock().now).unwrap();
        assert_eq!(oracle.memberships(), all_along);
    });
}

/// What each segment was told, without what else happened in the same change.
fn told(changes: &[SegmentChange], segment_id: SegmentId) -> Vec<(UserId, bool, Cause, Timestamp)> {
    let of_segment =
        |change: &&SegmentChange| change.in_segments.contains(&segment_id) || change.out_segments.contains(&segment_id);
    let flips = changes.iter().filter(of_segment);
    flips
        .map(|change| (change.user_id, change.in_segments.contains(&segment_id), change.cause, change.evaluated_at))
        .collect()
}

#[test]
fn adding_a_segment_never_changes_anothers_result() {
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed);
        let definitions = segments(&mut random, 1, 5);
        let inputs = History::new(seed, 3).inputs(25);
        let run = |definitions: Vec<SegmentDefinition>| {
            let mut oracle = Oracle::new(definitions).unwrap();
            let mut changes = Vec::new();
            for input in &inputs {
                match input {
                    Input::Record(record, now) => changes.extend(oracle.apply(record, *now).unwrap()),
                    Input::Advance(now) => changes.extend(oracle.advance(*now).unwrap()),
                    Input::Restart => oracle.restart().unwrap(),
                }
            }
            changes
        };
        let together = run(definitions.clone());
        for alone in definitions {
            let segment_id = alone.segment_id;
            assert_eq!(told(&run(vec![alone]), segment_id), told(&together, segment_id));
        }
    });
}

#[test]
fn a_restart_changes_no_published_change_and_no_stored_byte() {
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed);
        let (definitions, users, length) = match seed % 10 {
            0 => (segments_of_found(&mut random), 1, 45),
            _ => (segments(&mut random, 1, 3), 2, 25),
        };
        let inputs: Vec<Input> =
            History::new(seed, users).inputs(length).into_iter().filter(|i| *i != Input::Restart).collect();
        let run = |restarts: bool| {
            let mut oracle = Oracle::new(definitions.clone()).unwrap();
            let mut stored = BTreeMap::new();
            let mut changes = Vec::new();
            for input in &inputs {
                match input {
                    Input::Record(record, now) => changes.extend(oracle.apply(record, *now).unwrap()),
                    Input::Advance(now) => changes.extend(oracle.advance(*now).unwrap()),
                    Input::Restart => {}
                }
                if restarts {
                    oracle.restart().unwrap();
                }
            }
            oracle.restart().unwrap();
            stored.extend(oracle.stored().clone());
            (changes, stored)
        };
        assert_eq!(run(true), run(false));
    });
}
