//! The topics: their names, how they are made, and what is checked before anything runs on them.
//!
//! Three more than `schema::Topic` has: the state of users, what owners say of themselves, and the
//! definitions on their way to the owners.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use schema::{PartitionId, Topic};
use tokio::time::Instant;

use super::asking::{Asking, Layout};
use super::clients::{self, Speaking};
use super::failure::{reason, unavailable};
use crate::BusError;
use crate::kafka_options::KafkaOptions;

/// The compacted state of users, by partition.
pub(super) const STATE: &str = "segmenter-state";
/// The latest status of each partition (compacted, one partition).
pub(super) const STATUS: &str = "segmenter-status";
/// The latest definitions (compacted, one partition).
pub(super) const DEFINITIONS: &str = "definitions";

/// With it, a broker that lacks acknowledged records may lead. Brokers that know no such thing may not know its name.
const UNCLEAN: &str = "unclean.leader.election.enable";

/// One partition of one topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Lane {
    pub(super) topic: Arc<str>,
    pub(super) partition: PartitionId,
}

/// The names of the topics.
#[derive(Clone, Debug)]
pub(super) struct TopicNames {
    prefix: String,
    names: BTreeMap<&'static str, Arc<str>>,
}

impl TopicNames {
    pub(super) fn new(prefix: &str) -> Self {
        let names = ALL.iter().map(|form| (form.name, Arc::from(format!("{prefix}{}", form.name)))).collect();
        Self { prefix: prefix.to_owned(), names }
    }

    /// Returns a partition of a topic of the contract.
    pub(super) fn lane(&self, topic: Topic, partition: PartitionId) -> Lane {
        self.lane_of(topic.as_str(), partition)
    }

    /// Returns a partition of any topic.
    pub(super) fn lane_of(&self, topic: &'static str, partition: PartitionId) -> Lane {
        Lane { topic: self.name(topic), partition }
    }

    /// Returns the name of a topic at the brokers.
    pub(super) fn name(&self, topic: &'static str) -> Arc<str> {
        self.names.get(topic).cloned().unwrap_or_else(|| Arc::from(format!("{}{topic}", self.prefix)))
    }
}

/// How a topic must be.
struct Form {
    name: &'static str,
    compacted: bool,
    /// Whether it has one partition only.
    single: bool,
}

const ALL: &[Form] = &[
    Form { name: Topic::Events.as_str(), compacted: false, single: false },
    Form { name: Topic::SegmentChanges.as_str(), compacted: false, single: false },
    Form { name: Topic::SegmentMemberships.as_str(), compacted: true, single: false },
    Form { name: Topic::Errors.as_str(), compacted: false, single: false },
    Form { name: Topic::DeadLetters.as_str(), compacted: false, single: false },
    Form { name: STATE, compacted: true, single: false },
    Form { name: STATUS, compacted: true, single: true },
    Form { name: DEFINITIONS, compacted: true, single: true },
];

impl Form {
    fn partitions(&self, options: &KafkaOptions) -> u16 {
        if self.single { 1 } else { options.partitions }
    }

    fn cleanup(&self) -> &'static str {
        if self.compacted { "compact" } else { "delete" }
    }

    fn settings(&self, options: &KafkaOptions) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("cleanup.policy", self.cleanup().to_owned()),
            ("min.insync.replicas", options.min_in_sync.to_string()),
            ("max.message.bytes", options.max_record_bytes.to_string()),
            // `received_at`, so that importing history does not expire it.
            ("message.timestamp.type", "CreateTime".to_owned()),
            (UNCLEAN, "false".to_owned()),
        ];
        if !self.compacted {
            // Brokers may have a limit of their own that takes records before their time.
            settings.push(("retention.bytes", "-1".to_owned()));
            settings.push(("retention.ms", options.retention.as_millis().to_string()));
        }
        settings
    }

    /// Returns which settings, of those that `value` knows, would lose or refuse records; more than is asked for is fine.
    fn misfits(&self, options: &KafkaOptions, value: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut misfits = Vec::new();
        let mut exactly = |key: &str, needed: &str| {
            if let Some(other) = value(key).filter(|value| value != needed) {
                misfits.push(format!("{key}={other} and needs {needed}"));
            }
        };
        exactly("cleanup.policy", self.cleanup());
        exactly("message.timestamp.type", "CreateTime");
        exactly(UNCLEAN, "false");
        if !self.compacted {
            exactly("retention.bytes", "-1");
        }
        let mut at_least = |key: &str, needed: u128| {
            // A negative one is no limit.
            let less = value(key).and_then(|value| value.parse::<u128>().ok()).filter(|value| *value < needed);
            if let Some(less) = less {
                misfits.push(format!("{key}={less} and {needed} are configured"));
            }
        };
        at_least("max.message.bytes", options.max_record_bytes as u128);
        // Else an acknowledgement of all that are in sync may be that of one broker.
        at_least("min.insync.replicas", u128::from(options.min_in_sync));
        if !self.compacted {
            at_least("retention.ms", options.retention.as_millis());
        }
        misfits
    }
}

