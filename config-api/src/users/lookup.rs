//! Who is in which segment.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use schema::{Timestamp, UserId};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use store::{SegmentMember, UserMembership};
use utoipa::ToSchema;

use super::edit::no_user;
use crate::state::AppState;
use crate::web::{PageQuery, page_after, parse_id, parse_tag, read_query, store_problem};

const MEMBERS: &str = "members";

/// The segments a user is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserSegments {
    user_id: i64,
    /// Ascending by id.
    items: Vec<UserSegmentView>,
    /// Up to which instant that is exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// A segment that a user is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserSegmentView {
    id: i64,
    tag: String,
    title: String,
    /// When the user entered it.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Some members of a segment, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MemberPage {
    segment: String,
    /// Ascending by id.
    items: Vec<MemberView>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Up to which instant this page is exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// A user who is in a segment.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    id: i64,
    /// When the user entered it.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Lists the segments a user is in.
#[utoipa::path(get, path = "/api/v1/users/{id}/segments", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "All of them", body = UserSegments),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn user_segments(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<UserSegments>, Problem> {
    let user_id = UserId(parse_id(&id)?);
    // Before the look-up: it is at least as fresh as what is said of it.
    let as_of = state.freshness.of_user(user_id);
    let memberships = state.store.segments_of_user(user_id).await.map_err(store_problem)?;
    if memberships.is_empty() && state.store.user(user_id).await.map_err(store_problem)?.is_none() {
        return Err(no_user());
    }
    let items = memberships.into_iter().map(UserSegmentView::from).collect();
    Ok(Json(UserSegments { user_id: user_id.0, items, as_of }))
}

/// Lists the users who are in a segment.
#[utoipa::path(get, path = "/api/v1/users/segment/{tag}", tag = "users", params(("tag" = String, Path), PageQuery),
    responses(
    (status = 200, description = "A page of them", body = MemberPage),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn segment_users(
    State(state): State<AppState>,
    Path(tag): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<MemberPage>, Problem> {
    let tag = parse_tag(&tag)?;
    let query = read_query(query)?;
    let limit = query.limit()?;
    let found = state.store.segment_by_tag(&tag).await.map_err(store_problem)?;
    let segment = found.ok_or_else(|| Problem::not_found("there is no such segment"))?;
    let as_of = state.freshness.of_all();
    let after = query.after(MEMBERS)?.map(UserId);
    let members = state.store.members_of_segment(segment.segment_id, after, limit).await.map_err(store_problem)?;
    let next_cursor = page_after(MEMBERS, members.last().map(|member| member.user_id.0), members.len(), limit);
    let items = members.into_iter().map(MemberView::from).collect();
    Ok(Json(MemberPage { segment: tag.to_string(), items, next_cursor, as_of }))
}

impl From<UserMembership> for UserSegmentView {
    fn from(membership: UserMembership) -> Self {
        Self {
            id: membership.segment_id.0,
            tag: membership.tag.to_string(),
            title: membership.title,
            since: membership.since,
        }
    }
}

impl From<SegmentMember> for MemberView {
    fn from(member: SegmentMember) -> Self {
        Self { id: member.user_id.0, since: member.since }
    }
}
