//! All routes of the public port.

use std::sync::Arc;

use axum::Router;
use bus::EventLog;
use schema::{PartitionId, Topic};
use service::http::{dress, health_router};
use tokio_util::sync::CancellationToken;
use utoipa_swagger_ui::SwaggerUi;

use super::cors;
use super::document::documented_routes;
use super::state::ApiState;
use crate::config::Config;
use crate::warehouse_writer::WriterHealth;

/// Makes the router of the public port.
pub(crate) fn router(state: ApiState, config: &Config, readiness: Readiness) -> Router {
    let (routes, document) = documented_routes().split_for_parts();
    let routes = routes
        .with_state(state)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(health_router(move || readiness.clone().check()));
    dress(routes, &config.http).layer(cors::layer(&config.cors))
}

/// Whether events can be accepted now.
#[derive(Clone)]
pub(crate) struct Readiness {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) history: WriterHealth,
}

impl Readiness {
    /// The store is not asked: while it is away, known identities pass. A history that is not written any more is
    /// told and no reason to refuse events.
    pub(crate) async fn check(self) -> Result<Option<&'static str>, String> {
        if self.shutdown.is_cancelled() {
            return Err("shutting down".to_owned());
        }
        let answered = self.log.range(Topic::Events, PartitionId(0)).await;
        answered.map(|_| self.history.note()).map_err(|error| error.to_string())
    }
}
