//! The OpenAPI document, put together from the handlers.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shoal config API",
        description = "Segments, users, look-ups and the stream of changes. Errors are problem+json (RFC 9457) with a \
                       stable `code`; a 5xx carries a `request_id`. Lists go on with `cursor`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "segments", description = "Definitions, versions and numbers of segments"),
        (name = "activities", description = "What users do, described for people"),
        (name = "users", description = "Profiles, look-ups, erasure"),
        (name = "live", description = "Changes as they happen"),
    ),
)]
pub(crate) struct ApiDocument;

/// Returns the OpenAPI document of this API.
pub fn document() -> utoipa::openapi::OpenApi {
    crate::router::routes().split_for_parts().1
}
