//! Why a stream ends before its client does.

use axum::response::sse::Event;
use bus::BusError;
use serde_json::json;

/// Why a stream ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StreamEnd {
    /// Retention took changes that this subscriber has not seen.
    Trimmed,
    /// The log cannot be read now; a reconnect goes on where this stream was.
    Unavailable,
}

impl StreamEnd {
    pub(super) fn of(error: &BusError) -> Self {
        if matches!(error, BusError::Trimmed { .. }) { Self::Trimmed } else { Self::Unavailable }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Trimmed => "position_trimmed",
            Self::Unavailable => "log_unavailable",
        }
    }

    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Trimmed => {
                "changes after this position are no longer kept: read the memberships again, then subscribe anew"
            }
            Self::Unavailable => "the log is not available now: connect again with Last-Event-ID",
        }
    }

    /// Returns the last event of the stream. It has no id: the position stays what it was.
    pub(super) fn event(self) -> Event {
        let data = json!({ "code": self.code(), "detail": self.detail() });
        Event::default().event("error").data(data.to_string())
    }
}
