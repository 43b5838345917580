//! Databend is away for a while, and whoever writes the history is killed in the middle of catching up.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use testkit::servers::DatabendServer;
use warehouse::databend::{Databend, DatabendOptions, DatabendWarehouse};

use super::fleet::Fleet;
use super::report::ChaosReport;

/// How much of the load is there before it happens, in per cent.
const AFTER_PER_CENT: usize = 25;
/// How long a load may take to come after the server is back.
const LOAD_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
/// How long instances of ingestion-api stay away then.
const KILLED_FOR: Duration = Duration::from_millis(500);

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
    Over,
}

impl Absence {
    /// Databend will be away for so long.
    pub(super) const fn of(away_for: Duration) -> Self {
        Self { away_for, state: State::ToCome }
    }

    /// Returns whether it has been away and is back.
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
                self.state = State::Over;
                let cut = kill_in_the_middle_of_a_load(history, fleet, report).await?;
                Ok(Some(format!("Databend is back; {cut}")))
            }
            _ => Ok(None),
        }
    }
}

/// Kills every instance of ingestion-api at the moment at which rows have come and the positions have not moved yet.
async fn kill_in_the_middle_of_a_load(
    history: &History,
    fleet: &mut Fleet,
    report: &mut ChaosReport,
) -> anyhow::Result<String> {
    let databend = history.client()?;
    let before = count(&databend, "event_rows").await?;
    let deadline = Instant::now() + LOAD_WITHIN;
    // All must run: one of them writes.
    fleet.until_ready().await?;
    while count(&databend, "event_rows").await? == before {
        anyhow::ensure!(Instant::now() < deadline, "nothing was loaded in {LOAD_WITHIN:?}");
        tokio::time::sleep(POLL).await;
    }
    for fronting in &mut fleet.ingestion {
        report.kills += u64::from(fronting.kill(KILLED_FOR).await?);
    }
    let unseen = count(&databend, "event_rows").await?.saturating_sub(count(&databend, "events").await?);
    Ok(format!("every ingestion-api killed in the middle of a load: {unseen} rows lie there unseen"))
}

/// Counts rows.
pub(super) async fn count(databend: &Databend, of: &str) -> anyhow::Result<u64> {
    let counted = databend.query(&format!("SELECT count(*) FROM {of}")).await?;
    let cell = counted.rows.first().and_then(|row| row.first()?.as_deref());
    cell.context("no count")?.parse().context("reading a count")
}
