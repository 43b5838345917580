//! Who runs: the services, each in its seat, and where clients find them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::sync::watch;

use super::rush::Rush;
use crate::cluster::{Cluster, Seat, ServiceName, Serving};
use crate::process::Places;

/// How many segmenters there are at the beginning.
const SEGMENTERS: usize = 3;

/// A service that clients talk to; they wait while it is away.
pub(super) struct Fronting {
    pub(super) member: Member,
    places: Places,
    told: watch::Sender<Option<Places>>,
    pub(super) rush: Arc<Rush>,
}

/// A service that runs, or will again.
pub(super) struct Member {
    seat: Seat,
    state: State,
}

enum State {
    Runs(Box<Serving>),
    /// Not before then.
    Away(Instant),
}

/// Every service of an installation.
pub(super) struct Fleet {
    cluster: Cluster,
    pub(super) ingestion: Vec<Fronting>,
    pub(super) config: Fronting,
    pub(super) segmenters: Vec<Member>,
    /// How many segmenters there ever were.
    numbered: usize,
}

impl Member {
    /// Ends the process with SIGKILL; it comes back after `pause`. Returns whether it ran.
    pub(super) async fn kill(&mut self, pause: Duration) -> anyhow::Result<bool> {
        let before = std::mem::replace(&mut self.state, State::Away(Instant::now() + pause));
        let State::Runs(serving) = before else {
            self.state = before;
            return Ok(false);
        };
        serving.kill().await?;
        Ok(true)
    }

    /// Sends SIGKILL and waits for nothing; [`Self::kill`] does the rest.
    fn strike(&mut self) -> anyhow::Result<()> {
        match &mut self.state {
            State::Runs(serving) => serving.strike(),
            State::Away(_) => Ok(()),
        }
    }

    /// Starts it again when its time has come. Returns whether it was started.
    fn revive(&mut self) -> anyhow::Result<bool> {
        let due = matches!(self.state, State::Away(until) if until <= Instant::now());
        if due {
            self.state = State::Runs(Box::new(self.seat.launch()?));
        }
        Ok(due)
    }

    fn check(&mut self) -> anyhow::Result<()> {
        let State::Runs(serving) = &mut self.state else { return Ok(()) };
        let ended = serving.ended()?;
        ensure!(ended.is_none(), "a service ended by itself ({ended:?}):\n{}", self.seat.said());
        Ok(())
    }

    async fn until_ready(&mut self) -> anyhow::Result<()> {
        if let State::Away(_) = &self.state {
            self.state = State::Runs(Box::new(self.seat.launch()?));
        }
        let State::Runs(serving) = &mut self.state else { return Ok(()) };
        serving.until_ready().await
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        match self.state {
            State::Runs(serving) => serving.stop().await.map(drop),
            State::Away(_) => Ok(()),
        }
    }
}

impl Fronting {
    fn new(seat: Seat, places: Places) -> Self {
        let member = Member { seat, state: State::Away(Instant::now()) };
        Self { member, places, told: watch::Sender::new(None), rush: Arc::default() }
    }

    /// Returns where clients find it while it is there.
    pub(super) fn told(&self) -> watch::Receiver<Option<Places>> {
        self.told.subscribe()
    }

    /// Ends the process with SIGKILL; clients learn of it from their connections, and then by being told.
    pub(super) async fn kill(&mut self, pause: Duration) -> anyhow::Result<bool> {
        let killed = self.member.kill(pause).await;
        self.told.send_replace(None);
        killed
    }

    /// The same while its clients post without a pause; returns how many requests were under way, `None` if it did
    /// not run.
    pub(super) async fn kill_in_a_rush(&mut self, pause: Duration) -> anyhow::Result<Option<usize>> {
        // Nobody posts to one that was started and has not been ready yet.
        let is_told = self.told.borrow().is_some();
        let under_way = if is_told { self.rush.begin().await } else { 0 };
        let killed = self.kill(pause).await;
        self.rush.end();
        Ok(killed?.then_some(under_way))
    }

    /// Tells clients of it when it is there again.
    async fn tell(&self) {
        if self.told.borrow().is_none()
            && let State::Runs(serving) = &self.member.state
            && serving.is_ready().await
        {
            self.told.send_replace(Some(self.places.clone()));
        }
    }

