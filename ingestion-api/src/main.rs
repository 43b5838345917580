//! ingestion-api
fn main() {}
