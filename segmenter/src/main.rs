//! segmenter
fn main() {}
