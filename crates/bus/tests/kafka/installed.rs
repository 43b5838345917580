//! A log on the broker that the tests of this binary share, in topics of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::conformance::{Installation, PARTITIONS, Session};
use bus::kafka::{KafkaLog, KafkaOptions};
use bus::{BusError, EventLog};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schema::{PartitionId, Topic};
use testkit::servers::{Kafka, or_not_run};

/// A log in topics of its own.
pub(crate) struct OnKafka {
    pub(crate) options: KafkaOptions,
}

impl OnKafka {
    /// `None` when there is no broker on this machine; that the test was not run is noted then.
    pub(crate) fn new() -> Option<Self> {
        or_not_run(Kafka::shared()).map(Self::on)
    }

    pub(crate) fn on(kafka: &Kafka) -> Self {
        let prefix = kafka.prefix();
        let options = KafkaOptions {
            brokers: kafka.brokers(),
            group: format!("{prefix}segmenter"),
            topic_prefix: prefix,
            partitions: PARTITIONS,
            // A loaded machine is no reason to fail; nothing here waits for these to pass.
            delivery_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(60),
            ..KafkaOptions::default()
        };
        Self { options }
    }

    pub(crate) async fn log(&self) -> KafkaLog {
        KafkaLog::open(self.options.clone()).await.unwrap()
    }
}

#[async_trait]
impl Installation for OnKafka {
    async fn open(&self) -> Result<Session, BusError> {
        let log = KafkaLog::open(self.options.clone()).await?;
        let owned = log.clone();
        let log: Arc<dyn EventLog> = Arc::new(log);
        Ok(Session { log, ownership: Box::new(move || Box::new(owned.ownership())) })
    }

    async fn close(&self, session: Session) -> Result<(), BusError> {
        drop(session);
        Ok(())
    }

    async fn trim(&self, topic: Topic, partition: PartitionId) -> Result<(), BusError> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.options.brokers);
        let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
        let mut list = TopicPartitionList::new();
        let name = format!("{}{}", self.options.topic_prefix, topic.as_str());
        list.add_partition_offset(&name, i32::from(partition.0), Offset::End).unwrap();
        let trimmed = admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
        assert!(trimmed.elements().iter().all(|element| element.error().is_ok()), "{trimmed:?}");
        Ok(())
    }
}
