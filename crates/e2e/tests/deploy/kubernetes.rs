//! The manifests: complete, bounded, without rights, and in agreement with what the services read and serve.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::{entries, items, path, text, texts, variables, yaml};
use crate::services::{SERVICES, known, listens_for_others};

const FOLDER: &str = "deploy/kubernetes";

/// Every object of the manifests.
fn objects() -> Vec<Value> {
    let kustomization = yaml(&format!("{FOLDER}/kustomization.yaml"));
    let listed: BTreeSet<String> = texts(&kustomization["resources"]).map(str::to_owned).collect();
    let files = std::fs::read_dir(path(FOLDER)).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let manifests = files.filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml");
    assert_eq!(manifests.collect::<BTreeSet<_>>(), listed, "what is there and what is applied");
    let objects = listed.iter().map(|name| yaml(&format!("{FOLDER}/{name}")));
    let objects = objects.flat_map(|object| match object["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![object],
    });
    objects.collect()
}

fn of_kind(kind: &str) -> Vec<Value> {
    objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

fn deployment(name: &str) -> Value {
    of_kind("Deployment").into_iter().find(|object| object["metadata"]["name"] == name).unwrap()
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

/// What the ConfigMap and the Secret hold, the latter with some word for each.
fn shared() -> (BTreeMap<String, String>, BTreeSet<String>) {
    let config = variables(&text(&format!("{FOLDER}/shoal.env"))).into_iter().collect();
    let secret = variables(&text(&format!("{FOLDER}/secret.env.example")));
    assert!(secret.iter().all(|(_, value)| value.is_empty()), "a secret is in the example");
    (config, secret.into_iter().map(|(name, _)| name).collect())
}

#[test]
fn every_object_says_what_it_is() {
    let mut seen = BTreeSet::new();
    for object in objects() {
        let [version, kind, name] = [&object["apiVersion"], &object["kind"], &object["metadata"]["name"]]
            .map(|field| field.as_str().unwrap_or_else(|| panic!("{object}")).to_owned());
        assert!(seen.insert((kind.clone(), name.clone())), "{kind} {name} is there twice");
        let expected = match kind.as_str() {
            "Namespace" | "Service" => "v1",
            "Deployment" => "apps/v1",
            "PodDisruptionBudget" => "policy/v1",
            "HorizontalPodAutoscaler" => "autoscaling/v2",
            other => panic!("{other}: secrets and configuration are made from files, others nobody asked for"),
        };
        assert_eq!(version, expected, "{kind} {name}");
    }
}

#[test]
fn each_service_is_found_by_its_label_and_survives_the_draining_of_a_node() {
    let (budgets, services) = (of_kind("PodDisruptionBudget"), of_kind("Service"));
    for name in SERVICES {
        let (deployment, label) = (deployment(name), "app.kubernetes.io/name");
        let of_pods = &deployment["spec"]["template"]["metadata"]["labels"][label];
        assert_eq!((of_pods, &deployment["spec"]["selector"]["matchLabels"][label]), (&name.into(), &name.into()));
        let budget = budgets.iter().find(|budget| budget["spec"]["selector"]["matchLabels"][label] == name);
        assert_eq!(budget.unwrap()["spec"]["maxUnavailable"], 1, "{name}");
        let is_served = services.iter().any(|service| service["spec"]["selector"][label] == name);
        assert_eq!(is_served, name != "segmenter", "{name}");
        let scaled = of_kind("HorizontalPodAutoscaler").iter().any(|of| of["spec"]["scaleTargetRef"]["name"] == name);
        let replicas = &deployment["spec"]["replicas"];
        assert_ne!(scaled, replicas.is_number(), "{name}: one says how many there are");
        assert!(scaled || replicas.as_u64() >= Some(2), "{name}");
    }
}

#[test]
fn pods_have_bounds_and_no_rights() {
    for name in SERVICES {
        let deployment = deployment(name);
        let (pod, container) = (&deployment["spec"]["template"]["spec"], container(&deployment));
        for bound in ["requests", "limits"] {
            let bound = &container["resources"][bound];
            assert!(bound["cpu"].is_string() && bound["memory"].is_string(), "{name}: {bound}");
        }
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert!(pod["securityContext"]["runAsUser"].as_u64() >= Some(10_000), "{name}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        let rights = &container["securityContext"];
        assert_eq!(rights["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(rights["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(items(&rights["capabilities"]["drop"]).collect::<Vec<_>>(), ["ALL"], "{name}");
        let (_, tag) = container["image"].as_str().unwrap().rsplit_once(':').unwrap();
        assert!(tag.split('.').count() == 3, "{name}: {tag}");
        let scratch: Vec<_> = texts_of(&container["volumeMounts"], "mountPath").collect();
        assert!(scratch.contains(&"/var/lib/shoal".to_owned()), "{name} makes its folder at start: {scratch:?}");
    }
}

fn texts_of<'a>(array: &'a Value, key: &'a str) -> impl Iterator<Item = String> + 'a {
    items(array).filter_map(move |item| item[key].as_str()).map(str::to_owned)
}

#[test]
fn probes_ask_for_what_is_served() {
    for name in SERVICES {
        let deployment = deployment(name);
        let container = container(&deployment);
        let ports: Vec<String> = texts_of(&container["ports"], "name").collect();
        for (probe, path) in
            [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
        {
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["path"], path, "{name}: {probe}");
            assert!(ports.contains(&asked["port"].as_str().unwrap().to_owned()), "{name}: {probe} {asked}");
        }
    }
}

#[test]
fn services_read_what_is_set_for_them() {
    let (config, secret) = shared();
    let everybody: BTreeSet<&str> = SERVICES.into_iter().flat_map(known).collect();
    for variable in config.keys().chain(&secret) {
        assert!(everybody.contains(variable.as_str()), "nobody reads {variable}");
        let is_secret = variable.contains("PASSWORD") || variable.ends_with("URL");
        assert_eq!(secret.contains(variable), is_secret, "{variable}");
    }
    for name in SERVICES {
        let deployment = deployment(name);
        let container = container(&deployment);
        assert_eq!(container["envFrom"][0]["configMapRef"]["name"], "shoal", "{name}");
        let mut environment = config.clone();
        for variable in items(&container["env"]) {
            let of = variable["name"].as_str().unwrap();
            assert!(known(name).contains(&of), "{name} does not read {of}");
            let value = variable["value"].as_str().map(str::to_owned).unwrap_or_else(|| {
                let reference = &variable["valueFrom"]["secretKeyRef"];
                assert_eq!((&reference["name"], &reference["key"]), (&"shoal".into(), &of.into()));
                assert!(secret.contains(of), "{of} is not in the secret's example");
                let scheme = if of == "WAREHOUSE_URL" { "databend" } else { "postgres" };
                format!("{scheme}://{of}")
            });
            environment.insert(of.to_owned(), value);
        }
        let needed = secret.iter().filter(|variable| known(name).contains(&variable.as_str()));
        assert!(needed.into_iter().all(|variable| environment.contains_key(variable)), "{name} lacks a secret");
        let listening = listens_for_others(name, &environment);
        let ports: Vec<u64> = items(&container["ports"]).filter_map(|port| port["containerPort"].as_u64()).collect();
        let expected = listening.http.into_iter().chain([listening.metrics]).map(|address| u64::from(address.port()));
        assert!(expected.eq(ports), "{name}");
        let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/port"], listening.metrics.port().to_string(), "{name}");
    }
}

#[test]
fn an_authority_of_ones_own_can_be_given_to_every_service() {
    let told = text(&format!("{FOLDER}/kustomization.yaml"));
    for name in SERVICES {
        let deployment = deployment(name);
        let mounts = &container(&deployment)["volumeMounts"];
        let mount = items(mounts).find(|mount| mount["name"] == "authorities").unwrap();
        let place = mount["mountPath"].as_str().unwrap();
        assert!(told.contains(&format!("BUS_TLS_CA_FILE={place}/ca.pem")), "{name}: {place}");
        let volumes = &deployment["spec"]["template"]["spec"]["volumes"];
        let volume = items(volumes).find(|volume| volume["name"] == "authorities").unwrap();
        assert_eq!(volume["secret"]["optional"], true, "{name} starts without one");
        let secret = volume["secret"]["secretName"].as_str().unwrap();
        assert!(told.contains(&format!("generic {secret} --from-file=ca.pem")), "{name}: {secret}");
    }
}

#[test]
fn the_configuration_is_made_from_the_files_that_are_there() {
    let kustomization = yaml(&format!("{FOLDER}/kustomization.yaml"));
    for (generator, file) in [("configMapGenerator", "shoal.env"), ("secretGenerator", "secret.env")] {
        assert_eq!(texts(&kustomization[generator][0]["envs"]).collect::<Vec<_>>(), [file]);
        assert_eq!(kustomization[generator][0]["name"], "shoal");
    }
    assert!(text(".gitignore").lines().any(|line| line == "secret.env"), "a filled-in secret is never committed");
    assert_eq!(entries(&kustomization).filter(|(key, _)| key.as_str() == "namespace").count(), 1);
}
