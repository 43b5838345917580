//! Cells of an answer as what they stand for, whichever way the answer came.

use std::str::FromStr;

use schema::{Decimal, Event, EventId, LogPosition, PartitionId, Payload, Timestamp, UserId};
use serde_json::value::RawValue;

use super::DatabendError;
use crate::HistoryRow;

/// A row of an answer.
pub(super) trait Row {
    /// Returns how many cells it has.
    fn width(&self) -> usize;

    /// Returns the text of a cell; `None` of NULL.
    fn text(&self, index: usize) -> Option<&str>;

    /// Returns the whole number of a cell; `None` of NULL and of what is none.
    fn integer(&self, index: usize) -> Option<i64>;
}

/// As JSON has them.
impl Row for Vec<Option<String>> {
    fn width(&self) -> usize {
        self.len()
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.get(index)?.as_deref()
    }

    fn integer(&self, index: usize) -> Option<i64> {
        self.text(index)?.parse().ok()
    }
}

/// The columns that [`history_row`] reads: whole numbers and texts, which every version of Databend writes alike.
pub(super) const HISTORY_COLUMNS: &str = "log_offset, event_id, user_id, activity_type, region, country, device_type, \
     url, element_id, order_id, to_string(order_total), to_int64(created_at), to_int64(received_at), payload_text";

/// Reads a row of [`HISTORY_COLUMNS`].
pub(super) fn history_row(partition: PartitionId, row: &dyn Row) -> Result<HistoryRow, DatabendError> {
    let nullable = |index: usize| row.text(index);
    let decimal = |total| Decimal::parse_column(total, Event::ORDER_TOTAL_PRECISION, Event::ORDER_TOTAL_SCALE);
    let total = nullable(10).map(|total| decimal(total).map_err(|_| unreadable(row, 10)));
    let payload = RawValue::from_string(text(row, 13)?.to_owned()).map_err(|_| unreadable(row, 13))?;
    let event = Event {
        event_id: EventId(value(row, 1)?),
        user_id: UserId(integer(row, 2)?),
        activity_type: text(row, 3)?.into(),
        region: nullable(4).map(Into::into),
        country: nullable(5).map(Into::into),
        device_type: nullable(6).map(Into::into),
        url: nullable(7).map(Into::into),
        element_id: nullable(8).map(Into::into),
        order_id: nullable(9).map(Into::into),
        order_total: total.transpose()?,
        created_at: time(row, 11)?,
        received_at: time(row, 12)?,
        payload: Payload::new(payload),
    };
    Ok(HistoryRow { position: LogPosition { partition, offset: number(row, 0)? }, event })
}

/// Reads a whole number.
pub(super) fn integer(row: &dyn Row, index: usize) -> Result<i64, DatabendError> {
    row.integer(index).ok_or_else(|| unreadable(row, index))
}

/// Reads a whole number that is not negative.
pub(super) fn number(row: &dyn Row, index: usize) -> Result<u64, DatabendError> {
    integer(row, index)?.try_into().map_err(|_| unreadable(row, index))
}

/// Reads microseconds.
pub(super) fn time(row: &dyn Row, index: usize) -> Result<Timestamp, DatabendError> {
    integer(row, index).map(Timestamp::from_micros)
}

/// Reads what a text stands for.
pub(super) fn value<T: FromStr>(row: &dyn Row, index: usize) -> Result<T, DatabendError> {
    text(row, index)?.parse().map_err(|_| unreadable(row, index))
}

/// Reads a text that is there.
pub(super) fn text(row: &dyn Row, index: usize) -> Result<&str, DatabendError> {
    row.text(index).ok_or_else(|| unreadable(row, index))
}

/// Names the column alone: cells hold what users said.
fn unreadable(row: &dyn Row, index: usize) -> DatabendError {
    DatabendError::Unexpected(format!("column {index} of {} that cannot be read", row.width()))
}
