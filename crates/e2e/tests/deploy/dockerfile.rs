//! The images: pinned bases, nobody is root, nothing is left over, each program is built.

use std::collections::BTreeMap;

use crate::files::{path, text};
use crate::services::{SERVICES, listens_for_others};

/// One stage: what it is made from, and its instructions with their arguments.
pub(crate) struct Stage {
    base: String,
    instructions: Vec<(String, String)>,
}

/// The stages by their names.
pub(crate) struct Dockerfile(BTreeMap<String, Stage>);

impl Dockerfile {
    pub(crate) fn read() -> Self {
        let text = text("deploy/Dockerfile");
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let joined = lines.join("\n").replace("\\\n", " ");
        let (mut stages, mut current) = (BTreeMap::new(), String::new());
        for line in joined.lines().filter(|line| !line.trim().is_empty()) {
            let (instruction, arguments) = line.split_once(' ').unwrap();
            let arguments = arguments.split_whitespace().collect::<Vec<_>>().join(" ");
            if instruction == "FROM" {
                let (base, name) = arguments.split_once(" AS ").unwrap_or_else(|| panic!("`{line}` has no name"));
                current = name.to_owned();
                stages.insert(current.clone(), Stage { base: base.to_owned(), instructions: Vec::new() });
            } else {
                let stage: &mut Stage = stages.get_mut(&current).unwrap();
                stage.instructions.push((instruction.to_owned(), arguments));
            }
        }
        Self(stages)
    }

    pub(crate) fn stage(&self, name: &str) -> Option<&Stage> {
        self.0.get(name)
    }

    /// What a stage has of an instruction, after what it is made from has.
    fn of(&self, name: &str, instruction: &str) -> Vec<&str> {
        let stage = &self.0[name];
        let mut found = if self.0.contains_key(&stage.base) { self.of(&stage.base, instruction) } else { Vec::new() };
        found.extend(stage.instructions.iter().filter(|(name, _)| name == instruction).map(|(_, of)| of.as_str()));
        found
    }
}

#[test]
fn bases_are_of_one_version_and_the_compiler_is_new_enough() {
    let (dockerfile, manifest) = (Dockerfile::read(), text("Cargo.toml"));
    for stage in dockerfile.0.values().filter(|stage| !dockerfile.0.contains_key(&stage.base)) {
        let (_, tag) = stage.base.rsplit_once(':').unwrap_or_else(|| panic!("{} is of any version", stage.base));
        assert!(tag.split('-').next().unwrap().split('.').count() >= 2, "{}", stage.base);
    }
    let needed = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(dockerfile.0["build"].base.starts_with(&format!("rust:{needed}.")), "{}", dockerfile.0["build"].base);
}

#[test]
fn packages_leave_no_lists_behind_and_nothing_is_fetched_from_elsewhere() {
    for (name, stage) in &Dockerfile::read().0 {
        for (instruction, arguments) in &stage.instructions {
            assert_ne!(instruction, "ADD", "{name}: COPY says what it does");
            if arguments.contains("apt-get install") {
                assert!(arguments.contains("apt-get update &&"), "{name}: {arguments}");
                assert!(arguments.contains("--no-install-recommends"), "{name}: {arguments}");
                assert!(arguments.contains("rm -rf /var/lib/apt/lists/*"), "{name}: {arguments}");
            }
            assert!(!["curl ", "wget ", "sudo "].iter().any(|word| arguments.contains(word)), "{name}: {arguments}");
        }
    }
}

#[test]
fn each_image_runs_its_program_as_nobody_in_particular_and_says_whether_it_is_well() {
    let dockerfile = Dockerfile::read();
    for name in SERVICES.iter().chain(&["shoal"]) {
        let user = dockerfile.of(name, "USER").last().copied().unwrap();
        let id: u32 = user.split(':').next().unwrap().parse().unwrap();
        assert!(id >= 10_000, "{name} runs as {user}; Kubernetes asks for a number that is not root's");
        assert_eq!(dockerfile.of(name, "ENTRYPOINT"), [format!("[\"{name}\"]")], "a shell would not pass signals on");
        assert_eq!(dockerfile.of(name, "HEALTHCHECK").len(), 1, "{name}");
        let copied = dockerfile.of(name, "COPY");
        assert!(copied.contains(&format!("--from=build /out/{name} /usr/local/bin/{name}").as_str()), "{copied:?}");
        let built = dockerfile.of("build", "RUN").join(" ");
        let named = |option: &str| format!("{built} ").contains(&format!("{option}{name} "));
        assert!(named("--package ") && named("target/image/"), "{name} is not built: {built}");
        assert!(built.contains("--locked") && built.contains("--profile image"), "{built}");
    }
    let profile = text("Cargo.toml");
    let profile = profile.split_once("[profile.image]").unwrap().1.split("\n[").next().unwrap();
    assert!(profile.contains("lto = \"thin\""), "{profile}");
}

#[test]
fn images_listen_where_they_say() {
    let dockerfile = Dockerfile::read();
    for name in SERVICES {
        let set = dockerfile.of(name, "ENV").join(" ");
        let environment = set.split(' ').map(|set| set.split_once('=').unwrap());
        let listening =
            listens_for_others(name, &environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
        let metrics = listening.metrics.port();
        let ports = listening.http.map(|http| http.port()).into_iter().chain([metrics]);
        let ports: Vec<String> = ports.map(|port| port.to_string()).collect();
        assert_eq!(dockerfile.of(name, "EXPOSE"), [ports.join(" ")]);
        let health = dockerfile.of(name, "HEALTHCHECK").join(" ");
        assert!(health.ends_with(&format!("CMD [\"probe\", \"{metrics}\", \"/healthz\"]")), "{health}");
    }
}

#[test]
fn what_is_copied_from_the_repository_exists_and_is_let_in() {
    let ignored = text(".dockerignore");
    assert!(ignored.lines().any(|line| line == "*"), "everything is left out but what is named");
    for let_in in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(path(let_in).exists(), "{let_in} is not there");
    }
    let manifest = text("Cargo.toml");
    let members = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    for member in members.lines().map(|line| line.trim().trim_matches(|letter| "\",".contains(letter))) {
        let folder = member.split('/').next().unwrap();
        assert!(ignored.lines().any(|line| line == format!("!{folder}") || folder.is_empty()), "{member} is left out");
    }
}
