//! Scenario files: rules, a timeline of events and clock moves, the expected changes.
//!
//! ```text
//! # Three purchases in a sliding week; leaves by time alone.
//! rule  loyal: count(*) FILTER (WHERE activity_type = 'purchase'
//!              AND created_at >= now() - INTERVAL 7 DAY) >= 3
//!
//! at 2026-01-01T00:00Z  ana  purchase  order_total=12.50
//! at 2026-01-03T00:00Z  ana  purchase  created_at=2026-01-02T00:00Z      # late
//! at 2026-01-05T00:00Z  ana  purchase
//!     -> ana entered loyal  (event)
//! advance to 2026-01-09T00:00Z
//!     -> ana left loyal  (time at 2026-01-08T00:00:00.000001Z)
//! duplicate last
//!     -> nothing
//! rule  pros: user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
//! identify 2026-01-09T00:00Z  ana  traits={"plan":"pro"}
//!     -> ana entered pros  (event)
//! delete ana
//! drop loyal
//! restart
//! ```
//!
//! A `rule` goes on in the lines that follow it indented. In the middle of a file it creates or
//! edits a segment, with the whole history absorbed. A step without an arrow expects nothing, as
//! does `-> nothing`. A rule that cannot be used expects `-> refused  (CODE: why)`, and changes nothing. The instant of a change is shown where it is not that of the step. Every step
//! is checked against the naive evaluator as well ([`crate::Oracle`]).

mod clauses;
mod files;
mod line;
mod run;
mod stage;

pub use clauses::shown_clauses;
pub use files::{Summary, test_directory};
pub use run::{bless, check};
