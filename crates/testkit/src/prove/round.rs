//! One load of Databend's table: several users' histories, many clauses, a few instants.

use anyhow::Context;
use rules::{Rule, Severity};
use schema::{Timestamp, UserId};

use super::shrink::Mismatch;
use super::triple::{Answers, Histories, ask_databend, ask_incremental, ask_naive};
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
#[derive(Clone, Copy, Default, Debug)]
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
    /// Triples whose typed text was Databend SQL itself, and was asked as well.
    pub typed: usize,
    /// Drawn clauses that `compile` refused; drawn again, not counted above.
    pub refused: usize,
}

/// What one load gave.
pub struct Round {
    /// The counts.
    pub tally: Tally,
    /// The first disagreement of each clause, about one user.
    pub mismatches: Vec<Mismatch>,
}

struct Drawn {
    clause: Clause,
    text: String,
    rule: Rule,
    is_given: bool,
}

/// Loads random histories and asks every evaluator about random clauses, and about `given` first.
pub async fn round(databend: &Databend, random: &mut Random, given: &[Clause]) -> anyhow::Result<Round> {
    let mut tally = Tally::default();
    let histories: Histories = (1..=USERS)
        .map(|id| (UserId(id), history::history(random, UserId(id))))
        .filter(|(_, events)| !events.is_empty())
        .collect();
    let drawn = draw(random, given, &mut tally);
    let instants = instants(random, &drawn, &histories);
    let events: Vec<_> = histories.values().flatten().cloned().collect();
    databend.clear_events().await?;
    databend.load(&events).await?;
    let arrival = Random::new(random.next());
    let texts: Vec<String> = drawn.iter().map(|drawn| drawn.text.clone()).collect();
    let incremental = ask_incremental(&mut arrival.clone(), &texts, &histories, &instants)?;
    let mut found = Vec::new();
    for (drawn, incremental) in drawn.iter().zip(incremental) {
        let mut first = None;
        for (now, incremental) in instants.iter().zip(incremental) {
            let Ok((rendered, typed)) = ask_databend(databend, &drawn.text, &drawn.rule, *now).await else {
                tally.not_run += 1;
                continue;
            };
            let answers = Answers {
                naive: ask_naive(&drawn.rule, &histories, *now),
                incremental: Some(incremental),
                rendered,
                typed,
            };
            tally.count(&answers, histories.len());
            tally.drawn += usize::from(!drawn.is_given);
            if !answers.agree() && first.is_none() {
                let (clause, random) = (drawn.clause.clone(), arrival.clone());
                first = Some(Mismatch { clause, events: events.clone(), now: *now, answers, random });
            }
        }
        found.extend(first);
    }
    Ok(Round { tally, mismatches: found })
}

impl Tally {
    fn count(&mut self, answers: &Answers, users: usize) {
        self.triples += 1;
        self.memberships += users;
        self.members += answers.naive.len();
        self.typed += usize::from(answers.typed.is_some());
        self.mismatches += usize::from(!answers.agree());
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
        self.refused += other.refused;
    }
}

fn draw(random: &mut Random, given: &[Clause], tally: &mut Tally) -> Vec<Drawn> {
    let mut drawn: Vec<Drawn> = given.iter().cloned().filter_map(|clause| compiled(clause, true)).collect();
    tally.refused += given.len() - drawn.len();
    while drawn.len() < CLAUSES {
        match compiled(grammar::clause(random), false) {
            Some(accepted) => drawn.push(accepted),
            None => tally.refused += 1,
        }
    }
    drawn
}

fn compiled(clause: Clause, is_given: bool) -> Option<Drawn> {
    let text = clause.print();
    let rule = rules::compile(&text).rule?;
    Some(Drawn { clause, text, rule, is_given })
}

/// Draws instants at which some clause can change for somebody, and some at random; ascending.
fn instants(random: &mut Random, drawn: &[Drawn], histories: &Histories) -> Vec<Timestamp> {
    let mut instants = Vec::new();
    for _ in 0..INSTANTS {
        let rule = &drawn[random.below(drawn.len())].rule;
        let events = histories.values().nth(random.below(histories.len().max(1)));
        let edges = events.map(|events| engine::naive::next_candidates(rule, events)).unwrap_or_default();
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
