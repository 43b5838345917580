//! config-api
