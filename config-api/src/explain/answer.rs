//! The answer: what was published, what the events say, and why the two may differ for a moment.

use axum::Json;
use axum::extract::{Path, State};
use engine::explain::Known;
use rules::Rule;
use schema::{Generation, Offset, PartitionId, PartitionStatus, SegmentDefinition, Timestamp, UserId, partition_of};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use store::Segment;
use utoipa::ToSchema;

use super::gather::{Gathered, gather};
use super::view::WholeView;
use crate::state::AppState;
use crate::web::{bus_problem, now, parse_id, parse_tag, store_problem};

/// Why a user is in a segment, or is not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationView {
    user_id: i64,
    segment_id: i64,
    /// The tag.
    segment: String,
    /// The current version of the segment, which is the one explained.
    version: u32,
    /// Its clause as written; spans are bytes of it.
    #[serde(rename = "whereStatement")]
    where_statement: String,
    #[serde(flatten)]
    published: Published,
    /// The instant that is explained.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Up to where in the log the user's events were looked at; absent when they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionView>,
    /// How many events the user has there; absent when they were not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_count: Option<usize>,
    #[serde(flatten)]
    whole: Option<WholeView>,
    /// Why nothing is explained, when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_explained: Option<Remark>,
    /// Why `holds` is not `in_segment`, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<Remark>,
}

/// What subscribers were told, as look-ups say it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct Published {
    /// Whether the published changes put the user into the segment.
    in_segment: bool,
    /// When the user entered it, when it is in.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Up to which instant that is exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    published_as_of: Option<Timestamp>,
}

/// A place in the log: all records before it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct PositionView {
    #[schema(value_type = u16)]
    partition: PartitionId,
    offset: Offset,
}

/// Something to know of an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Remark {
    /// Stable.
    code: &'static str,
    detail: String,
}

/// Explains why a user is in a segment, or is not: each condition with its value and the events that count.
#[utoipa::path(get, path = "/api/v1/users/{id}/segments/{tag}/explain", tag = "users",
    params(("id" = i64, Path), ("tag" = String, Path)), responses(
    (status = 200, description = "The clause's conditions as they are for this user. `not_explained` has the code \
        `too_many_events` when the user has more than an answer goes through. `in_flight` has one of \
        `version_not_live`, `records_not_decided`, `changes_not_projected`, `decided_meanwhile`", body = ExplanationView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`history_unavailable`, `history_behind`, `log_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn explain_membership(
    State(state): State<AppState>,
    Path((id, tag)): Path<(String, String)>,
) -> Result<Json<ExplanationView>, Problem> {
    let (user_id, tag) = (UserId(parse_id(&id)?), parse_tag(&tag)?);
    if state.store.user(user_id).await.map_err(store_problem)?.is_none() {
        return Err(Problem::not_found("there is no such user"));
    }
    let segment = state.store.segment_by_tag(&tag).await.map_err(store_problem)?;
    let segment = segment.ok_or_else(|| Problem::not_found("there is no such segment"))?;
    // Few at a time: whoever asks for many explanations waits, and nobody else does.
    let _turn = state.explaining.acquire().await.map_err(Problem::internal)?;
    Ok(Json(answer(&state, user_id, segment).await?))
}

async fn answer(state: &AppState, user_id: UserId, segment: Segment) -> Result<ExplanationView, Problem> {
    let rule = rules::compile(&segment.spec.where_statement).rule;
    let rule = rule.ok_or_else(|| Problem::internal("a stored clause does not compile"))?;
    let partition = partition_of(user_id, state.log.partitions());
    let max_events = engine::explain::max_events(&rule);
    let gathered = gather(state, user_id, max_events).await?;
    // After the events: it is of no earlier instant than any of them.
    let statuses = state.log.statuses().await.map_err(bus_problem)?;
    let status = statuses.into_iter().find(|status| status.partition == partition);
    let as_of = status.as_ref().map_or_else(now, |status| now().max(status.as_of));
    let (event_count, position, whole) = match gathered {
        Gathered::TooMany => (None, 0, None),
        Gathered::All { events, traits, position } => {
            let event_count = events.len();
            let known = Known { events, traits, others: needed(state, &rule).await };
            let explain = move || engine::explain::explain(&rule, known, as_of).map(WholeView::from);
            let explained = tokio::task::spawn_blocking(explain).await.map_err(Problem::internal)?;
            (Some(event_count), position, Some(explained.map_err(Problem::internal)?))
        }
    };
    // Last: by now it may have caught up with what was looked at.
    let published = published(state, user_id, &segment).await?;
    let holds = whole.as_ref().map(|whole| whole.holds);
    let differs = holds.is_some_and(|holds| holds != published.in_segment);
    Ok(ExplanationView {
        user_id: user_id.0,
        segment_id: segment.segment_id.0,
        segment: segment.spec.tag.to_string(),
        version: segment.version.0,
        where_statement: segment.spec.where_statement,
        in_flight: differs.then(|| difference(segment.generation, position, as_of, status.as_ref(), &published)),
        published,
        as_of,
        position: whole.is_some().then_some(PositionView { partition, offset: position }),
        event_count,
        not_explained: whole.is_none().then(|| too_many(max_events)),
        whole,
    })
}

/// Returns the live segments that a rule depends on, also through others.
async fn needed(state: &AppState, rule: &Rule) -> Vec<(SegmentDefinition, Rule)> {
    if rule.segments().is_empty() {
        return Vec::new();
    }
    let definitions = state.feed.definitions();
    let needed = state.known_rules.dependencies(definitions.clone()).await.needed_by(rule);
    let definitions = definitions.segments.iter().filter(|definition| needed.contains(definition.tag.as_str()));
    let compiled = definitions.filter_map(|definition| {
        rules::compile(&definition.where_statement).rule.map(|rule| (definition.clone(), rule))
    });
    compiled.collect()
}

async fn published(state: &AppState, user_id: UserId, segment: &Segment) -> Result<Published, Problem> {
    // Before the look-up: it is at least as fresh as what is said of it.
    let published_as_of = state.freshness.of_user(user_id);
    let memberships = state.store.segments_of_user(user_id).await.map_err(store_problem)?;
    let membership = memberships.into_iter().find(|membership| membership.segment_id == segment.segment_id);
    let since = membership.map(|membership| membership.since);
    Ok(Published { in_segment: since.is_some(), since, published_as_of })
}

fn too_many(max_events: usize) -> Remark {
    let detail = format!("the user has more than {max_events} events, which is as many as an explanation goes through");
    Remark { code: "too_many_events", detail }
}

/// Says what is on its way that makes the published membership another one.
fn difference(
    generation: Generation,
    position: Offset,
    as_of: Timestamp,
    status: Option<&PartitionStatus>,
    published: &Published,
) -> Remark {
    let decided_at = status.map(|status| status.as_of);
    let (code, detail) = match status {
        None => ("records_not_decided", "nobody decides memberships for this user at the moment".to_owned()),
        Some(status) if status.generation < generation => {
            ("version_not_live", "this version of the segment is still on its way to its users".to_owned())
        }
        Some(status) if status.next_offset < position => {
            let waiting = position - status.next_offset;
            ("records_not_decided", format!("{waiting} records of the user's partition are not decided yet"))
        }
        Some(_) if published.published_as_of < decided_at => {
            ("changes_not_projected", "the change is published and on its way to the look-ups".to_owned())
        }
        Some(_) => ("decided_meanwhile", format!("memberships changed around {as_of}; ask again")),
    };
    Remark { code, detail }
}