/// Makes the topics that are missing and checks those that are there; all that is wrong at once.
pub(super) async fn ready(options: &KafkaOptions, names: &TopicNames) -> Result<(), BusError> {
    let admin: AdminClient<Speaking> =
        clients::common(options).create_with_context(Speaking).map_err(|error| misfit(reason(&error)))?;
    let deadline = Instant::now() + options.request_timeout;
    let mut there = layouts_of(options, names).await?;
    let missing: Vec<_> = ALL.iter().filter(|form| !there.contains_key(form.name)).collect();
    if !missing.is_empty() {
        if !options.create_topics {
            let missing: Vec<_> = missing.iter().map(|form| format!("`{}`", names.name(form.name))).collect();
            return Err(misfit(format!("there is no topic {}", missing.join(", "))));
        }
        create(&admin, options, names, &missing).await?;
    }
    // What was made is known to every broker a moment later.
    while there.len() < ALL.len() && Instant::now() <= deadline {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        there = layouts_of(options, names).await?;
    }
    let mut problems = wrong_layouts(options, names, &there);
    problems.extend(wrong_settings(&admin, options, names).await?);
    if problems.is_empty() { Ok(()) } else { Err(misfit(problems.join("; "))) }
}

async fn create(
    admin: &AdminClient<Speaking>,
    options: &KafkaOptions,
    names: &TopicNames,
    missing: &[&Form],
) -> Result<(), BusError> {
    let refused = create_with(admin, options, names, missing, |_| true).await?;
    let refused = create_with(admin, options, names, &refused, |key| key != UNCLEAN).await?;
    let refused: Vec<_> = refused.iter().map(|form| format!("`{}`", names.name(form.name))).collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(misfit(format!("making topic {}: the brokers refuse its settings", refused.join(", "))))
}

/// Makes topics with those of their settings that `named` picks; returns those whose settings the brokers refuse.
async fn create_with<'f>(
    admin: &AdminClient<Speaking>,
    options: &KafkaOptions,
    names: &TopicNames,
    forms: &[&'f Form],
    named: impl Fn(&str) -> bool,
) -> Result<Vec<&'f Form>, BusError> {
    if forms.is_empty() {
        return Ok(Vec::new());
    }
    let settings = |form: &Form| form.settings(options).into_iter().filter(|(key, _)| named(key)).collect::<Vec<_>>();
    let owned: Vec<_> = forms.iter().map(|form| (names.name(form.name), *form, settings(form))).collect();
    let topics = owned.iter().map(|(name, form, settings)| {
        let replication = TopicReplication::Fixed(i32::from(options.replication));
        let topic = NewTopic::new(name, i32::from(form.partitions(options)), replication);
        settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
    });
    let topics: Vec<_> = topics.collect();
    let timeouts = AdminOptions::new()
        .request_timeout(Some(options.request_timeout))
        .operation_timeout(Some(options.request_timeout));
    let made = admin.create_topics(&topics, &timeouts).await.map_err(|error| unavailable("making topics", &error))?;
    let mut refused = Vec::new();
    for (form, outcome) in forms.iter().zip(made) {
        match outcome {
            Err((_, RDKafkaErrorCode::InvalidConfig)) => refused.push(*form),
            // Another process was quicker.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code @ (RDKafkaErrorCode::InvalidReplicationFactor | RDKafkaErrorCode::PolicyViolation))) => {
                return Err(misfit(format!("making topic `{name}`: {code}")));
            }
            Err((name, code)) => return Err(BusError::Unavailable(format!("making topic `{name}`: {code}"))),
        }
    }
    Ok(refused)
}

/// Returns how each topic is laid out that is there.
async fn layouts_of(options: &KafkaOptions, names: &TopicNames) -> Result<BTreeMap<&'static str, Layout>, BusError> {
    let (options, names) = (options.clone(), names.clone());
    let asking = move || {
        let asking = Asking::new(&options)?;
        let mut there = BTreeMap::new();
        for form in ALL {
            if let Some(layout) = asking.layout(&names.name(form.name))? {
                there.insert(form.name, layout);
            }
        }
        Ok(there)
    };
    let asked = tokio::task::spawn_blocking(asking).await;
    asked.map_err(|error| BusError::Unavailable(format!("asking the brokers for topics: {error}")))?
}

fn wrong_layouts(options: &KafkaOptions, names: &TopicNames, there: &BTreeMap<&'static str, Layout>) -> Vec<String> {
    let wrong = ALL.iter().filter_map(|form| {
        let expected = usize::from(form.partitions(options));
        let name = names.name(form.name);
        match there.get(form.name) {
            None => Some(format!("topic `{name}` does not come up")),
            Some(Layout { partitions, .. }) if *partitions != expected => Some(format!(
                "topic `{name}` has {partitions} partitions and {expected} are configured; the number is fixed"
            )),
            Some(Layout { replicas, .. }) if *replicas < usize::from(options.replication) => Some(format!(
                "topic `{name}` has partitions with {replicas} replicas and {} are configured",
                options.replication
            )),
            Some(_) => None,
        }
    });
    wrong.collect()
}

async fn wrong_settings(
    admin: &AdminClient<Speaking>,
    options: &KafkaOptions,
    names: &TopicNames,
) -> Result<Vec<String>, BusError> {
    let all: Vec<_> = ALL.iter().map(|form| names.name(form.name)).collect();
    let resources: Vec<_> = all.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let timeouts = AdminOptions::new().request_timeout(Some(options.request_timeout));
    let described = admin.describe_configs(&resources, &timeouts).await;
    let described = described.map_err(|error| unavailable("asking the brokers for settings of topics", &error))?;
    let mut problems = Vec::new();
    for (form, described) in ALL.iter().zip(described) {
        let name = names.name(form.name);
        let described = described
            .map_err(|code| BusError::Unavailable(format!("asking for settings of topic `{name}`: {code}")))?;
        let value = |key: &str| described.get(key).and_then(|entry| entry.value.clone());
        problems.extend(form.misfits(options, value).into_iter().map(|misfit| format!("topic `{name}` has {misfit}")));
    }
    Ok(problems)
}

fn misfit(reason: String) -> BusError {
    BusError::Misfit(reason)
}
