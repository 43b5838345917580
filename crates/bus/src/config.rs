//! The section `bus` of a service's configuration: the embedded log, or brokers.
//!
//! Here and not in each service, because three processes must mean the same by it. Its defaults, with
//! what each key means, are in `bus.toml`, which each service puts behind its own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::kafka_options::{KafkaOptions, KafkaSecurity, Sasl};

/// What SASL mechanisms librdkafka has without other libraries.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// Which log, and how to reach it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BusConfig {
    /// `host:port` of some brokers, separated by commas; empty for the embedded log.
    pub brokers: String,
    /// What every topic's name begins with.
    pub topic_prefix: String,
    /// The consumer group of the segmenters.
    pub group: String,
    /// Whether topics that are missing are made.
    pub create_topics: bool,
    /// Of topics that are made: how many brokers hold each record.
    pub replication: u16,
    /// Of topics that are made: how many of them must hold a record before it counts as written.
    pub min_in_sync: u16,
    /// Of topics that are made: how long records that are not compacted are kept.
    pub retention_hours: u64,
    /// The largest record.
    pub max_record_bytes: usize,
    /// How long an append may take.
    pub delivery_timeout_ms: u64,
    /// The most KiB that are on their way.
    pub queue_kib: usize,
    /// For how long records are gathered into one request.
    pub linger_ms: u64,
    /// How long a question to the brokers may take.
    pub request_timeout_ms: u64,
    /// How long a commit may take.
    pub transaction_timeout_ms: u64,
    /// After how long without a sign of life another segmenter takes over.
    pub session_timeout_ms: u64,
    /// How long a partition that is to go elsewhere may take to finish.
    pub handover_timeout_ms: u64,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// The authority that signed the brokers' certificates; the system's own when empty.
    pub tls_ca_file: PathBuf,
    /// The client's certificate; none when empty.
    pub tls_certificate_file: PathBuf,
    /// Its private key.
    pub tls_key_file: PathBuf,
    /// How to log in; not at all when empty.
    pub sasl_mechanism: String,
    /// Who logs in.
    pub sasl_username: String,
    /// With what.
    pub sasl_password: Password,
}

/// A password: shows itself as `[redacted]`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl Password {
    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "[redacted]" }
    }
}

impl BusConfig {
    /// Which environment variable sets which key.
    pub const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[
        ("BUS_BROKERS", "bus.brokers"),
        ("BUS_TOPIC_PREFIX", "bus.topic_prefix"),
        ("BUS_GROUP", "bus.group"),
        ("BUS_CREATE_TOPICS", "bus.create_topics"),
        ("BUS_REPLICATION", "bus.replication"),
        ("BUS_MIN_IN_SYNC", "bus.min_in_sync"),
        ("BUS_RETENTION_HOURS", "bus.retention_hours"),
        ("BUS_MAX_RECORD_BYTES", "bus.max_record_bytes"),
        ("BUS_DELIVERY_TIMEOUT_MS", "bus.delivery_timeout_ms"),
        ("BUS_QUEUE_KIB", "bus.queue_kib"),
        ("BUS_LINGER_MS", "bus.linger_ms"),
        ("BUS_REQUEST_TIMEOUT_MS", "bus.request_timeout_ms"),
        ("BUS_TRANSACTION_TIMEOUT_MS", "bus.transaction_timeout_ms"),
        ("BUS_SESSION_TIMEOUT_MS", "bus.session_timeout_ms"),
        ("BUS_HANDOVER_TIMEOUT_MS", "bus.handover_timeout_ms"),
        ("BUS_TLS", "bus.tls"),
        ("BUS_TLS_CA_FILE", "bus.tls_ca_file"),
        ("BUS_TLS_CERTIFICATE_FILE", "bus.tls_certificate_file"),
        ("BUS_TLS_KEY_FILE", "bus.tls_key_file"),
        ("BUS_SASL_MECHANISM", "bus.sasl_mechanism"),
        ("BUS_SASL_USERNAME", "bus.sasl_username"),
        ("BUS_SASL_PASSWORD", "bus.sasl_password"),
    ];

