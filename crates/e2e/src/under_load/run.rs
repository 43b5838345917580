//! One run, from an empty installation to the verdict.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use schema::SegmentId;
use shoal::client::SegmentsClient;
use testkit::servers::Kafka;

use super::definitions::{Wanted, WentLive, define};
use super::members::{self, Changes};
use super::posting::{Poster, post_history};
use super::previews::preview_both_ways;
use super::reach::put_definitions;
use super::rendered::Oracle;
use super::report::{EndFigures, HistoryFigures, LoadReport, SwitchFigures};
use super::rig::Rig;
use super::shop::Shop;
use super::traffic::Traffic;
use super::verdict::check_switch;
use crate::crash::{Fault, Report, sequences};
use crate::now;
use crate::system::segment;

/// There from the beginning, so that the segmenters have something to decide.
const STANDING: (&str, &str) =
    ("gatherers", "device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'added_to_cart') >= 3");
/// A new segment without a window: every event there ever was counts.
const SPENDERS: (&str, &str) = ("spenders", "sum(order_total) FILTER (WHERE activity_type = 'product_purchased') > 40");
/// A new segment with a window, and what it is edited to: some enter, others leave.
const VIEWERS: &str = "viewers";
const THREE_IN_A_WEEK: &str =
    "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 7 DAY) >= 3";
const FIVE_IN_TWO_WEEKS: &str =
    "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 14 DAY) >= 5";
/// For how long events come before and after definitions change.
const AROUND: Duration = Duration::from_secs(1);

/// What to run.
pub struct LoadOptions<'a> {
    /// The program that is the services (`shoal-e2e-service`).
    pub services: PathBuf,
    /// Brokers.
    pub kafka: &'a Kafka,
    /// URL of an empty database on Postgres.
    pub store: String,
    /// URL of a database on Databend that nobody else uses.
    pub history: String,
    /// How many events there are before the traffic begins.
    pub events: u64,
    /// How many users they are of.
    pub users: u64,
    /// How many events come a second then.
    pub rate: u64,
    /// How many instances of ingestion-api.
    pub ingestion: usize,
    /// How many segmenters.
    pub segmenters: usize,
    /// Decides who does what; when is up to the machine.
    pub seed: u64,
}

/// A definition on its way, as it is compared afterwards.
struct Defined {
    what: String,
    before: Option<&'static str>,
    after: &'static str,
    live: WentLive,
}

/// Runs it all; an error says that it could not be run. `progress` is told what happens.
pub async fn run(options: &LoadOptions<'_>, mut progress: impl FnMut(String)) -> anyhow::Result<LoadReport> {
    let mut rig = Rig::start(options).await?;
    let segments = SegmentsClient::new(rig.http.clone(), rig.config.url());
    let standing = segments.create(&segment(STANDING.0, STANDING.1)).await?.id;
    segments.until_live().await?;
    let poster = Poster::new(&rig.http, rig.ingestion.iter().map(|serving| serving.url().to_owned()));
    let mut report =
        LoadReport { history: fill(options, &rig, &poster, &mut progress).await?, ..LoadReport::default() };

    report.previews = preview_both_ways(rig.config.url(), STANDING, &mut report.found).await?;
    report.previews.iter().for_each(|preview| progress(preview.to_string()));

    let shop = Shop::new(options.seed.wrapping_add(1), options.users);
    let traffic = Traffic::begin(poster.clone(), shop, options.rate);
    tokio::time::sleep(AROUND).await;
    let mut defined: Vec<Defined> = Vec::new();
    let steps = [
        (format!("new segment `{}`", SPENDERS.0), SPENDERS.0, None, SPENDERS.1),
        (format!("new segment `{VIEWERS}` (window)"), VIEWERS, None, THREE_IN_A_WEEK),
        (format!("edited segment `{VIEWERS}`"), VIEWERS, Some(THREE_IN_A_WEEK), FIVE_IN_TWO_WEEKS),
    ];
    for (what, tag, before, clause) in steps {
        let edited = before.and_then(|_| defined.last()).map(|last| last.live.segment_id);
        let wanted = Wanted { tag, segment_id: edited, clause };
        let live = define(wanted, options, &rig, (&poster, &traffic), &mut progress).await?;
        progress(format!("{what}: live after {:.1} s", live.took.as_secs_f64()));
        defined.push(Defined { what, before, after: clause, live });
    }
    report.reach = put_definitions(&rig).await?;
    progress(report.reach.to_string());
    segments.until_live().await?;
    tokio::time::sleep(AROUND).await;
    traffic.stop().await?;
    rig.until_segmented().await?;
    rig.until_written().await?;
    let instant = now();
    rig.until_exact(instant).await?;
    rig.stop_segmenters().await?;
    progress("everything is written; comparing".to_owned());

    let mut oracle = Oracle::new(&options.history)?;
    let changes = members::read_topic("segment-changes", options, &rig).await?;
    let ends = ends(standing, &defined);
    for defined in defined {
        report.switches.push(compare_switch(defined, &mut oracle, &changes, &mut report.found).await?);
    }
    let found = &mut report.found;
    changes.values().for_each(|changes| sequences::check_topic(changes, found));
    report.end.acknowledged = poster.acknowledged();
    report.end.changes = changes.values().map(Vec::len).sum();
    compare_end(options, &rig, &oracle, &changes, (&ends, instant), (&mut report.end, found)).await?;
    rig.stop().await?;
    Ok(report)
}

