//! An activity as it is sent and shown.

use axum::body::Bytes;
use axum::http::HeaderMap;
use schema::Timestamp;
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use store::{Activity, ActivitySpec};
use utoipa::ToSchema;

use crate::web::{Fields, read_object};

/// The most bytes of a code.
const MAX_CODE_BYTES: usize = 128;
/// The most bytes of a title.
const MAX_TITLE_BYTES: usize = 200;
/// The most bytes of a description.
const MAX_DESCRIPTION_BYTES: usize = 4_000;

/// What somebody says of an activity.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct ActivityBody {
    /// The activity type that events carry; unique.
    #[schema(example = "product_purchased")]
    code: String,
    /// For people; the code when absent.
    title: Option<String>,
    /// For people.
    description: Option<String>,
}

/// A described activity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActivityView {
    pub(super) id: i64,
    code: String,
    title: String,
    description: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Some activities, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActivityPage {
    pub(super) items: Vec<ActivityView>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<ActivitySpec, Problem> {
    let mut fields = Fields::new(read_object(headers, body)?);
    let faults = fields.fault_count();
    let code = fields.text("code", MAX_CODE_BYTES);
    if code.is_empty() && fields.fault_count() == faults {
        fields.fault("code", "empty_code", "`code` must not be empty");
    }
    let title = fields.optional_text("title", MAX_TITLE_BYTES).filter(|title| !title.is_empty());
    let description = fields.optional_text("description", MAX_DESCRIPTION_BYTES).unwrap_or_default();
    fields.finish("invalid_activity")?;
    Ok(ActivitySpec { title: title.unwrap_or_else(|| code.clone()), code, description })
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.activity_id.0,
            code: activity.spec.code,
            title: activity.spec.title,
            description: activity.spec.description,
            created_at: activity.created_at,
            updated_at: activity.updated_at,
        }
    }
}
