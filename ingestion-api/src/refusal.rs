//! Why a request or one of its events was not accepted, and with which status that is answered.

use axum::http::StatusCode;
use bus::BusError;
use schema::UserId;
use service::problem::{Fault, Problem};

use crate::event::FaultCode;
use crate::identities::Resolution;

/// After how many seconds to try again when the log or the store is away.
const RETRY_SOON_SECONDS: u64 = 1;

/// After how many seconds to try again when the disk is full: somebody has to make room.
const RETRY_LATER_SECONDS: u64 = 30;

/// What a batch in which nothing was good is called, and an event with several faults.
const NO_EVENT_ACCEPTED: &str = "no_event_accepted";
const INVALID_EVENT: &str = "invalid_event";
const INVALID_IDENTIFY: &str = "invalid_identify";

/// One event that was not accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) faults: Vec<Fault>,
}

impl Refusal {
    /// The event is at fault.
    pub(crate) fn of_faults(faults: Vec<Fault>) -> Self {
        let too_large = faults.iter().any(|fault| fault.code == FaultCode::EventTooLarge.as_str());
        let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
        Self { status, faults }
    }

    /// Returns the user of an event, or why it has none.
    pub(crate) fn unless_user(resolution: Resolution) -> Result<UserId, Self> {
        let (status, code, detail) = match resolution {
            Resolution::User(user_id) => return Ok(user_id),
            Resolution::Nobody => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_user",
                "the identity belongs to no user, and none is made here",
            ),
            Resolution::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "identities_unavailable",
                "an unknown identity cannot be looked up now",
            ),
            Resolution::Failed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "identities_failed", "the identity could not be looked up")
            }
        };
        Err(Self { status, faults: vec![Fault::new(code, detail).in_field("id")] })
    }

    /// Returns the label under which it is counted: the code of the first fault.
    pub(crate) fn reason(&self) -> &'static str {
        self.faults.first().map_or(INVALID_EVENT, |fault| fault.code)
    }

    /// Makes the answer to a request of this one event.
    pub(crate) fn into_problem(self) -> Problem {
        settled(self.status, Problem::of_faults(self.status, INVALID_EVENT, self.faults))
    }

    /// Makes the answer to a request that said something of a user.
    pub(crate) fn into_identify_problem(self) -> Problem {
        settled(self.status, Problem::of_faults(self.status, INVALID_IDENTIFY, self.faults))
    }
}

/// Makes the answer to a batch in which no event was accepted; `refusals` in order, at least one.
pub(crate) fn problem_of_batch(refusals: Vec<Refusal>) -> Problem {
    // What may succeed later comes first: the client is to send the batch again.
    let status = refusals.iter().map(|refusal| refusal.status).max().unwrap_or(StatusCode::BAD_REQUEST);
    let code = match refusals.iter().find(|refusal| refusal.status == status) {
        Some(refusal) if status.is_server_error() => refusal.reason(),
        _ => NO_EVENT_ACCEPTED,
    };
    let count = refusals.len();
    let faults = refusals.into_iter().enumerate().flat_map(|(index, refusal)| located(index, refusal.faults)).collect();
    let problem = Problem::new(status, code, format!("none of the {count} events was accepted"));
    settled(status, problem.with_errors(faults))
}

fn located(index: usize, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(move |fault| {
        let place = match &fault.field {
            Some(field) => format!("[{index}].{field}"),
            None => format!("[{index}]"),
        };
        fault.in_field(place)
    })
}

/// A 5xx says only its code, and whether to come back.
fn settled(status: StatusCode, mut problem: Problem) -> Problem {
    if status.is_server_error() {
        problem.errors.clear();
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        problem.retry_after_seconds = Some(RETRY_SOON_SECONDS);
    }
    problem
}

/// Makes the answer to a request whose events the log did not take.
pub(crate) fn problem_of_log(error: &BusError) -> Problem {
    match error {
        BusError::Full => Problem::unavailable("log_full", "there is no room for more events now", RETRY_LATER_SECONDS),
        // A broken log is back when the process was started anew, which is soon.
        BusError::Unavailable(_) | BusError::Broken(_) => {
            Problem::unavailable("log_unavailable", "events cannot be stored now", RETRY_SOON_SECONDS)
        }
        _ => Problem::internal("appending to the log"),
    }
    .because(error)
}

/// Makes the answer to a request for which there is no room in memory now.
pub(crate) fn overloaded() -> Problem {
    Problem::unavailable("overloaded", "too many requests are being worked on", RETRY_SOON_SECONDS)
}
