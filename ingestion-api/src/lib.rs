//! ingestion-api
