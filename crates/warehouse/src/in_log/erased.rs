//! Who was deleted, known before any row is read: a deletion may lie far behind the rows it takes away.

use std::collections::HashSet;
use std::sync::Arc;

use bus::EventLog;
use schema::{LogRecord, Offset, PartitionId, UserId};
use tokio::sync::Mutex;

use super::scanning::scan;
use crate::WarehouseError;

/// The deleted users of one partition, as far as it was looked at: each record is looked at once.
#[derive(Default)]
pub(super) struct Erased(Mutex<Found>);

#[derive(Default)]
struct Found {
    up_to: Offset,
    users: Arc<HashSet<UserId>>,
}

impl Erased {
    /// Returns everybody whose deletion lies below `before`, and perhaps some whose lies behind it.
    pub(super) async fn below(
        &self,
        log: &dyn EventLog,
        partition: PartitionId,
        before: Offset,
    ) -> Result<Arc<HashSet<UserId>>, WarehouseError> {
        let mut found = self.0.lock().await;
        let mut new = HashSet::new();
        scan(log, partition, found.up_to..before, &mut |_, record| {
            if let LogRecord::Deletion(deletion) = record {
                new.insert(deletion.user_id);
            }
        })
        .await?;
        if !new.is_empty() {
            Arc::make_mut(&mut found.users).extend(new);
        }
        found.up_to = found.up_to.max(before);
        Ok(Arc::clone(&found.users))
    }
}
