//! config-api
fn main() {}
