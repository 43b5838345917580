//! The words that events and rules are made of.

/// Of these the first 40 lie in the US, five in Canada, five in Great Britain.
pub(crate) const REGIONS: [&str; 50] = [
    "California",
    "Texas",
    "New York",
    "Florida",
    "Illinois",
    "Pennsylvania",
    "Ohio",
    "Georgia",
    "Michigan",
    "Virginia",
    "Washington",
    "Arizona",
    "Tennessee",
    "Indiana",
    "Maryland",
    "Missouri",
    "Wisconsin",
    "Colorado",
    "Minnesota",
    "Alabama",
    "Louisiana",
    "Kentucky",
    "Oregon",
    "Oklahoma",
    "Connecticut",
    "Utah",
    "Nevada",
    "Iowa",
    "Arkansas",
    "Kansas",
    "Mississippi",
    "Nebraska",
    "Idaho",
    "Hawaii",
    "Maine",
    "Montana",
    "Delaware",
    "Alaska",
    "Vermont",
    "Wyoming",
    "Ontario",
    "Quebec",
    "Alberta",
    "Manitoba",
    "Nova Scotia",
    "London",
    "Wales",
    "Kent",
    "Essex",
    "Surrey",
];
pub(crate) const COUNTRIES: [&str; 3] = ["US", "CA", "GB"];
pub(crate) const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
pub(crate) const ACTIVITIES: [&str; 4] = ["page_viewed", "clicked", "added_to_cart", "product_purchased"];

/// Returns the country of a region, by its index.
pub(crate) const fn country_of(region: usize) -> &'static str {
    match region {
        0..40 => "US",
        40..45 => "CA",
        _ => "GB",
    }
}

/// Returns how many of 1000 users live in each region.
pub(crate) fn region_weights() -> [u64; REGIONS.len()] {
    let mut weights = [14; REGIONS.len()];
    weights[..4].copy_from_slice(&[120, 90, 75, 65]);
    weights[REGIONS.len() - 1] = 1000 - weights[..REGIONS.len() - 1].iter().sum::<u64>();
    weights
}
