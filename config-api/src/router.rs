//! Which path leads where.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::openapi::ApiDocument;
use crate::state::AppState;
use crate::{activities, changes, console, explain, segments, users};

/// The documented routes.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(segments::list_segments, segments::create_segment))
        .routes(routes!(segments::get_segment, segments::update_segment, segments::delete_segment))
        .routes(routes!(segments::validate_clause))
        .routes(routes!(segments::preview_clause))
        .routes(routes!(segments::segment_plan))
        .routes(routes!(segments::list_versions))
        .routes(routes!(segments::segment_stats))
        .routes(routes!(segments::segment_backfill))
        .routes(routes!(segments::segment_size))
        .routes(routes!(activities::list_activities, activities::create_activity))
        .routes(routes!(activities::get_activity, activities::update_activity, activities::delete_activity))
        .routes(routes!(activities::assign_to_segment, activities::unassign_from_segment))
        .routes(routes!(activities::assign_to_activity, activities::unassign_from_activity))
        .routes(routes!(activities::segments_about))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::get_user, users::update_user, users::delete_user))
        .routes(routes!(users::get_user_by_client_ref_id))
        .routes(routes!(users::segment_users))
        .routes(routes!(users::user_segments))
        .routes(routes!(users::user_events))
        .routes(routes!(users::user_traits))
        .routes(routes!(explain::explain_membership))
        .routes(routes!(changes::stream_changes))
}

/// Everything on the public port: the API, its documentation, its health, the console.
pub(crate) fn router(state: AppState) -> Router {
    let http = state.config.http.clone();
    let readiness = state.clone();
    let (api, document) = routes().split_for_parts();
    let router = api
        .route("/", get(console::console))
        .with_state(state)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(service::http::health_router(move || ready(readiness.clone())));
    service::http::dress(router, &http)
}

/// Ready when the store answers: everything here needs it.
pub(crate) async fn ready(state: AppState) -> Result<Option<&'static str>, String> {
    state.store.generation().await.map(|_| None).map_err(|error| error.to_string())
}
