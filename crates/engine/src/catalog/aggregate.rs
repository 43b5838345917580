//! An aggregate that rules of a catalog share.

use rules::eval::evaluate;
use rules::plan::argument_of;
use rules::{AggregateKey, AggregateSpec, Demand, Value};
use schema::Event;

use super::formula::Bit;
use crate::row::Row;
use crate::state::{FoldKind, FoldSpec, Occurrence};

/// An aggregate's index in its catalog; means nothing in another one, nor in stored state.
pub(crate) type Slot = u32;

/// An aggregate, how it is folded, and who reads it.
#[derive(Debug)]
pub(crate) struct CatalogAggregate {
    pub(crate) key: AggregateKey,
    pub(crate) spec: AggregateSpec,
    pub(crate) fold: FoldSpec,
    /// The conditions that read it, ascending.
    pub(crate) readers: Vec<Bit>,
    /// Those of the readers that compare a time with `now()`.
    pub(crate) now_readers: Vec<Bit>,
}

impl CatalogAggregate {
    pub(crate) fn new(key: AggregateKey, spec: AggregateSpec) -> Self {
        let fold = FoldSpec::of(&spec);
        Self { key, spec, fold, readers: Vec::new(), now_readers: Vec::new() }
    }

    /// Makes it keep as much as the reader needs as well.
    pub(crate) fn serve(&mut self, demand: Demand) {
        self.spec.demand = self.spec.demand.max(demand);
        self.fold = FoldSpec::of(&self.spec);
    }

    /// Returns whether state kept for it also serves `other`, which has the same key.
    pub(crate) fn keeps_enough_for(&self, other: &Self) -> bool {
        self.kept_demand() >= other.kept_demand()
    }

    /// Returns what its state knows, which may be more than was asked for: a count of events that
    /// never leave is one number, however large.
    fn kept_demand(&self) -> Demand {
        match self.fold.kind {
            FoldKind::CountDistinct => self.spec.demand,
            FoldKind::Count if self.fold.forgets() => self.spec.demand,
            _ => Demand::Exact,
        }
    }

    /// Returns what it takes from an event that passes its filter, if it takes anything.
    pub(crate) fn occurrence(&self, event: &Event) -> Option<Occurrence> {
        let row = Row(event);
        let value = argument_of(&self.spec.function).map_or(Value::Boolean(true), |argument| evaluate(argument, &row));
        (value != Value::Null).then_some(Occurrence { time: event.created_at, event_id: event.event_id, value })
    }
}