    async fn until_ready(&mut self) -> anyhow::Result<()> {
        self.member.until_ready().await?;
        self.told.send_replace(Some(self.places.clone()));
        Ok(())
    }
}

impl Fleet {
    /// Starts everybody and waits until they are ready.
    pub(super) async fn start(cluster: Cluster) -> anyhow::Result<Self> {
        let config_seat = cluster.seat(ServiceName::ConfigApi, "1")?;
        let config = config_seat.url().to_owned();
        // Nobody here reads metrics.
        let places = |ingestion: &str| Places {
            ingestion: ingestion.to_owned(),
            config: config.clone(),
            metrics: Default::default(),
        };
        let mut ingestion = Vec::new();
        for label in ["1", "2"] {
            let seat = cluster.seat(ServiceName::IngestionApi, label)?;
            let places = places(seat.url());
            ingestion.push(Fronting::new(seat, places));
        }
        let config = Fronting::new(config_seat, places(""));
        let mut fleet = Self { cluster, ingestion, config, segmenters: Vec::new(), numbered: 0 };
        for _ in 0..SEGMENTERS {
            fleet.add_segmenter()?;
        }
        fleet.until_ready().await?;
        Ok(fleet)
    }

    /// Starts one more segmenter.
    pub(super) fn add_segmenter(&mut self) -> anyhow::Result<()> {
        self.numbered += 1;
        let seat = self.cluster.seat(ServiceName::Segmenter, &self.numbered.to_string())?;
        let state = State::Runs(Box::new(seat.launch()?));
        self.segmenters.push(Member { seat, state });
        Ok(())
    }

    /// Looks after everybody: who was away long enough comes back. Returns how many segmenters did.
    pub(super) async fn look_after(&mut self) -> anyhow::Result<u64> {
        let mut came_back = 0;
        for segmenter in &mut self.segmenters {
            segmenter.check().context("a segmenter")?;
            came_back += u64::from(segmenter.revive()?);
        }
        for fronting in self.ingestion.iter_mut().chain([&mut self.config]) {
            fronting.member.check()?;
            fronting.member.revive()?;
            fronting.tell().await;
        }
        Ok(came_back)
    }

    /// Starts whoever is away and waits for all.
    pub(super) async fn until_ready(&mut self) -> anyhow::Result<()> {
        for member in &mut self.segmenters {
            if let State::Away(until) = &mut member.state {
                *until = Instant::now();
            }
            member.revive()?;
        }
        for fronting in self.ingestion.iter_mut().chain([&mut self.config]) {
            fronting.member.revive()?;
        }
        for fronting in self.ingestion.iter_mut().chain([&mut self.config]) {
            fronting.until_ready().await?;
        }
        for segmenter in &mut self.segmenters {
            segmenter.until_ready().await?;
        }
        Ok(())
    }

    /// Starts whichever instance of ingestion-api is away and waits for all.
    pub(super) async fn until_ingestion_ready(&mut self) -> anyhow::Result<()> {
        for fronting in &mut self.ingestion {
            fronting.until_ready().await?;
        }
        Ok(())
    }

    /// Kills all instances of ingestion-api at the same moment; returns how many ran.
    pub(super) async fn kill_ingestion(&mut self, pause: Duration) -> anyhow::Result<u64> {
        for fronting in &mut self.ingestion {
            fronting.member.strike()?;
        }
        let mut killed = 0;
        for fronting in &mut self.ingestion {
            killed += u64::from(fronting.kill(pause).await?);
        }
        Ok(killed)
    }

    /// Stops segmenters and ingestion in order; look-ups go on.
    pub(super) async fn stop_all_but_config(&mut self) -> anyhow::Result<()> {
        for fronting in self.ingestion.drain(..) {
            fronting.told.send_replace(None);
            fronting.member.stop().await?;
        }
        for segmenter in self.segmenters.drain(..) {
            segmenter.stop().await?;
        }
        Ok(())
    }

    /// Stops what is left.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.config.told.send_replace(None);
        self.config.member.stop().await
    }
}
