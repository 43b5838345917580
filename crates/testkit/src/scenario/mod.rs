//! Scenario files: a rule, a timeline, the expected changes.
