//! The evaluator that keeps every event and re-evaluates the rule from scratch: slow and plain.
//!
//! It is the definition of membership in code. The incremental engine must agree with it after
//! every step; nothing of the engine is used here.
