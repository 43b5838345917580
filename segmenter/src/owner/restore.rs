//! A partition as it was committed last: definitions, users, times. No record is read again.
//!
//! The definitions come with the end of the reading and are needed to decode the first user, so the
//! encoded users are gathered first, and go as they are decoded. `restores_at_once` bounds how many do so.

use std::sync::Arc;

use bus::{PartitionOwner, RestoredPartition};
use engine::{Engine, PartitionClock};
use schema::{Definitions, UserId};
use tokio_util::sync::CancellationToken;

use super::owning::lost;
use super::{Owner, OwnerEnd};
use crate::catalogs::{CatalogFeed, Frozen};
use crate::hold::Hold;
use crate::shared::Shared;
use crate::spill::Spill;
use crate::yielding::{YIELD_EVERY, run_long};

/// Restores the partition and returns its owner, ready to run.
pub(crate) async fn restore(
    mut log: Box<dyn PartitionOwner>,
    shared: Arc<Shared>,
    catalogs: CatalogFeed,
    stop: CancellationToken,
) -> Result<Owner, OwnerEnd> {
    let Ok(_permit) = shared.restores.acquire().await else { return Err(OwnerEnd::Stopped) };
    let mut hold = Hold::new(log.partition(), stop.clone(), Arc::clone(&shared.board));
    let (users, restored) = read(log.as_mut(), &mut hold).await?;
    let frozen = catalog_of(&restored, &shared)?;
    let spill = Spill::new(&shared.spill, &shared.spill_space);
    let loaded = load(users, &restored, &frozen, spill, &stop).await?;
    tracing::debug!(
        log.partition = log.partition().0,
        log.offset = restored.next_offset,
        catalog.generation = frozen.generation().0,
        users = loaded.engine.user_count(),
        "partition restored"
    );
    Ok(Owner::new(log, loaded, &restored, catalogs, hold, stop, Arc::clone(&shared)))
}

/// The users of a partition: in memory, and on disk.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) spill: Spill,
}

/// Users as they were committed.
type EncodedUsers = Vec<(UserId, Box<[u8]>)>;

async fn read(log: &mut dyn PartitionOwner, hold: &mut Hold) -> Result<(EncodedUsers, RestoredPartition), OwnerEnd> {
    loop {
        let mut users = EncodedUsers::new();
        match log.restore(&mut |user_id, state| users.push((user_id, state.into()))).await {
            Ok(restored) => {
                hold.release();
                return Ok((users, restored));
            }
            Err(error) => hold.after(error).await?,
        }
    }
}

/// Compiles the definitions that the state was made by. There is none before them to fall back on.
fn catalog_of(restored: &RestoredPartition, shared: &Shared) -> Result<Arc<Frozen>, OwnerEnd> {
    let definitions: Arc<Definitions> = Arc::new(restored.definitions.clone().unwrap_or_default());
    run_long(|| shared.catalogs.freeze(&definitions))
        .map_err(|error| OwnerEnd::damaged(error, "compiling the definitions of the last commit"))
}

async fn load(
    users: EncodedUsers,
    restored: &RestoredPartition,
    frozen: &Frozen,
    mut spill: Spill,
    stop: &CancellationToken,
) -> Result<Loaded, OwnerEnd> {
    let clock = PartitionClock { now: restored.now, log_time: restored.log_time };
    let mut engine = Engine::new(Arc::clone(&frozen.catalog), clock);
    let mut users = users.into_iter();
    while users.len() > 0 {
        if stop.is_cancelled() {
            return Err(OwnerEnd::Stopped);
        }
        for (user_id, state) in users.by_ref().take(YIELD_EVERY) {
            engine
                .load_user(user_id, &state)
                .map_err(|error| OwnerEnd::damaged(error, format!("loading user {user_id}")))?;
            spill.note(user_id, state.len());
        }
        spill.rest();
        if spill.has_idle(&engine) {
            run_long(|| spill.take_idle_away(&mut engine)).map_err(lost)?;
        }
        tokio::task::yield_now().await;
    }
    Ok(Loaded { engine, spill })
}
