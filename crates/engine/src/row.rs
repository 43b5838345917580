//! An event as the row that a filter or an argument is evaluated over.

use rules::eval::Scope;
use rules::json::Json;
use rules::{Aggregate, Column, Value};
use schema::{Event, Timestamp};

/// The columns of one event. Filters and arguments name nothing else: their windows were taken out.
pub(crate) struct Row<'a>(pub(crate) &'a Event);

impl Scope for Row<'_> {
    fn column(&self, column: Column) -> Value {
        let event = self.0;
        match column {
            Column::EventId => Value::Text(event.event_id.to_string()),
            Column::UserId => Value::Integer(event.user_id.0),
            Column::ActivityType => Value::Text(event.activity_type.to_string()),
            Column::Region => text(event.region.as_deref()),
            Column::Country => text(event.country.as_deref()),
            Column::DeviceType => text(event.device_type.as_deref()),
            Column::Url => text(event.url.as_deref()),
            Column::ElementId => text(event.element_id.as_deref()),
            Column::OrderId => text(event.order_id.as_deref()),
            Column::OrderTotal => event.order_total.map_or(Value::Null, Value::Decimal),
            Column::CreatedAt => Value::Timestamp(event.created_at),
            Column::ReceivedAt => Value::Timestamp(event.received_at),
            Column::Payload => payload(event),
        }
    }

    fn payload(&self) -> Option<&str> {
        Some(self.0.payload.as_str())
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, _: usize) -> Value {
        Value::Null
    }

    fn now(&self) -> Timestamp {
        self.0.created_at
    }
}

/// The whole payload; a path into it goes through its text instead.
fn payload(event: &Event) -> Value {
    Json::parse(event.payload.as_str()).map_or(Value::Null, Value::Variant)
}

/// Returns the text of a column that holds text and that an event has as text.
///
/// Not inline: what it would take of every column would be taken of all of them, needed or not.
#[inline(never)]
pub(crate) fn text_of(event: &Event, column: Column) -> Option<&str> {
    match column {
        Column::ActivityType => Some(&event.activity_type),
        Column::Region => event.region.as_deref(),
        Column::Country => event.country.as_deref(),
        Column::DeviceType => event.device_type.as_deref(),
        Column::Url => event.url.as_deref(),
        Column::ElementId => event.element_id.as_deref(),
        Column::OrderId => event.order_id.as_deref(),
        _ => None,
    }
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}
