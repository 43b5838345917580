//! Where the brokers are, how to reach them, and how topics are made.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schema::DEFAULT_PARTITIONS;

/// Where the brokers are, how to reach them, and how topics are made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KafkaOptions {
    /// `host:port` of some brokers, separated by commas.
    pub brokers: String,
    /// How this process calls itself to the brokers.
    pub client_id: String,
    /// What every topic's name begins with; empty for the names of `schema::Topic`.
    pub topic_prefix: String,
    /// The consumer group of the segmenters; their transactional ids begin with it.
    pub group: String,
    /// How many partitions every topic has. Fixed when the topics are made; another number later is refused.
    pub partitions: u16,
    /// Whether topics that are missing are made; else their absence is refused.
    pub create_topics: bool,
    /// Of topics that are made: how many brokers hold each record.
    pub replication: u16,
    /// Of topics that are made: how many of them must hold a record before it counts as written.
    pub min_in_sync: u16,
    /// Of topics that are made: how long records that are not compacted are kept.
    pub retention: Duration,
    /// The largest record; a user's state must fit into one.
    pub max_record_bytes: usize,
    /// How long an append may take before it is answered as unavailable.
    pub delivery_timeout: Duration,
    /// The most KiB that are on their way to the brokers, a record counting at least one.
    pub queue_kib: usize,
    /// For how long records are gathered into one request.
    pub linger: Duration,
    /// How long a question to the brokers may take.
    pub request_timeout: Duration,
    /// How long a commit may take before the brokers undo it.
    pub transaction_timeout: Duration,
    /// After how long without a sign of life another segmenter gets the partitions of this one.
    pub session_timeout: Duration,
    /// How long a partition that is to go elsewhere may take to finish; then it is fenced.
    pub handover_timeout: Duration,
    /// Encryption and authentication.
    pub security: KafkaSecurity,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            client_id: "shoal".to_owned(),
            topic_prefix: String::new(),
            group: "shoal-segmenter".to_owned(),
            partitions: DEFAULT_PARTITIONS,
            create_topics: true,
            replication: 1,
            min_in_sync: 1,
            retention: Duration::from_secs(7 * 24 * 3_600),
            // A batch of definitions or a state of many occurrences; Kafka's own default is 1 MiB.
            max_record_bytes: 16 * 1_024 * 1_024,
            // A leader is elected anew within a few seconds; longer than that a website does not wait.
            delivery_timeout: Duration::from_secs(10),
            queue_kib: 64 * 1_024,
            linger: Duration::from_millis(1),
            request_timeout: Duration::from_secs(10),
            transaction_timeout: Duration::from_secs(30),
            session_timeout: Duration::from_secs(10),
            handover_timeout: Duration::from_secs(10),
            security: KafkaSecurity::default(),
        }
    }
}

/// Encryption and authentication. The default is neither.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KafkaSecurity {
    /// Whether connections are encrypted.
    pub tls: bool,
    /// The authority that signed the brokers' certificates; the system's own when absent.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate and its private key, where brokers ask for them.
    pub certificate_file: Option<PathBuf>,
    /// See `certificate_file`.
    pub key_file: Option<PathBuf>,
    /// Who logs in, and how.
    pub sasl: Option<Sasl>,
}

/// A login.
#[derive(Clone, PartialEq, Eq)]
pub struct Sasl {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// Who.
    pub username: String,
    /// Never printed.
    pub password: String,
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl").field("mechanism", &self.mechanism).field("username", &self.username).finish()
    }
}
