//! The settings of each client of the brokers, and what they say of themselves.

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

use crate::kafka_options::{KafkaOptions, KafkaSecurity};

/// Room that the client's own queue has beyond what is let into it: framing, and nothing else.
const QUEUE_SLACK_KIB: usize = 8 * 1_024;
/// A reader that asks for another place waits for the question under way; a short one costs fifty
/// small requests a second and reader.
const FETCH_WAIT_MS: u64 = 20;
/// What is read ahead of each partition.
const READ_AHEAD_KIB: u64 = 2 * 1_024;
/// The same of a stretch that is read to its end: states are taken in bursts, between which the processor has
/// others to decode.
const SCAN_AHEAD_KIB: u64 = 16 * 1_024;

/// Returns the settings that all clients share.
pub(super) fn common(options: &KafkaOptions) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", &options.client_id)
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.max.ms", "1000")
        // Not the client's say: topics are made with settings of their own.
        .set("allow.auto.create.topics", "false")
        .set_log_level(RDKafkaLogLevel::Warning);
    secure(&mut config, &options.security);
    config
}

fn secure(config: &mut ClientConfig, security: &KafkaSecurity) {
    let protocol = match (security.tls, &security.sasl) {
        (false, None) => "plaintext",
        (true, None) => "ssl",
        (false, Some(_)) => "sasl_plaintext",
        (true, Some(_)) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    let files = [
        ("ssl.ca.location", &security.ca_file),
        ("ssl.certificate.location", &security.certificate_file),
        ("ssl.key.location", &security.key_file),
    ];
    for (key, file) in files {
        if let Some(file) = file {
            config.set(key, file.to_string_lossy());
        }
    }
    if let Some(sasl) = &security.sasl {
        config.set("sasl.mechanism", &sasl.mechanism);
        config.set("sasl.username", &sasl.username).set("sasl.password", &sasl.password);
    }
}

/// Returns the settings of the producer of `append`.
pub(super) fn appending(options: &KafkaOptions) -> ClientConfig {
    let mut config = producing(options);
    config
        .set("message.timeout.ms", millis(options.delivery_timeout))
        .set("linger.ms", millis(options.linger))
        .set("queue.buffering.max.kbytes", (options.queue_kib + QUEUE_SLACK_KIB).to_string());
    config
}

/// Returns the settings of the producer of an owner's commits.
pub(super) fn committing(options: &KafkaOptions, transactional_id: &str) -> ClientConfig {
    let mut config = producing(options);
    config
        .set("transactional.id", transactional_id)
        .set("transaction.timeout.ms", millis(options.transaction_timeout))
        // Brokers end a transaction after they have answered, and refuse the next one until then: a matter of a
        // millisecond. Where they are away the client doubles it up to a second.
        .set("retry.backoff.ms", "5")
        // What is to be committed is all there: nothing comes that would be worth waiting for.
        .set("linger.ms", "0");
    config
}

fn producing(options: &KafkaOptions) -> ClientConfig {
    let mut config = common(options);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        // Bounded in bytes by whoever appends.
        .set("queue.buffering.max.messages", "0")
        .set("message.max.bytes", options.max_record_bytes.to_string());
    config
}

/// Returns the settings of a consumer that reads where it is told to and belongs to no group.
pub(super) fn reading(options: &KafkaOptions) -> ClientConfig {
    let mut config = asking(options, "read_committed");
    config
        // Without one, librdkafka does not let partitions be assigned. Nobody joins it.
        .set("group.id", format!("{}-reader", options.group))
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", FETCH_WAIT_MS.to_string())
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.error.backoff.ms", "100")
        .set("queued.max.messages.kbytes", READ_AHEAD_KIB.to_string());
    config
}

/// Returns the settings of a consumer that reads stretches to their ends.
pub(super) fn scanning(options: &KafkaOptions) -> ClientConfig {
    let mut config = reading(options);
    config
        // The end is told: what was asked for may end with records that nobody sees.
        .set("enable.partition.eof", "true")
        .set("queued.max.messages.kbytes", SCAN_AHEAD_KIB.to_string());
    config
}

/// Returns the settings of a consumer that is only asked where partitions begin and end.
pub(super) fn asking(options: &KafkaOptions, isolation: &str) -> ClientConfig {
    let mut config = common(options);
    config.set("isolation.level", isolation).set("enable.auto.commit", "false");
    config
}

/// Returns the settings of a member of the segmenters' group.
pub(super) fn membership(options: &KafkaOptions) -> ClientConfig {
    let mut config = group(options);
    config
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", millis(options.session_timeout))
        .set("heartbeat.interval.ms", (options.session_timeout.as_millis() / 4).to_string())
        // It reads nothing: owners read for themselves.
        .set("queued.min.messages", "1")
        .set("queued.max.messages.kbytes", "1");
    config
}

/// Returns the settings of a consumer that knows the segmenters' group and is no member of it.
pub(super) fn group(options: &KafkaOptions) -> ClientConfig {
    let mut config = asking(options, "read_committed");
    config.set("group.id", &options.group).set("auto.offset.reset", "error");
    config
}

fn millis(duration: std::time::Duration) -> String {
    duration.as_millis().to_string()
}

/// Passes on what a client says of itself.
pub(super) struct Speaking;

impl ClientContext for Speaking {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tell(&error, reason);
    }
}

impl ConsumerContext for Speaking {}

/// Passes a line of the client's log on.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::warn!(kafka.facility = facility, message);
        }
        _ => tracing::debug!(kafka.facility = facility, message),
    }
}

/// Passes on that brokers cannot be reached: what it means for whom is in the answer to their call.
pub(super) fn tell(error: &KafkaError, reason: &str) {
    tracing::debug!(%error, reason, "the client of the brokers is in trouble");
}
