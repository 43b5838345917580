//! The page at `/`: segments with their sizes, and changes as they happen. One file, no framework.

use axum::response::Html;

const PAGE: &str = include_str!("console.html");

pub(crate) async fn console() -> Html<&'static str> {
    Html(PAGE)
}
