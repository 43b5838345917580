//! The OpenAPI document. The structs here exist for it alone: events are read by `crate::event`.

use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::ApiState;
use super::{batch, events, identify};

/// One event, as a source sends it.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "c1d1caef-b216-4fca-bd2d-d776bd6204d6", "id_type": "cookie",
    "region": "California", "device_type": "mobile", "country": "US",
    "created_at": "2023-10-31T00:00:00",
    "payload": {
        "activity_type": "page_viewed", "url": "http://myawesomeproduct",
        "order_total": "", "order_id": "", "element_id": ""
    }
}))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct EventBody {
    /// Who did it, in the source's words.
    #[schema(min_length = 1, max_length = 256)]
    id: String,
    /// What kind of identifier that is.
    #[schema(value_type = IdType)]
    id_type: (),
    /// Makes a retry harmless.
    event_id: Option<uuid::Uuid>,
    /// When it happened. Without a zone it is UTC; absent means now; at most five minutes ahead.
    #[schema(example = "2023-10-31T00:00:00")]
    created_at: Option<String>,
    /// Where the user was; empty counts as absent.
    #[schema(max_length = 128)]
    region: Option<String>,
    /// ISO country.
    #[schema(max_length = 128)]
    country: Option<String>,
    /// `mobile`, `desktop`, `tablet`, …
    #[schema(max_length = 128)]
    device_type: Option<String>,
    /// What happened.
    payload: PayloadBody,
}

/// What happened. Further keys are kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct PayloadBody {
    /// What kind of thing happened: `page_viewed`, `product_purchased`, any code.
    #[schema(min_length = 1, max_length = 128)]
    activity_type: String,
    /// Which page.
    #[schema(max_length = 8192)]
    url: Option<String>,
    /// Which element of it.
    #[schema(max_length = 256)]
    element_id: Option<String>,
    /// Which order.
    #[schema(max_length = 256)]
    order_id: Option<String>,
    /// DECIMAL(18,4): a number or a numeric text; empty counts as absent.
    #[schema(value_type = Option<OrderTotal>)]
    order_total: (),
}

/// What a source says of a user.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "ana@example.com", "id_type": "email", "traits": { "plan": "pro", "seats": 5 }
}))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct IdentifyBody {
    /// Of whom, in the source's words.
    #[schema(min_length = 1, max_length = 256)]
    id: String,
    /// What kind of identifier that is.
    #[schema(value_type = IdType)]
    id_type: (),
    /// Names what is said.
    event_id: Option<uuid::Uuid>,
    /// When it was so. Without a zone it is UTC; absent means now; at most five minutes ahead.
    created_at: Option<String>,
    /// Any JSON values by the traits' names; at most 64, a name has at most 128 bytes.
    #[schema(value_type = Object)]
    traits: (),
}

/// The kinds of identifiers.
#[derive(serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum IdType {
    Cookie,
    Email,
    Phone,
    Facebook,
    Google,
    Apple,
    Twitter,
    Linkedin,
    DeviceId,
    AdvertisingId,
    AnonymousId,
    ClientRefId,
}

/// Money: exact, at most 18 digits, four of them behind the point.
#[derive(serde::Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum OrderTotal {
    Number(f64),
    Text(String),
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shoal ingestion API",
        // Of the interface, not of the program.
        version = "1",
        description = "Takes in what users do. Errors are problem+json with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags((name = "events", description = "What users did"), (name = "users", description = "What is said of users"))
)]
struct Document;

/// Returns the routes together with their document.
pub(super) fn documented_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(events::post_event))
        .routes(routes!(batch::post_batch))
        .routes(routes!(identify::post_identify))
}

/// Returns the OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented_routes().into_openapi()
}
