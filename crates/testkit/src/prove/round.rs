//! One load of Databend's table: several users' histories, many clauses, a few instants.

use std::collections::BTreeMap;

use anyhow::Context;
use rules::Severity;
use schema::{SegmentTag, Timestamp};

use super::alphabet::TAGS;
use super::history::Histories;
use super::segments::{Question, Segment, ask_naive, memberships};
use super::shrink::{Case, Mismatch};
use super::triple::{Answers, ask_databend, ask_incremental, load, load_members};
use super::typed::Typed;
use super::{Clause, grammar, history};
use crate::Random;
use crate::databend::Databend;

/// Users per load: their histories are answered for by the same queries.
const USERS: i64 = 8;
/// Clauses per load.
const CLAUSES: usize = 25;
/// Instants per load, at each of which every clause is asked.
const INSTANTS: usize = 4;

/// Counts over all rounds.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// (rule, histories, instant) that were asked of every evaluator.
    pub triples: usize,
    /// Of them those whose rule was drawn; the others' rules are those of the corpus.
    pub drawn: usize,
    /// Triples for which they did not agree.
    pub mismatches: usize,
    /// Triples that could not be asked.
    pub not_run: usize,
    /// Memberships compared: users times triples.
    pub memberships: usize,
    /// Memberships that were TRUE: a proof in which nobody is a member proves little.
    pub members: usize,
    /// Triples whose typed text Databend answered as well.
    pub typed: usize,
    /// Of them those that it answered otherwise, by what it is known to get wrong.
    pub typed_otherwise: BTreeMap<&'static str, usize>,
    /// Triples whose typed text it refused, by its reason.
    pub typed_refused: BTreeMap<String, usize>,
    /// Drawn clauses that `compile` refused; drawn again, not counted above.
    pub refused: usize,
    /// Triples whose rule hangs on what was said of the user.
    pub of_user: usize,
    /// Triples whose rule hangs on other segments.
    pub of_segments: usize,
}

/// What one load gave.
pub struct Round {
    /// The counts.
    pub tally: Tally,
    /// The first disagreement of each clause, about one user.
    pub mismatches: Vec<Mismatch>,
}

struct Drawn {
    question: Question,
    is_given: bool,
}

/// Loads random histories and asks every evaluator about random clauses, and about `given` first.
pub async fn round(databend: &Databend, random: &mut Random, given: &[Clause]) -> anyhow::Result<Round> {
    let mut tally = Tally::default();
    let histories = history::histories(random, USERS);
    let segments = draw_segments(random, &mut tally)?;
    let drawn = draw(random, &segments, given, &mut tally);
    let instants = instants(random, &drawn, &histories);
    let arrival = Random::new(random.next());
    let texts: Vec<String> = drawn.iter().map(|drawn| drawn.question.text.clone()).collect();
    let mut incremental = ask_incremental(&mut arrival.clone(), &segments, &texts, &histories, &instants)?;
    load(databend, &histories).await?;
    let mut first: Vec<Option<Mismatch>> = drawn.iter().map(|_| None).collect();
    for (at, now) in instants.iter().enumerate() {
        let inside = memberships(&segments, &histories, *now);
        load_members(databend, &inside).await?;
        for (index, Drawn { question, is_given }) in drawn.iter().enumerate() {
            let Ok((rendered, typed)) = ask_databend(databend, &question.text, &question.rule, *now).await else {
                tally.not_run += 1;
                continue;
            };
            let answers = Answers {
                naive: ask_naive(&question.rule, &histories, &inside, *now),
                incremental: Some(std::mem::take(&mut incremental[index][at])),
                rendered,
                typed,
            };
            tally.count(&answers, question, histories.len());
            tally.drawn += usize::from(!is_given);
            if !answers.agree() && first[index].is_none() {
                let case = Case {
                    clause: question.clause.clone(),
                    segments: segments.clone(),
                    histories: histories.clone(),
                    now: *now,
                    random: arrival.clone(),
                };
                first[index] = Some(Mismatch { case, answers });
            }
        }
    }
    Ok(Round { tally, mismatches: first.into_iter().flatten().collect() })
}