    /// Returns what cannot be, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let at_least_one = [
            ("replication", u64::from(self.replication)),
            ("min_in_sync", u64::from(self.min_in_sync)),
            ("retention_hours", self.retention_hours),
            ("delivery_timeout_ms", self.delivery_timeout_ms),
            ("queue_kib", self.queue_kib as u64),
            ("request_timeout_ms", self.request_timeout_ms),
            ("transaction_timeout_ms", self.transaction_timeout_ms),
            ("session_timeout_ms", self.session_timeout_ms),
            ("handover_timeout_ms", self.handover_timeout_ms),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<_> = zero.map(|(key, _)| format!("`bus.{key}` must be at least 1")).collect();
        if self.min_in_sync > self.replication {
            problems.push("`bus.min_in_sync` is more than `bus.replication`: nothing could be written".to_owned());
        }
        if self.max_record_bytes < 1_024 {
            problems.push("`bus.max_record_bytes` must be at least 1024".to_owned());
        }
        if self.group.is_empty() {
            problems.push("`bus.group` is empty".to_owned());
        }
        if !self.sasl_mechanism.is_empty() && !MECHANISMS.contains(&self.sasl_mechanism.as_str()) {
            problems.push(format!("`bus.sasl_mechanism` must be one of {}", MECHANISMS.join(", ")));
        }
        if self.tls_certificate_file.as_os_str().is_empty() != self.tls_key_file.as_os_str().is_empty() {
            problems.push("`bus.tls_certificate_file` and `bus.tls_key_file` go together".to_owned());
        }
        problems
    }

    /// Returns what is legal but dangerous, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.brokers.is_empty() {
            return warnings;
        }
        if self.sasl_mechanism == "PLAIN" && !self.tls {
            warnings.push("`bus.sasl_mechanism` is PLAIN without `bus.tls`: the password is sent as it is".to_owned());
        }
        if self.replication == 1 {
            warnings.push("`bus.replication` is 1: topics that are made now are lost with one broker".to_owned());
        }
        warnings
    }

    /// Returns how to reach the brokers; `None` for the embedded log.
    pub fn kafka(&self, partitions: u16) -> Option<KafkaOptions> {
        if self.brokers.is_empty() {
            return None;
        }
        Some(KafkaOptions {
            brokers: self.brokers.clone(),
            client_id: "shoal".to_owned(),
            topic_prefix: self.topic_prefix.clone(),
            group: self.group.clone(),
            partitions,
            create_topics: self.create_topics,
            replication: self.replication,
            min_in_sync: self.min_in_sync,
            retention: Duration::from_secs(self.retention_hours.saturating_mul(3_600)),
            max_record_bytes: self.max_record_bytes,
            delivery_timeout: Duration::from_millis(self.delivery_timeout_ms),
            queue_kib: self.queue_kib,
            linger: Duration::from_millis(self.linger_ms),
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            transaction_timeout: Duration::from_millis(self.transaction_timeout_ms),
            session_timeout: Duration::from_millis(self.session_timeout_ms),
            handover_timeout: Duration::from_millis(self.handover_timeout_ms),
            security: self.security(),
        })
    }

    fn security(&self) -> KafkaSecurity {
        let given = |file: &Path| (!file.as_os_str().is_empty()).then(|| file.to_owned());
        let sasl = (!self.sasl_mechanism.is_empty()).then(|| Sasl {
            mechanism: self.sasl_mechanism.clone(),
            username: self.sasl_username.clone(),
            password: self.sasl_password.0.clone(),
        });
        KafkaSecurity {
            tls: self.tls,
            ca_file: given(&self.tls_ca_file),
            certificate_file: given(&self.tls_certificate_file),
            key_file: given(&self.tls_key_file),
            sasl,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> BusConfig {
        BusConfig {
            brokers: "a:9092,b:9092".to_owned(),
            topic_prefix: String::new(),
            group: "shoal-segmenter".to_owned(),
            create_topics: true,
            replication: 3,
            min_in_sync: 2,
            retention_hours: 168,
            max_record_bytes: 16 * 1_024 * 1_024,
            delivery_timeout_ms: 10_000,
            queue_kib: 65_536,
            linger_ms: 1,
            request_timeout_ms: 10_000,
            transaction_timeout_ms: 30_000,
            session_timeout_ms: 10_000,
            handover_timeout_ms: 10_000,
            tls: false,
            tls_ca_file: PathBuf::new(),
            tls_certificate_file: PathBuf::new(),
            tls_key_file: PathBuf::new(),
            sasl_mechanism: String::new(),
            sasl_username: String::new(),
            sasl_password: Password::default(),
        }
    }

    #[test]
    fn without_brokers_the_log_is_embedded() {
        assert_eq!(BusConfig { brokers: String::new(), ..defaults() }.kafka(64), None);
        let expected = KafkaOptions {
            brokers: "a:9092,b:9092".to_owned(),
            replication: 3,
            min_in_sync: 2,
            ..KafkaOptions::default()
        };
        assert_eq!(defaults().kafka(64), Some(expected));
    }

    #[test]
    fn what_cannot_be_is_told_by_its_name() {
        assert_eq!(defaults().problems(), [""; 0]);
        let wrong = BusConfig {
            min_in_sync: 4,
            queue_kib: 0,
            sasl_mechanism: "GSSAPI".to_owned(),
            tls_key_file: PathBuf::from("key.pem"),
            ..defaults()
        };
        assert_eq!(
            wrong.problems(),
            [
                "`bus.queue_kib` must be at least 1",
                "`bus.min_in_sync` is more than `bus.replication`: nothing could be written",
                "`bus.sasl_mechanism` must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
                "`bus.tls_certificate_file` and `bus.tls_key_file` go together",
            ]
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let mut config =
            BusConfig { sasl_mechanism: "PLAIN".to_owned(), sasl_username: "ana".to_owned(), ..defaults() };
        config.sasl_password = Password("s3cret".to_owned());
        let shown = format!("{config:?} {:?} {}", config.kafka(64), serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
        assert_eq!(
            config.warnings(),
            ["`bus.sasl_mechanism` is PLAIN without `bus.tls`: the password is sent as it is"]
        );
    }
}
