//! What the handlers share: reading requests with every fault named, pages, and problems of the parts.

mod body;
mod clock;
mod cursor;
mod failure;
mod path;
mod query;

pub(crate) use body::{Fields, read_object};
pub(crate) use clock::now;
pub(crate) use cursor::{Cursor, PageQuery, page_after};
pub(crate) use failure::{bus_problem, store_problem, warehouse_problem};
pub(crate) use path::{parse_id, parse_tag};
pub(crate) use query::read_query;
