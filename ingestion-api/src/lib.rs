//! ingestion-api

pub mod warehouse_writer;