/// Posts the history and waits until it is everywhere.
async fn fill(
    options: &LoadOptions<'_>,
    rig: &Rig,
    poster: &std::sync::Arc<Poster>,
    progress: &mut impl FnMut(String),
) -> anyhow::Result<HistoryFigures> {
    let begun = Instant::now();
    post_history(poster, options.seed, options.users, options.events).await?;
    let acknowledged_in = begun.elapsed();
    progress(format!("{} events acknowledged in {acknowledged_in:.1?}", poster.acknowledged()));
    let timed = async |waiting: &mut (dyn Future<Output = anyhow::Result<()>> + Unpin)| {
        waiting.await?;
        anyhow::Ok(begun.elapsed())
    };
    let (mut segmented, mut written) = (Box::pin(rig.until_segmented()), Box::pin(rig.until_written()));
    let (segmented_in, written_in) = tokio::try_join!(timed(&mut segmented), timed(&mut written))?;
    progress(format!("segmented after {segmented_in:.1?}, on Databend after {written_in:.1?}"));
    let LoadOptions { events, users, .. } = *options;
    Ok(HistoryFigures { events, users, acknowledged_in, segmented_in, written_in })
}

/// Returns what each segment is at the end.
fn ends(standing: SegmentId, defined: &[Defined]) -> Vec<(&'static str, SegmentId, &'static str)> {
    let mut ends = vec![(STANDING.0, standing, STANDING.1)];
    let of = |clause: &str| defined.iter().find(|defined| defined.after == clause).map(|found| found.live.segment_id);
    ends.extend(of(SPENDERS.1).map(|segment_id| (SPENDERS.0, segment_id, SPENDERS.1)));
    ends.extend(of(FIVE_IN_TWO_WEEKS).map(|segment_id| (VIEWERS, segment_id, FIVE_IN_TWO_WEEKS)));
    ends
}

async fn compare_switch(
    defined: Defined,
    oracle: &mut Oracle,
    changes: &Changes,
    found: &mut Report,
) -> anyhow::Result<SwitchFigures> {
    let Defined { what, before, after, live } = defined;
    live.way.check(&what, found);
    let (before, after) = match before {
        Some(before) => {
            let [before, after] = oracle.members_at(&live.switches, [before, after]).await?;
            (before, after)
        }
        None => {
            let [after] = oracle.members_at(&live.switches, [after]).await?;
            (Default::default(), after)
        }
    };
    let generation = live.switches.values().map(|switch| switch.generation).max().unwrap_or_default();
    let difference = check_switch(live.segment_id, generation, &before, &after, changes, found);
    Ok(SwitchFigures { what, live, difference })
}

async fn compare_end(
    options: &LoadOptions<'_>,
    rig: &Rig,
    oracle: &Oracle,
    changes: &Changes,
    (ends, instant): (&[(&str, SegmentId, &str)], schema::Timestamp),
    (end, found): (&mut EndFigures, &mut Report),
) -> anyhow::Result<()> {
    let compacted = members::read_topic("segment-memberships", options, rig).await?;
    members::compare_compacted(changes, &compacted, found);
    for (tag, segment_id, clause) in ends {
        let by_sql = oracle.members(clause, instant).await?;
        let published = members::members_at(changes, *segment_id, instant);
        members::compare(&format!("the topic, of `{tag}` at {instant},"), &by_sql, &published, found);
        let latest = members::members_at(changes, *segment_id, schema::Timestamp::MAX);
        let projected = members::in_postgres(&options.store, *segment_id, &latest).await?;
        members::compare(&format!("Postgres, of `{tag}`,"), &latest, &projected, found);
        end.members.push(((*tag).to_owned(), by_sql.len()));
    }
    end.on_databend = oracle.count("events").await?;
    for _ in 0..end.acknowledged.saturating_sub(end.on_databend) {
        found.note(Fault::Lost, || "an acknowledged event is not on Databend".to_owned());
    }
    for _ in 0..end.on_databend.saturating_sub(end.acknowledged) {
        found.note(Fault::Repeated, || "an event is on Databend that was never acknowledged, or twice".to_owned());
    }
    Ok(())
}
