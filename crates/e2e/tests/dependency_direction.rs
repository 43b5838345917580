//! Dependencies point inwards: services → I/O crates and engine → rules → schema.
//!
//! What may depend on what is the table below; an edge that is not in it fails here rather than in
//! a review. Two further promises are kept by looking at everything a crate pulls in: the pure
//! crates bring no runtime and no I/O, and no service brings an I/O crate that is not its affair.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each crate of the workspace and the crates of the workspace that it may use (dev-dependencies aside).
const ALLOWED: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("rules", &["schema"]),
    ("engine", &["rules", "schema"]),
    ("bus", &["schema"]),
    // The history is made from the log, and may be read from there.
    ("warehouse", &["schema", "rules", "bus"]),
    ("store", &["schema"]),
    ("service", &[]),
    ("testkit", &["schema", "rules", "engine", "warehouse"]),
    ("ingestion-api", &["schema", "bus", "store", "warehouse", "service"]),
    // Of the engine only what explains and previews: memberships are the segmenter's.
    ("config-api", &["schema", "rules", "engine", "bus", "store", "warehouse", "service"]),
    ("segmenter", &["schema", "rules", "engine", "bus", "warehouse", "service"]),
    (
        "shoal",
        &[
            "schema",
            "rules",
            "engine",
            "bus",
            "store",
            "warehouse",
            "service",
            "testkit",
            "ingestion-api",
            "config-api",
            "segmenter",
        ],
    ),
    (
        "e2e",
        &[
            "schema",
            "rules",
            "engine",
            "bus",
            "store",
            "warehouse",
            "service",
            "ingestion-api",
            "config-api",
            "segmenter",
            "shoal",
            // Servers to run on.
            "testkit",
        ],
    ),
    ("bench", &["schema", "bus", "shoal", "e2e"]),
    ("kafka-bench", &["schema", "bus", "testkit"]),
    ("workload", &["schema", "engine"]),
];

/// What a crate must not bring in, not even through others.
const NEVER: &[(&str, &[&str])] = &[
    ("schema", &["tokio", "axum", "sqlx", "fjall", "reqwest", "tracing"]),
    ("rules", &["tokio", "axum", "sqlx", "fjall", "reqwest", "tracing"]),
    ("engine", &["tokio", "axum", "sqlx", "fjall", "reqwest", "tracing"]),
    ("service", &["sqlx", "fjall"]),
    ("store", &["axum", "fjall"]),
    ("bus", &["axum", "sqlx"]),
    ("segmenter", &["sqlx", "store", "moka"]),
    ("ingestion-api", &["engine"]),
];

/// The packages that a package needs when it is built, itself included, and its own edges.
struct Workspace {
    metadata: serde_json::Value,
}

impl Workspace {
    fn load() -> Self {
        // Of this platform only: what other platforms need was never downloaded here.
        let version = output_of("rustc", &["-vV"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
        let metadata =
            output_of(env!("CARGO"), &["metadata", "--format-version", "1", "--offline", "--filter-platform", host]);
        Self { metadata: serde_json::from_str(&metadata).expect("cargo metadata prints JSON") }
    }

    /// Names of the packages of the workspace by their ids.
    fn members(&self) -> BTreeMap<&str, &str> {
        let ids: BTreeSet<&str> = list(&self.metadata["workspace_members"]).filter_map(|id| id.as_str()).collect();
        self.names().into_iter().filter(|(id, _)| ids.contains(id)).collect()
    }

    fn names(&self) -> BTreeMap<&str, &str> {
        list(&self.metadata["packages"]).map(|package| (text(&package["id"]), text(&package["name"]))).collect()
    }

    /// Ids that each id needs, leaving out what only its tests need.
    fn edges(&self) -> BTreeMap<&str, Vec<&str>> {
        let needed = |dependency: &&serde_json::Value| {
            list(&dependency["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev"))
        };
        list(&self.metadata["resolve"]["nodes"])
            .map(|node| {
                let all = list(&node["deps"]).filter(needed).map(|dependency| text(&dependency["pkg"]));
                (text(&node["id"]), all.collect())
            })
            .collect()
    }

    /// Names of everything that is built for a package.
    fn closure(&self, id: &str) -> BTreeSet<&str> {
        let (names, edges) = (self.names(), self.edges());
        let (mut reached, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            for &next in edges.get(id).into_iter().flatten() {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached.into_iter().filter_map(|id| names.get(id).copied()).collect()
    }
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let command = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = command.unwrap_or_else(|error| panic!("running {program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("its output is text")
}

fn list(value: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn dependencies_point_inwards() {
    let workspace = Workspace::load();
    let members = workspace.members();
    let edges = workspace.edges();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (id, name) in &members {
        let Some(allowed) = allowed.get(name) else {
            wrong.push(format!("`{name}` is not in the table: say what it may depend on"));
            continue;
        };
        let used = edges.get(id).into_iter().flatten().filter_map(|id| members.get(id));
        wrong.extend(used.filter(|used| !allowed.contains(used)).map(|used| format!("`{name}` must not use `{used}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_crates_bring_no_runtime_and_services_only_their_own_io() {
    let workspace = Workspace::load();
    let mut wrong = Vec::new();
    for (id, name) in workspace.members() {
        let never = NEVER.iter().filter(|(of, _)| *of == name).flat_map(|(_, never)| *never);
        let brought = workspace.closure(id);
        wrong.extend(
            never.filter(|never| brought.contains(*never)).map(|never| format!("`{name}` brings in `{never}`")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
