//! How large a clause may be. Every limit is a named constant with its reason.

/// The longest text of a clause, in bytes: longer ones are generated, and belong into static segments.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// The deepest nesting: keeps every recursion over a rule far from the end of a thread's stack.
pub const MAX_DEPTH: usize = 32;
/// The most nodes of a typed rule: bounds the time that one re-evaluation takes.
pub const MAX_NODES: usize = 512;
/// The most different aggregates of one rule: bounds the state that one rule adds to a user.
pub const MAX_AGGREGATES: usize = 64;
/// The greatest threshold a count in a window is compared with: that many times are kept per user.
pub const MAX_COUNT_THRESHOLD: i64 = 10_000;
