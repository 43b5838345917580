//! `docker-compose.yml`: everything pinned, bounded, watched over and started in order; no secret in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::dockerfile::Dockerfile;
use crate::files::{entries, items, path, text, texts, variables, yaml};
use crate::services::{SERVICES, known, listens_for_others};

/// A text of the compose file with its `${NAME}`, `${NAME:-default}` and `${NAME:?reason}`.
struct Interpolated<'a>(&'a str);

impl Interpolated<'_> {
    /// Each variable with what follows its name.
    fn variables(&self) -> Vec<(&str, &str)> {
        let inner = self.0.split("${").skip(1).map(|rest| rest.split_once('}').unwrap().0);
        inner.map(|inner| inner.split_at(inner.find(':').unwrap_or(inner.len()))).collect()
    }

    /// The text where every variable has its default, or else some word.
    fn resolved(&self) -> String {
        self.variables().iter().fold(self.0.to_owned(), |text, (name, rest)| {
            let value = rest.strip_prefix(":-").unwrap_or("word");
            text.replace(&format!("${{{name}{rest}}}"), value)
        })
    }
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let text_of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    entries(&service["environment"])
        .map(|(name, value)| (name.clone(), Interpolated(&text_of(value)).resolved()))
        .collect()
}

fn compose() -> Value {
    yaml("docker-compose.yml")
}

fn depends_on<'a>(compose: &'a Value, condition: &'a str) -> BTreeSet<&'a str> {
    let dependencies = entries(&compose["services"]).flat_map(|(_, service)| entries(&service["depends_on"]));
    dependencies.filter(|(_, of)| of["condition"] == condition).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn everything_that_was_asked_for_is_there() {
    let compose = compose();
    let names: Vec<&str> = entries(&compose["services"]).map(|(name, _)| name.as_str()).collect();
    let servers = ["redpanda", "redpanda-console", "postgres", "minio", "databend", "prometheus", "grafana"];
    for name in servers.iter().chain(&SERVICES) {
        assert!(names.contains(name), "{name} is missing from {names:?}");
    }
}

#[test]
fn every_image_is_of_one_version_and_everything_is_bounded() {
    for (name, service) in entries(&compose()["services"]) {
        let (_, tag) = service["image"].as_str().unwrap().rsplit_once(':').unwrap();
        let numbers = tag.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty()).count();
        assert!(numbers >= 2, "{name}: `{tag}` is no version");
        let limits = &service["deploy"]["resources"]["limits"];
        assert!(limits["cpus"].is_string() && limits["memory"].is_string(), "{name} has no bounds: {limits}");
        assert!(service["restart"].is_string(), "{name} has no restart policy");
    }
}

#[test]
fn everything_that_stays_says_whether_it_is_well_and_is_waited_for_in_order() {
    let compose = compose();
    let (healthy, completed) =
        (depends_on(&compose, "service_healthy"), depends_on(&compose, "service_completed_successfully"));
    for (name, service) in entries(&compose["services"]) {
        let health = &service["healthcheck"];
        if completed.contains(name.as_str()) {
            assert!(health.is_null(), "{name} ends by itself");
            continue;
        }
        let complete =
            ["test", "interval", "timeout", "retries", "start_period"].iter().all(|key| !health[key].is_null());
        assert!(complete, "{name}: {health}");
    }
    let all: BTreeSet<&str> = entries(&compose["services"]).map(|(name, _)| name.as_str()).collect();
    let waited: BTreeSet<&str> = healthy.union(&completed).copied().collect();
    assert!(waited.is_subset(&all), "{:?} is waited for and not there", waited.difference(&all));
    for (name, service) in entries(&compose["services"]) {
        for (_, of) in entries(&service["depends_on"]) {
            let waits = of["condition"] == "service_healthy" || of["condition"] == "service_completed_successfully";
            assert!(waits, "{name} does not wait until what it needs is well: {of}");
        }
    }
    // They find what is away by themselves; waiting spares the first minute of warnings.
    for (service, needs) in [("ingestion-api", "redpanda"), ("ingestion-api", "postgres"), ("config-api", "postgres")] {
        assert!(!compose["services"][service]["depends_on"][needs].is_null(), "{service} waits for {needs}");
    }
}

#[test]
fn volumes_are_declared_and_used_and_what_is_mounted_exists() {
    let compose = compose();
    let declared: BTreeSet<&str> = entries(&compose["volumes"]).map(|(name, _)| name.as_str()).collect();
    let mut used = BTreeSet::new();
    for (name, service) in entries(&compose["services"]) {
        for volume in texts(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            if source.starts_with('.') {
                assert!(path(source).exists(), "{name} mounts {source}, which is not there");
                assert!(volume.ends_with(":ro"), "{name} could write to {source}");
            } else {
                used.insert(source.to_owned());
            }
        }
    }
    assert!(used.iter().map(String::as_str).eq(declared), "{used:?}");
}

