//! The embedded history passes the suite that every form of the warehouse must pass.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use warehouse::conformance::{self, Installation, PARTITIONS};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Warehouse, WarehouseError};

struct Embedded(TempDir);

#[async_trait]
impl Installation for Embedded {
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        Ok(Arc::new(EmbeddedWarehouse::open(self.0.path(), PARTITIONS)?))
    }
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                conformance::$case(&Embedded(TempDir::new().unwrap())).await.unwrap();
            }
        )*
    };
}

warehouse::conformance_cases!(suite);
