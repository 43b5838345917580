//! Answers in Arrow: columns as Databend has them, which cost neither side a text per cell.
//!
//! Databend answers so since 1.2.836 whom it pleases; before, and where it has no rows, it answers in JSON whatever is
//! asked for, and a build without the feature `arrow` does not ask. Only whole numbers and texts are read: how the
//! other types look depends on the version, so whoever wants a time or a decimal casts it in SQL.

/// The type of such an answer.
pub(super) const STREAM: &str = "application/vnd.apache.arrow.stream";

#[cfg(feature = "arrow")]
pub(super) use reading::{Batch, IS_READ, VERSION, page};
#[cfg(not(feature = "arrow"))]
pub(super) use without::{Batch, IS_READ, VERSION, page};

#[cfg(feature = "arrow")]
mod reading {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use arrow_array::{Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray};
    use arrow_ipc::reader::StreamReader;
    use arrow_schema::{ArrowError, DataType};

    use super::super::DatabendError;
    use super::super::cells::Row;
    use super::super::protocol::QueryPage;

    /// Whether this build reads Arrow.
    pub(in super::super) const IS_READ: bool = true;
    /// How the official clients of 2026 want it; the types that are read look alike in all versions.
    pub(in super::super) const VERSION: Option<u8> = Some(2);
    /// Where the rest of the answer is, as JSON.
    const RESPONSE_HEADER: &str = "response_header";

    /// Some rows of an answer.
    pub(in super::super) struct Batch(RecordBatch);

    /// Reads a page.
    pub(in super::super) fn page(body: &[u8]) -> Result<QueryPage, DatabendError> {
        let wrong = |error: ArrowError| DatabendError::answer(&error);
        let stream = StreamReader::try_new(body, None).map_err(wrong)?;
        let schema = stream.schema();
        let head = schema.metadata().get(RESPONSE_HEADER).map_or("", String::as_str);
        let mut page: QueryPage = serde_json::from_str(head).map_err(|error| DatabendError::answer(&error))?;
        page.batches = stream.map(|batch| batch.map(Batch)).collect::<Result<_, _>>().map_err(wrong)?;
        Ok(page)
    }

    impl Batch {
        /// Hands over each row.
        pub(in super::super) fn each(
            &self,
            mut take: impl FnMut(&dyn Row) -> Result<(), DatabendError>,
        ) -> Result<(), DatabendError> {
            let columns = self.0.columns().iter().map(|column| Column::of(column)).collect::<Result<Vec<_>, _>>()?;
            (0..self.0.num_rows()).try_for_each(|index| take(&At { columns: &columns, index }))
        }
    }

    enum Column<'b> {
        Integers(&'b Int64Array),
        Texts(&'b StringArray),
        LargeTexts(&'b LargeStringArray),
        TextViews(&'b StringViewArray),
    }

    impl<'b> Column<'b> {
        fn of(array: &'b dyn Array) -> Result<Self, DatabendError> {
            Ok(match array.data_type() {
                DataType::Int64 => Self::Integers(array.as_primitive::<Int64Type>()),
                DataType::Utf8 => Self::Texts(array.as_string()),
                DataType::LargeUtf8 => Self::LargeTexts(array.as_string()),
                DataType::Utf8View => Self::TextViews(array.as_string_view()),
                other => return Err(DatabendError::Unexpected(format!("a column of {other}"))),
            })
        }
    }

    /// A row of a batch.
    struct At<'b> {
        columns: &'b [Column<'b>],
        index: usize,
    }

    impl Row for At<'_> {
        fn width(&self) -> usize {
            self.columns.len()
        }

        fn text(&self, column: usize) -> Option<&str> {
            let Self { index, .. } = *self;
            match self.columns.get(column)? {
                Column::Integers(_) => None,
                Column::Texts(texts) => texts.is_valid(index).then(|| texts.value(index)),
                Column::LargeTexts(texts) => texts.is_valid(index).then(|| texts.value(index)),
                Column::TextViews(texts) => texts.is_valid(index).then(|| texts.value(index)),
            }
        }

        fn integer(&self, column: usize) -> Option<i64> {
            match self.columns.get(column)? {
                Column::Integers(numbers) => numbers.is_valid(self.index).then(|| numbers.value(self.index)),
                _ => None,
            }
        }
    }
}

#[cfg(not(feature = "arrow"))]
mod without {
    use super::super::DatabendError;
    use super::super::cells::Row;
    use super::super::protocol::QueryPage;

    pub(in super::super) const IS_READ: bool = false;
    pub(in super::super) const VERSION: Option<u8> = None;

    /// There are none.
    pub(in super::super) enum Batch {}

    /// Nobody asked for it.
    pub(in super::super) fn page(_: &[u8]) -> Result<QueryPage, DatabendError> {
        Err(DatabendError::Unexpected("Arrow, unasked".to_owned()))
    }

    impl Batch {
        pub(in super::super) fn each(
            &self,
            _: impl FnMut(&dyn Row) -> Result<(), DatabendError>,
        ) -> Result<(), DatabendError> {
            match *self {}
        }
    }
}
