//! What says that the parts of an installation belong together.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which installation a part belongs to, and how often that was started while the part was there.
///
/// Every part of an installation keeps a copy, and each start counts on: a part that counts less than
/// another was put back from an older copy, one that names another installation came from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lineage {
    /// Drawn when the installation was made.
    pub installation: Uuid,
    /// Starts so far, this one included.
    pub starts: u64,
}
