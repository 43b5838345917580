//! What the three services promise: their variables, and where they listen.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use service::config::{Configuration, load_from};

/// The names of the services: of their packages, images and workloads.
pub(crate) const SERVICES: [&str; 3] = ["ingestion-api", "config-api", "segmenter"];

/// Where a service listens.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Listening {
    pub(crate) http: Option<SocketAddr>,
    pub(crate) metrics: SocketAddr,
}

/// The variables that a service reads.
pub(crate) fn known(service: &str) -> Vec<&'static str> {
    let table = match service {
        "ingestion-api" => ingestion_api::Config::ENVIRONMENT,
        "config-api" => config_api::Config::ENVIRONMENT,
        "segmenter" => segmenter::Config::ENVIRONMENT,
        _ => panic!("there is no service {service}"),
    };
    table.iter().map(|(name, _)| *name).collect()
}

/// Loads a service's configuration from an environment, as its process would, and tells where it listens.
///
/// Stops at what the process would refuse or warn of.
#[track_caller]
pub(crate) fn configured(service: &str, environment: &BTreeMap<String, String>) -> Listening {
    match service {
        "ingestion-api" => {
            let config: ingestion_api::Config = loaded(environment);
            Listening { http: Some(config.http.address), metrics: config.metrics.address }
        }
        "config-api" => {
            let config: config_api::Config = loaded(environment);
            Listening { http: Some(config.http.address), metrics: config.metrics.address }
        }
        "segmenter" => {
            let config: segmenter::Config = loaded(environment);
            Listening { http: None, metrics: config.metrics.address }
        }
        _ => panic!("there is no service {service}"),
    }
}

#[track_caller]
fn loaded<C: Configuration>(environment: &BTreeMap<String, String>) -> C {
    load_from(None, |name| environment.get(name).cloned()).unwrap_or_else(|error| panic!("{error}"))
}

/// Checks that a service listens for everybody, on its usual ports.
#[track_caller]
pub(crate) fn listens_for_others(service: &str, environment: &BTreeMap<String, String>) -> Listening {
    let (listening, usual) = (configured(service, environment), configured(service, &BTreeMap::new()));
    let ports = |listening: &Listening| (listening.http.map(|http| http.port()), listening.metrics.port());
    assert_eq!(ports(&listening), ports(&usual), "{service} listens on other ports than .env.example says");
    let addresses = [listening.http, Some(listening.metrics)];
    assert!(addresses.into_iter().flatten().all(|address| address.ip().is_unspecified()), "{service}: {listening:?}");
    listening
}
