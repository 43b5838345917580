//! Putting the layers on each other, and reporting everything that is wrong with them.

use std::fmt;
use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::environment::Variable;

/// The environment variable that names the configuration file.
pub const CONFIG_FILE_VARIABLE: &str = "SHOAL_CONFIG";

/// The most problems that are reported, and the most times the layers are read for it.
const MAX_PROBLEMS: usize = 64;

/// The configuration of a process.
pub trait Configuration: DeserializeOwned + Serialize {
    /// The defaults; they name every key there is.
    const DEFAULT_TOML: &'static str;
    /// Which environment variable sets which key (`section.field`).
    const ENVIRONMENT: &'static [(&'static str, &'static str)];

    /// Returns what the types cannot refuse: one sentence per problem, naming its key.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns what is legal but dangerous: one sentence each; logged at start.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// One sentence per problem.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the configuration has {count} {noun}: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// Reads the configuration: defaults, the file that `SHOAL_CONFIG` names, the environment.
pub fn load<C: Configuration>() -> Result<C, ConfigError> {
    let file = std::env::var(CONFIG_FILE_VARIABLE).ok().filter(|path| !path.is_empty());
    load_from(file.as_deref().map(Path::new), |name| std::env::var(name).ok())
}

/// Returns the embedded defaults alone.
pub fn defaults<C: Configuration>() -> Result<C, ConfigError> {
    load_from(None, |_| None)
}

/// Reads the configuration from a file, if one is given, and from `environment`.
///
/// An empty environment variable counts as not set.
pub fn load_from<C: Configuration>(
    file: Option<&Path>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<C, ConfigError> {
    let base = Figment::from(Toml::string(C::DEFAULT_TOML));
    let defaults = tree(&base).map_err(|problem| ConfigError { problems: vec![problem] })?;
    let mut problems = Vec::new();
    let with_file = match file {
        Some(path) => add_file(&base, &defaults, path, &mut problems),
        None => base.clone(),
    };
    let figment = add_environment::<C>(with_file, &base, &environment, &mut problems);
    let config = extract::<C>(figment, &base, &mut problems);
    if let Some(config) = &config {
        problems.extend(config.problems());
    }
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigError { problems }),
    }
}

/// Logs the configuration once, secrets redacted, and what is dangerous about it.
pub fn log<C: Configuration>(config: &C) {
    let shown = serde_json::to_string(config).unwrap_or_else(|error| error.to_string());
    tracing::info!(config = %shown, "configuration loaded");
    for warning in config.warnings() {
        tracing::warn!(%warning, "configuration is legal but dangerous");
    }
}

fn tree(figment: &Figment) -> Result<Dict, String> {
    figment.extract::<Dict>().map_err(|error| sentence(&error))
}

fn add_file(base: &Figment, defaults: &Dict, path: &Path, problems: &mut Vec<String>) -> Figment {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(format!("reading {}: {error}", path.display()));
            return base.clone();
        }
    };
    match tree(&Figment::from(Toml::string(&text))) {
        Ok(dict) => unknown_keys(&dict, defaults, "", &mut |key| {
            problems.push(format!("unknown key `{key}` in {}", path.display()));
        }),
        Err(problem) => {
            problems.push(format!("{} is not TOML: {problem}", path.display()));
            return base.clone();
        }
    }
    base.clone().merge(Toml::file_exact(path))
}

fn unknown_keys(dict: &Dict, defaults: &Dict, prefix: &str, report: &mut impl FnMut(String)) {
    for (key, value) in dict {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (value, defaults.get(key)) {
            (Value::Dict(_, inner), Some(Value::Dict(_, inner_defaults))) => {
                unknown_keys(inner, inner_defaults, &path, report);
            }
            (_, Some(_)) => {}
            (_, None) => report(path),
        }
    }
}

fn add_environment<C: Configuration>(
    mut figment: Figment,
    base: &Figment,
    environment: &impl Fn(&str) -> Option<String>,
    problems: &mut Vec<String>,
) -> Figment {
    for (name, path) in C::ENVIRONMENT {
        let Some(text) = environment(name).filter(|text| !text.is_empty()) else { continue };
        let variable = base
            .find_value(path)
            .map_err(|_| format!("`{name}` sets `{path}`, which the default configuration lacks"))
            .and_then(|default| Variable::new(name, path, &text, &default));
        match variable {
            Ok(variable) => figment = figment.merge(variable),
            Err(problem) => problems.push(problem),
        }
    }
    figment
}

