//! How large a clause may be. Every limit is a named constant with its reason.

/// The longest text of a clause, in bytes: longer ones are generated, and belong into static segments.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// The most tokens of a clause: eight for each node that a rule may have. Bounds how deep a chain
/// of operators can lean to the left, which no nesting limit of a parser sees.
pub const MAX_TOKENS: usize = 8 * MAX_NODES;
/// The deepest nesting: keeps every recursion over a rule far from the end of a thread's stack.
pub const MAX_DEPTH: usize = 32;
/// The deepest nesting of the text, parentheses that mean nothing included: what the parser's own
/// recursion is held to. Three levels for each of a rule, as an aggregate of an aggregate takes in SELECTs, so that
/// every canonical text parses.
pub const MAX_PARSER_DEPTH: usize = 3 * MAX_DEPTH + 8;
/// How deep the parser goes on the caller's stack; deeper clauses are read on a thread of their own.
pub const SHALLOW_PARSER_DEPTH: usize = 24;
/// The stack of that thread: a level takes up to 30 KiB in an unoptimised build.
pub const DEEP_PARSER_STACK_BYTES: usize = 8 * 1024 * 1024;
/// The longest clause, in words and signs, of which a derived table over a JOIN is put in its place: each can be a level
/// of what is copied and printed on that stack.
pub const MAX_INLINED_TOKENS: usize = 1_000;
/// How many operands the parser may begin to read, for each token: most are read once or twice, but
/// nested forms that it tries both ways double for each level.
pub const PARSER_STEPS_PER_TOKEN: usize = 16;
/// Likewise for the shortest clauses.
pub const MIN_PARSER_STEPS: usize = 1_000;
/// The most nodes of a typed rule: bounds the time that one re-evaluation takes.
pub const MAX_NODES: usize = 512;
/// The most nodes that compiling one may make: some are only looked at, as what EXISTS selects. Bounds what doubles
/// on the way, and is enough for the canonical text of the largest rule.
pub const MAX_MADE_NODES: usize = 4 * MAX_NODES;
/// The most different aggregates of one rule: bounds the state that one rule adds to a user.
pub const MAX_AGGREGATES: usize = 64;
/// The greatest threshold a count in a window is compared with: that many times are kept per user.
pub const MAX_COUNT_THRESHOLD: i64 = 10_000;
/// The memory per user beyond which a rule's author is warned, where it has a bound: a million users with it are
/// eight GiB, ten times what a hundred usual segments take together.
pub const BUDGET_BYTES: usize = 8 * 1024;
/// How many events of one user the costs of what is computed over them are told for: a busy one's of some months.
pub const BUDGET_EVENTS: usize = 1_000;
/// The memory that so many events of a user may take before the rule's author is warned.
pub const BUDGET_RETAINED_BYTES: usize = 512 * 1024;
/// The steps that computing over so many events may take before the rule's author is warned: every pair of them,
/// some milliseconds.
pub const BUDGET_STEPS: usize = 1_000_000;
/// Of [`BUDGET_EVENTS`] events of one user, how many are assumed to share an `order_id`, a `url`, an `element_id`, an
/// `order_total` or a key of the payload: such values are many, but a page is seen again.
pub const EVENTS_SHARING_A_RARE_VALUE: usize = 20;
/// Likewise for every other value, such as a region, an activity type or a day: there are four or so.
pub const EVENTS_SHARING_A_COMMON_VALUE: usize = 250;
/// How many steps it takes to find rows by a value or a time, however many they are.
pub const STEPS_TO_FIND: usize = 4;
/// Values of one aggregate that are remembered while a condition is computed over a user's events: those of some
/// hundred groups beside as many others.
pub const MAX_KNOWN_VALUES: usize = 1 << 16;
