//! Taking large users away from the engine, and bringing them back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::Engine;
use schema::{LogRecord, Timestamp, UserId};
use tokio::time::Instant;

use super::config::SpillConfig;
use super::file::{DiskSpace, SpillFile};
use super::large_users::{LargeUsage, LargeUsers};

/// The most users that are brought back between two commits because a deadline of theirs is due.
const MAX_DUE_AT_ONCE: usize = 16;
/// For how long nothing is written after that failed: the disk is full, or there is none.
const PAUSE: Duration = Duration::from_secs(60);

/// The large users of one partition.
#[derive(Debug)]
pub(crate) struct Spill {
    user_bytes: usize,
    resident_bytes: usize,
    users: LargeUsers,
    file: SpillFile,
    /// Counts commits.
    commit: u64,
    /// Until when nothing is written, as that failed.
    paused_until: Option<Instant>,
    /// How many were brought back since the last time that was asked.
    brought_back: u64,
}

impl Spill {
    pub(crate) fn new(config: &SpillConfig, space: &Arc<DiskSpace>) -> Self {
        Self {
            user_bytes: config.user_bytes,
            resident_bytes: config.resident_bytes,
            users: LargeUsers::default(),
            file: SpillFile::new(&config.directory, Arc::clone(space)),
            commit: 0,
            paused_until: None,
            brought_back: 0,
        }
    }

    /// Notes what was committed of some users, all of whom are in memory.
    pub(crate) fn committed<'s>(&mut self, users: impl IntoIterator<Item = (UserId, &'s [u8])>) {
        self.commit += 1;
        for (user_id, state) in users {
            self.note(user_id, state.len());
        }
    }

    /// Notes how large a user's stored state is, who is in memory.
    pub(crate) fn note(&mut self, user_id: UserId, bytes: usize) {
        if bytes > self.user_bytes {
            self.users.note(user_id, bytes, self.commit);
        } else {
            self.users.forget(user_id);
        }
    }

    /// Returns whether any large user is to be taken away.
    pub(crate) fn has_idle(&self, engine: &Engine) -> bool {
        // While other definitions are absorbed, everyone is needed.
        engine.absorbing().is_none()
            && !self.is_paused()
            && self.users.idle(self.resident_bytes, self.commit).next().is_some()
    }

    /// Takes large users away until no more stay than may, besides those of the last commit.
    pub(crate) fn take_idle_away(&mut self, engine: &mut Engine) -> anyhow::Result<()> {
        let idle: Vec<UserId> = self.users.idle(self.resident_bytes, self.commit).collect();
        for user_id in idle {
            let Some(state) = engine.take_away(user_id) else { continue };
            if let Err(error) = self.file.put(user_id, &state) {
                tracing::warn!(%error, "large users cannot be kept on disk; they stay in memory");
                self.paused_until = Some(Instant::now() + PAUSE);
                return engine.load_user(user_id, &state).context("keeping a large user in memory");
            }
            self.users.leave_memory(user_id);
        }
        Ok(())
    }

    /// Lets the next call of `take_idle_away` take those of the last commit as well.
    pub(crate) fn rest(&mut self) {
        self.commit += 1;
    }

    /// Brings the user back whose record is applied soon.
    pub(crate) fn bring_back_for(&mut self, engine: &mut Engine, record: &LogRecord) -> anyhow::Result<()> {
        if engine.is_away(record.user_id()) {
            self.bring_back(engine, record.user_id())?;
        }
        Ok(())
    }

    /// Brings one back who keeps deadlines up to `now` from firing; returns whether there was one, and `false`
    /// when that were too many at once.
    pub(crate) fn bring_back_due(
        &mut self,
        engine: &mut Engine,
        now: Timestamp,
        before: usize,
    ) -> anyhow::Result<bool> {
        match engine.waits_for(now).filter(|_| before < MAX_DUE_AT_ONCE) {
            Some(user_id) => self.bring_back(engine, user_id).map(|()| true),
            None => Ok(false),
        }
    }

    /// Brings everyone back.
    pub(crate) fn bring_all_back(&mut self, engine: &mut Engine) -> anyhow::Result<()> {
        let away: Vec<UserId> = engine.away().collect();
        away.into_iter().try_for_each(|user_id| self.bring_back(engine, user_id))
    }

    fn bring_back(&mut self, engine: &mut Engine, user_id: UserId) -> anyhow::Result<()> {
        let state = self.file.take(user_id).context("reading a large user back")?;
        let state = state.with_context(|| format!("user {user_id} is not in the file"))?;
        engine.load_user(user_id, &state).context("loading a large user that was read back")?;
        self.users.enter_memory(user_id, self.commit);
        self.brought_back += 1;
        Ok(())
    }

    /// Returns how much large users take.
    pub(crate) fn usage(&self) -> LargeUsage {
        let ((users, bytes), (spilled_users, spilled_bytes)) = (self.users.usage(), self.file.usage());
        LargeUsage { users, bytes, spilled_users, spilled_bytes }
    }

    /// Returns how many were brought back since the last call.
    pub(crate) fn take_brought_back(&mut self) -> u64 {
        std::mem::take(&mut self.brought_back)
    }

    fn is_paused(&self) -> bool {
        self.paused_until.is_some_and(|until| Instant::now() < until)
    }
}
