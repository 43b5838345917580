//! Loads rows into a table, all but those that Databend will never take.
//!
//! One value that does not fit refuses the whole file. The file is then loaded in halves, and those in
//! halves, until the row stands alone: it goes to `refused_rows`, logged, and the others are there; whom else to tell
//! is `aside`'s concern. Only the refusal of a value counts so, which is asked of the row alone (`alone`); whatever
//! else goes wrong may pass, and the batch waits.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schema::{LogPosition, UserId};

use super::alone::{Verdict, load_alone};
use super::error::code;
use super::records::{Loadable, lines};
use super::{Databend, DatabendError, csv, metrics};

/// How much of Databend's reason is kept; it may quote the value.
const KEPT_REASON_CHARACTERS: usize = 500;

/// A row that Databend will never take.
pub(super) struct Refused {
    pub(super) at: LogPosition,
    pub(super) user_id: UserId,
    pub(super) table: &'static str,
    /// In Databend's words.
    pub(super) reason: String,
}

/// Loads rows; returns those that were refused for good.
pub(super) async fn load<R: Loadable>(databend: &Databend, rows: &[R]) -> Result<Vec<Refused>, DatabendError> {
    // Every part that is left to load; the last is next.
    let (mut parts, mut refused) = (vec![rows], Vec::new());
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match load_whole(databend, part).await {
            Ok(()) => {}
            Err(error) if error.is_refusal(code::FAILED_LOAD) => match part {
                [row] => match load_alone(databend, R::TABLE, &lines(part)).await? {
                    Verdict::Loaded => metrics::loaded(1),
                    Verdict::Refused(message) => refused.push(keep(databend, row, &message).await?),
                },
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            },
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

async fn load_whole<R: Loadable>(databend: &Databend, rows: &[R]) -> Result<(), DatabendError> {
    // A large file takes a core for a while.
    let text = tokio::task::block_in_place(|| lines(rows));
    let loaded = databend.load(R::TABLE, &text).await?;
    metrics::loaded(rows.len());
    if loaded == rows.len() as u64 {
        return Ok(());
    }
    Err(DatabendError::Unavailable(format!("{loaded} rows loaded into {} of {}", R::TABLE, rows.len())))
}

/// Keeps a row that cannot be loaded as text, so that somebody can look at it and put it right.
async fn keep<R: Loadable>(databend: &Databend, row: &R, reason: &str) -> Result<Refused, DatabendError> {
    let at = row.at();
    let reason: String = reason.chars().take(KEPT_REASON_CHARACTERS).collect();
    let mut cells = String::new();
    row.write(&mut cells);
    let mut line = String::new();
    csv::text(&mut line, at.partition);
    csv::text(&mut line, at.offset);
    csv::text(&mut line, R::TABLE);
    csv::text(&mut line, &reason);
    csv::text(&mut line, BASE64_STANDARD.encode(cells));
    csv::end(&mut line);
    databend.load("refused_rows", &line).await?;
    // Not the reason: it quotes what a user sent.
    tracing::error!(
        log.partition = at.partition.0,
        log.offset = at.offset,
        table = R::TABLE,
        "a row cannot be loaded; the history goes on without it, and refused_rows keeps it"
    );
    Ok(Refused { at, user_id: row.user_id(), table: R::TABLE, reason })
}