impl Tally {
    fn count(&mut self, answers: &Answers, question: &Question, users: usize) {
        self.triples += 1;
        self.of_user += usize::from(question.text.contains("FROM users"));
        self.of_segments += usize::from(!question.rule.segments().is_empty());
        self.memberships += users;
        self.members += answers.naive.len();
        self.count_typed(answers);
        self.mismatches += usize::from(!answers.agree());
    }

    fn count_typed(&mut self, answers: &Answers) {
        let Typed { said, fault } = &answers.typed;
        match (said, fault) {
            (Err(refused), _) => *self.typed_refused.entry(refused.in_short()).or_default() += 1,
            (Ok(members), Some(fault)) if *members != answers.naive => {
                self.typed += 1;
                *self.typed_otherwise.entry(fault).or_default() += 1;
            }
            _ => self.typed += 1,
        }
    }

    /// Adds the counts of another round.
    pub fn add(&mut self, other: &Self) {
        self.triples += other.triples;
        self.drawn += other.drawn;
        self.mismatches += other.mismatches;
        self.not_run += other.not_run;
        self.memberships += other.memberships;
        self.members += other.members;
        self.typed += other.typed;
        for (fault, count) in &other.typed_otherwise {
            *self.typed_otherwise.entry(fault).or_default() += count;
        }
        for (reason, count) in &other.typed_refused {
            *self.typed_refused.entry(reason.clone()).or_default() += count;
        }
        self.refused += other.refused;
        self.of_user += other.of_user;
        self.of_segments += other.of_segments;
    }
}

/// Draws the segments that clauses name, each of which can name those before it.
fn draw_segments(random: &mut Random, tally: &mut Tally) -> anyhow::Result<Vec<Segment>> {
    let mut segments: Vec<Segment> = Vec::new();
    while segments.len() < TAGS.len() {
        let (tags, tag) = (&TAGS[..segments.len()], TAGS[segments.len()]);
        match Question::new(grammar::clause(random, tags)) {
            Some(question) => {
                let tag = SegmentTag::new(tag).context("naming a segment")?;
                segments.push(Segment { tag, question });
            }
            None => tally.refused += 1,
        }
    }
    Ok(segments)
}

/// The segments are asked about as well, as any other clause.
fn draw(random: &mut Random, segments: &[Segment], given: &[Clause], tally: &mut Tally) -> Vec<Drawn> {
    let named = segments.iter().map(|segment| segment.question.clone());
    let mut drawn: Vec<Drawn> = named.map(|question| Drawn { question, is_given: false }).collect();
    for clause in given {
        match Question::new(clause.clone()) {
            Some(question) => drawn.push(Drawn { question, is_given: true }),
            None => tally.refused += 1,
        }
    }
    while drawn.len() < CLAUSES {
        match Question::new(grammar::clause(random, &TAGS)) {
            Some(question) => drawn.push(Drawn { question, is_given: false }),
            None => tally.refused += 1,
        }
    }
    drawn
}

/// Draws instants at which some clause can change for somebody, and some at random; ascending.
fn instants(random: &mut Random, drawn: &[Drawn], histories: &Histories) -> Vec<Timestamp> {
    let mut instants = Vec::new();
    for _ in 0..INSTANTS {
        let rule = &drawn[random.below(drawn.len())].question.rule;
        let known = histories.values().nth(random.below(histories.len().max(1)));
        let edges = known.map(|known| {
            let said = known.said.iter().map(|said| said.created_at);
            engine::naive::next_candidates_of(rule, &known.events, said)
        });
        let edges = edges.unwrap_or_default();
        instants.push(if edges.is_empty() || random.chance(25) {
            history::instant(random)
        } else {
            random.pick(&edges)
        });
    }
    instants.sort_unstable();
    instants
}

/// Returns why `compile` refuses a clause, in short; `None` when it does not.
pub fn refusal(clause: &Clause) -> Option<String> {
    let text = clause.print();
    let problem =
        rules::compile(&text).diagnostics.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error)?;
    Some(format!("{}: {}", problem.code.as_str(), problem.message))
}

/// Reads a file of the corpus: the clause stands between its comment and a line of dashes.
pub fn corpus_clause(path: &std::path::Path) -> anyhow::Result<Clause> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let clause = text.split("\n---").next().unwrap_or_default();
    let lines: Vec<&str> = clause.lines().filter(|line| !line.starts_with("--")).collect();
    Ok(Clause::text(super::Sort::Boolean, lines.join("\n").trim()))
}
