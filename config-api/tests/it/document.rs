//! The OpenAPI document is part of the contract: a change of it is seen in review.

#[test]
fn the_document_is_as_it_was() {
    insta::assert_json_snapshot!(config_api::document());
}
