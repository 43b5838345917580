//! A user as it is sent and shown.

use axum::body::Bytes;
use axum::http::HeaderMap;
use schema::{Identity, Timestamp};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use store::{User, UserProfile};
use utoipa::ToSchema;

use crate::web::{Fields, read_object};

/// The most bytes of a name.
const MAX_NAME_BYTES: usize = 200;
/// The most bytes of an e-mail address: what mail allows.
const MAX_EMAIL_BYTES: usize = 320;

/// What a client says of a user.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct UserBody {
    /// For people.
    name: Option<String>,
    /// For people; events are not resolved by it.
    email: Option<String>,
    /// Your own id of the user: events with `id_type` `client_ref_id` resolve to it.
    #[serde(rename = "clientRefId")]
    #[schema(example = "u104010")]
    client_ref_id: Option<String>,
}

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Positive, never used again.
    pub(super) id: i64,
    name: Option<String>,
    email: Option<String>,
    #[serde(rename = "clientRefId")]
    client_ref_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Some users, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserPage {
    pub(super) items: Vec<UserView>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<UserProfile, Problem> {
    let mut fields = Fields::new(read_object(headers, body)?);
    let name = fields.optional_text("name", MAX_NAME_BYTES);
    let email = fields.optional_text("email", MAX_EMAIL_BYTES);
    let client_ref_id = fields.optional_text("clientRefId", Identity::MAX_VALUE_BYTES);
    if client_ref_id.as_deref() == Some("") {
        fields.fault(
            "clientRefId",
            "empty_client_ref_id",
            "`clientRefId` must not be empty; leave it out or send null",
        );
    }
    fields.finish("invalid_user")?;
    Ok(UserProfile { name, email, client_ref_id })
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.user_id.0,
            name: user.profile.name,
            email: user.profile.email,
            client_ref_id: user.profile.client_ref_id,
            created_at: user.created_at,
        }
    }
}
