//! What happens to the fleet, one thing after another, decided by dice.

use std::time::Duration;

use anyhow::Context as _;
use shoal::Dice;
use testkit::servers::Postgres;

use super::fleet::Fleet;
use super::report::ChaosReport;

/// The most segmenters at once: fewer than partitions, so that each owns some.
const MAX_SEGMENTERS: usize = 5;
/// Segmenters are not taken away below this.
const MIN_SEGMENTERS: usize = 2;

/// Does one thing and says what it was.
pub(super) async fn make(
    fleet: &mut Fleet,
    postgres: &mut Postgres,
    dice: &mut Dice,
    report: &mut ChaosReport,
) -> anyhow::Result<String> {
    let pause = Duration::from_millis(dice.below(2_000));
    match next(dice, report) {
        0..40 => kill_segmenter(fleet, dice, pause, report).await,
        40..62 => {
            let which = dice.below(fleet.ingestion.len() as u64) as usize;
            let Some(under_way) = fleet.ingestion[which].kill_in_a_rush(pause).await? else {
                return Ok(format!("ingestion-api {} is away already", which + 1));
            };
            report.kills += 1;
            report.under_way += under_way as u64;
            Ok(format!("ingestion-api {} killed for {pause:?} with {under_way} requests under way", which + 1))
        }
        62..82 => change_segmenters(fleet, dice, report).await,
        82..92 => restart(postgres, pause).await,
        _ => {
            let killed = fleet.config.kill(pause).await?;
            report.kills += u64::from(killed);
            Ok(format!("config-api killed for {pause:?}"))
        }
    }
}

/// Throws the dice; what a run must have seen, however short it is, comes first.
fn next(dice: &mut Dice, report: &ChaosReport) -> u64 {
    let roll = dice.below(100);
    match report {
        ChaosReport { rebalances: 0, .. } => 0,
        ChaosReport { under_way: 0, .. } => 40,
        _ => roll,
    }
}

async fn kill_segmenter(
    fleet: &mut Fleet,
    dice: &mut Dice,
    pause: Duration,
    report: &mut ChaosReport,
) -> anyhow::Result<String> {
    let which = dice.below(fleet.segmenters.len() as u64) as usize;
    let killed = u64::from(fleet.segmenters[which].kill(pause).await?);
    report.kills += killed;
    report.rebalances += killed;
    Ok(format!("segmenter {} of {} killed for {pause:?}", which + 1, fleet.segmenters.len()))
}

/// Adds one or takes one away in order.
async fn change_segmenters(fleet: &mut Fleet, dice: &mut Dice, report: &mut ChaosReport) -> anyhow::Result<String> {
    report.rebalances += 1;
    let count = fleet.segmenters.len();
    if count < MAX_SEGMENTERS && (count <= MIN_SEGMENTERS || dice.chance(50)) {
        fleet.add_segmenter()?;
        return Ok(format!("segmenter added to {count}"));
    }
    let which = dice.below(count as u64) as usize;
    fleet.segmenters.remove(which).stop().await.context("stopping a segmenter")?;
    Ok(format!("one of {count} segmenters stopped"))
}

async fn restart(postgres: &mut Postgres, pause: Duration) -> anyhow::Result<String> {
    tokio::task::block_in_place(|| postgres.stop()).context("stopping Postgres")?;
    tokio::time::sleep(pause).await;
    tokio::task::block_in_place(|| postgres.resume()).context("starting Postgres")?;
    Ok(format!("Postgres away for {pause:?}"))
}
