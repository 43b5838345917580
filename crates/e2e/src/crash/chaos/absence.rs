//! Databend is away for a while, and whoever writes the history is killed in the middle of catching up.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use testkit::servers::DatabendServer;
use warehouse::databend::{Databend, DatabendOptions, DatabendWarehouse};

use super::fleet::Fleet;
use super::report::ChaosReport;

/// How much of the load is there before it happens, in per cent.
const AFTER_PER_CENT: usize = 25;
/// How long a load may take to come, and then to end.
const LOAD_WITHIN: Duration = Duration::from_secs(60);
/// A load takes tens of milliseconds; its writer is to be killed within it.
const POLL: Duration = Duration::from_millis(1);
/// How often that is tried: the writer may be faster.
const ATTEMPTS: u32 = 20;
/// How long instances of ingestion-api stay away then.
const KILLED_FOR: Duration = Duration::from_millis(500);

/// Rows at or behind the position of their partition.
const UNSEEN: &str = "event_rows AS r JOIN log_positions AS p ON p.log_partition = r.log_partition \
                      WHERE r.log_offset >= p.next_offset";

/// The server with the history, and where on it that is.
pub struct History {
    server: DatabendServer,
    /// Its URL; the same over restarts of the server.
    pub(super) url: String,
}

impl History {
    /// Takes a server that may be restarted.
    pub fn on(server: DatabendServer) -> Self {
        Self { url: server.database(), server }
    }

    /// Returns a way to it for somebody who is not one of the services.
    pub(super) fn client(&self) -> anyhow::Result<Databend> {
        Ok(Databend::new(DatabendOptions::parse(&self.url)?)?)
    }

    /// Returns the history as the services see it.
    pub(super) fn warehouse(&self, partitions: u16) -> anyhow::Result<DatabendWarehouse> {
        Ok(DatabendWarehouse::new(DatabendOptions::parse(&self.url)?, partitions)?)
    }
}

/// What becomes of Databend in a run: away once, in the middle of it.
pub(super) struct Absence {
    away_for: Duration,
    state: State,
}

enum State {
    ToCome,
    Away(Instant),
    /// It is back, and so many kills did not cut a load in two.
    Back {
        attempts: u32,
    },
    Over,
}

impl Absence {
    /// Databend will be away for so long.
    pub(super) const fn of(away_for: Duration) -> Self {
        Self { away_for, state: State::ToCome }
    }

    /// Returns whether it has been away and is back, and a load was cut in two or tried to be for long enough.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Does what is due; returns what that was.
    pub(super) async fn go_on(
        &mut self,
        history: &mut History,
        fleet: &mut Fleet,
        acknowledged_per_cent: usize,
        report: &mut ChaosReport,
    ) -> anyhow::Result<Option<String>> {
        match self.state {
            State::ToCome if acknowledged_per_cent >= AFTER_PER_CENT => {
                tokio::task::block_in_place(|| history.server.stop()).context("stopping Databend")?;
                self.state = State::Away(Instant::now() + self.away_for);
                Ok(Some(format!("Databend away for {:?}", self.away_for)))
            }
            State::Away(until) if until <= Instant::now() => {
                tokio::task::block_in_place(|| history.server.resume()).context("starting Databend")?;
                self.state = State::Back { attempts: 0 };
                Ok(Some("Databend is back".to_owned()))
            }
            State::Back { attempts } => {
                let rows = kill_in_the_middle_of_a_load(history, fleet, report).await?;
                let is_over = rows > 0 || attempts + 1 == ATTEMPTS;
                self.state = if is_over { State::Over } else { State::Back { attempts: attempts + 1 } };
                let cut = if rows > 0 { "in the middle of" } else { "too late for" };
                Ok(Some(format!("every ingestion-api killed {cut} a load: {rows} rows lie there unseen")))
            }
            _ => Ok(None),
        }
    }
}

/// Kills every instance of ingestion-api while Databend takes a load; returns how many of its rows are there and
/// behind the positions, so that nobody sees them: none if the positions moved all the same.
async fn kill_in_the_middle_of_a_load(
    history: &History,
    fleet: &mut Fleet,
    report: &mut ChaosReport,
) -> anyhow::Result<u64> {
    let databend = history.client()?;
    // All must run: one of them writes.
    fleet.until_ingestion_ready().await?;
    let deadline = Instant::now() + LOAD_WITHIN;
    // What another kill has left is covered by the next load of the same records.
    while count(&databend, UNSEEN).await? > 0 {
        ensure!(Instant::now() < deadline, "rows of a load are unseen after {LOAD_WITHIN:?}");
        tokio::time::sleep(POLL).await;
    }
    while history.server.loads_under_way() == 0 {
        ensure!(Instant::now() < deadline, "nothing was loaded in {LOAD_WITHIN:?}");
        tokio::time::sleep(POLL).await;
    }
    report.kills += fleet.kill_ingestion(KILLED_FOR).await?;
    // Databend ends it without the one who sent it.
    while history.server.loads_under_way() > 0 {
        ensure!(Instant::now() < deadline, "a load did not end in {LOAD_WITHIN:?}");
        tokio::time::sleep(POLL).await;
    }
    let rows = count(&databend, UNSEEN).await?;
    report.cut_rows += rows;
    Ok(rows)
}

/// Counts rows.
pub(super) async fn count(databend: &Databend, of: &str) -> anyhow::Result<u64> {
    let counted = databend.query(&format!("SELECT count(*) FROM {of}")).await?;
    let cell = counted.rows.first().and_then(|row| row.first()?.as_deref());
    cell.context("no count")?.parse().context("reading a count")
}
