//! The running system, from an event to what subscribers and look-ups say.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it must be, and tells its seed"
)]

mod backup;
#[cfg(feature = "distributed")]
mod backup_of_servers;
#[cfg(feature = "distributed")]
mod backup_while_trimmed;
mod bad_input;
mod busy_user;
#[cfg(feature = "distributed")]
mod chaos;
mod command_line;
mod crash;
mod definitions;
mod explain;
mod measured;
mod mixed_directory;
#[cfg(feature = "distributed")]
mod on_postgres;
mod order;
mod preview;
mod put_back;
mod segments_in_segments;
mod shutdown;
#[cfg(feature = "distributed")]
mod three_processes;
mod timers;
mod traits;
mod transfer;
#[cfg(feature = "distributed")]
mod transfer_to_servers;
#[cfg(feature = "distributed")]
mod trimmed_changes;
#[cfg(feature = "distributed")]
mod under_load;
#[cfg(feature = "distributed")]
mod with_databend;

use e2e::system::System;
use serde_json::{Value, json};

/// The same program as `shoal`, built along with these tests.
const SHOAL: &str = env!("CARGO_BIN_EXE_shoal-e2e");

async fn start() -> System {
    System::start(SHOAL).await.unwrap()
}

/// An event of the cookie `id`; `rest` replaces or adds top-level keys.
fn event(id: &str, activity_type: &str, rest: &Value) -> Value {
    let mut event = json!({ "id": id, "id_type": "cookie", "payload": { "activity_type": activity_type } });
    let (Some(event_keys), Some(rest_keys)) = (event.as_object_mut(), rest.as_object()) else { return event };
    event_keys.extend(rest_keys.clone());
    event
}