/// Reads the typed configuration. A key that does not fit is reported and set back to its default,
/// and the reading starts again: so all of them are found.
fn extract<C: Configuration>(mut figment: Figment, base: &Figment, problems: &mut Vec<String>) -> Option<C> {
    for _ in 0..MAX_PROBLEMS {
        let error = match figment.extract::<C>() {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        problems.push(sentence(&error));
        let path = error.path.join(".");
        // A value that is its default already has no better one.
        let default = base.find_value(&path).ok()?;
        if figment.find_value(&path).is_ok_and(|value| value == default) {
            return None;
        }
        figment = figment.merge(Serialized::default(&path, default));
    }
    None
}

fn sentence(error: &figment::Error) -> String {
    let source = error.metadata.as_ref().map(|metadata| format!(" (from {})", metadata.name)).unwrap_or_default();
    if error.path.is_empty() {
        return format!("{}{source}", error.kind);
    }
    format!("`{}`: {}{source}", error.path.join("."), error.kind)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde::Deserialize;

    use super::*;
    use crate::config::Secret;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Section {
        port: u16,
        name: String,
        verbose: bool,
        ratio: f64,
        origins: Vec<String>,
        password: Secret,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Config {
        http: Section,
    }

    impl Configuration for Config {
        const DEFAULT_TOML: &'static str =
            "[http]\nport = 1\nname = 'x'\nverbose = false\nratio = 0.5\norigins = []\npassword = ''\n";
        const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[
            ("T_PORT", "http.port"),
            ("T_NAME", "http.name"),
            ("T_VERBOSE", "http.verbose"),
            ("T_RATIO", "http.ratio"),
            ("T_ORIGINS", "http.origins"),
            ("T_PASSWORD", "http.password"),
        ];

        fn problems(&self) -> Vec<String> {
            if self.http.ratio > 1.0 { vec!["`http.ratio` is above 1".to_owned()] } else { Vec::new() }
        }
    }

    fn environment(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| set.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = file("[http]\nport = 2\nname = 'file'\n");
        let config: Config =
            load_from(Some(file.path()), environment(&[("T_PORT", "3"), ("T_ORIGINS", "a, b"), ("T_RATIO", "1")]))
                .unwrap();
        assert_eq!(config.http.port, 3);
        assert_eq!(config.http.name, "file");
        assert!(!config.http.verbose);
        assert_eq!(config.http.origins, ["a", "b"]);
        assert_eq!(config.http.ratio, 1.0);
    }

    #[test]
    fn a_secret_of_digits_stays_the_text_it_was() {
        let config: Config = load_from(None, environment(&[("T_PASSWORD", "00123"), ("T_NAME", "true")])).unwrap();
        assert_eq!(config.http.password.expose(), "00123");
        assert_eq!(config.http.name, "true");
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let config: Config = load_from(None, environment(&[("T_PORT", "")])).unwrap();
        assert_eq!(config.http.port, 1);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let file = file("[http]\nprot = 2\nname = 5\nratio = 7.0\n");
        let error = load_from::<Config>(Some(file.path()), environment(&[("T_PORT", "70000"), ("T_VERBOSE", "maybe")]))
            .unwrap_err();
        let all = error.to_string();
        for part in
            ["unknown key `http.prot`", "`http.name`", "`http.ratio` is above 1", "`http.port`", "T_PORT", "T_VERBOSE"]
        {
            assert!(all.contains(part), "{part} is missing from: {all}");
        }
        assert_eq!(error.problems.len(), 5, "{all}");
    }

    #[test]
    fn a_file_that_is_named_must_exist() {
        let error = load_from::<Config>(Some(Path::new("/nowhere/shoal.toml")), |_| None).unwrap_err();
        assert!(error.to_string().contains("/nowhere/shoal.toml"), "{error}");
    }
}