#[test]
fn ports_are_open_to_this_machine_only_and_each_once() {
    let compose = compose();
    let mut seen = BTreeSet::new();
    for (name, service) in entries(&compose["services"]) {
        for port in texts(&service["ports"]) {
            let [host, published, _] = port.split(':').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(host, "127.0.0.1", "{name} publishes {port} to everybody");
            assert!(seen.insert(published.to_owned()), "{port} of {name} is taken");
        }
    }
}

#[test]
fn no_secret_is_in_the_file_and_each_that_is_asked_for_is_in_the_example() {
    let compose = compose();
    let example: Vec<String> = variables(&text(".env.example")).into_iter().map(|(name, _)| name).collect();
    let mut asked = BTreeSet::new();
    for (service, (name, value)) in entries(&compose["services"])
        .flat_map(|(service, of)| entries(&of["environment"]).map(move |entry| (service, entry)))
    {
        let value = value.as_str().unwrap_or_default();
        let needed = Interpolated(value).variables().into_iter().any(|(_, rest)| rest.starts_with(":?"));
        let with_login = value.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
        let is_secret = ["PASSWORD", "SECRET", "TOKEN"].iter().any(|word| name.contains(word)) || with_login;
        assert_eq!(needed, is_secret, "{service}: {name}={value}");
        asked.extend(Interpolated(value).variables().into_iter().map(|(name, _)| name.to_owned()));
    }
    for name in asked {
        assert!(example.contains(&name), "{name} is asked for and not in .env.example");
    }
}

#[test]
fn each_service_takes_what_is_set_for_it_and_is_asked_where_it_answers() {
    let (compose, dockerfile) = (compose(), Dockerfile::read());
    for name in SERVICES {
        let service = &compose["services"][name];
        let environment = environment(service);
        for variable in environment.keys() {
            assert!(known(name).contains(&variable.as_str()), "{name} does not read {variable}");
        }
        let listening = listens_for_others(name, &environment);
        let (port, test) = (listening.metrics.port().to_string(), &service["healthcheck"]["test"]);
        assert_eq!(texts(test).collect::<Vec<_>>(), ["CMD", "probe", &port, "/readyz"], "{name}");
        let published: Vec<_> =
            texts(&service["ports"]).map(|port| port.rsplit_once(':').unwrap().1.to_owned()).collect();
        assert_eq!(
            published,
            listening.http.map(|http| http.port().to_string()).into_iter().collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(service["build"]["dockerfile"], "deploy/Dockerfile");
        assert!(dockerfile.stage(service["build"]["target"].as_str().unwrap()).is_some(), "{name} has no image");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(items(&service["cap_drop"]).collect::<Vec<_>>(), ["ALL"], "{name}");
    }
}

/// What the compose file gives all services itself, whatever `.env` says: where they find each other.
const FIXED: [&str; 3] = ["BUS_BROKERS", "STORE_URL", "WAREHOUSE_URL"];

#[test]
fn what_the_environment_file_sets_arrives_at_every_service() {
    let compose = compose();
    for name in SERVICES {
        let service = &compose["services"][name];
        let files: Vec<_> = items(&service["env_file"]).collect();
        assert!(files.iter().any(|file| file["path"] == ".env" && file["required"] == false), "{name}: {files:?}");
        // What is set for a service wins over the file: it takes the file's value up, or is none of it.
        for (variable, value) in entries(&service["environment"]) {
            let value = value.as_str().unwrap_or_default();
            let is_passed_on = Interpolated(value).variables().iter().any(|(of, _)| of == variable);
            let is_where_it_runs = variable.ends_with("_ADDRESS") || variable.ends_with("_DIRECTORY");
            assert!(is_passed_on || is_where_it_runs || FIXED.contains(&variable.as_str()), "{name}: {variable}");
        }
    }
}

#[test]
fn large_users_are_put_aside_on_a_disk() {
    let segmenter = &compose()["services"]["segmenter"];
    let directory = environment(segmenter)["SEGMENTER_SPILL_DIRECTORY"].clone();
    let volumes: Vec<_> = texts(&segmenter["volumes"]).collect();
    assert!(volumes.iter().any(|volume| volume.ends_with(&format!(":{directory}"))), "{directory}: {volumes:?}");
    let memory: Vec<_> = texts(&segmenter["tmpfs"]).collect();
    assert!(!memory.iter().any(|folder| directory.starts_with(&**folder)), "{directory} is memory: {memory:?}");
}

#[test]
fn all_services_mean_the_same_partitions_and_brokers() {
    let compose = compose();
    let of = |name: &str| environment(&compose["services"][name]);
    let shared = |name: &str| ["BUS_BROKERS", "SHOAL_PARTITIONS"].map(|variable| of(name)[variable].clone());
    assert!(SERVICES.iter().all(|name| shared(name) == shared("segmenter")));
}
