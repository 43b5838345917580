//! The estimate of what an aggregate costs per user is made from its plan; here it is held against the state.

use std::mem::size_of;

use rules::plan::Footprint;

use crate::catalog::{MAX_DEPTH, Slot};
use crate::state::{AggregateState, RetainedRow};

#[test]
fn the_sizes_that_plans_count_with_are_those_of_the_state() {
    assert_eq!(Footprint::STATE_BYTES, size_of::<(Slot, AggregateState)>());
    assert_eq!(Footprint::ROW_BYTES, size_of::<RetainedRow>());
    assert_eq!(Footprint::MAX_CELL_TIMES, MAX_DEPTH);
}
