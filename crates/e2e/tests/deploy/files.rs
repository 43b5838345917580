//! Reading the files of the repository.

use std::path::PathBuf;

use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

/// Names a file or folder of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(name)
}

pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads a YAML file of one document, with its merge keys (`<<`) resolved.
pub(crate) fn yaml(name: &str) -> Value {
    let documents = YamlLoader::load_from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let [document] = documents.as_slice() else { panic!("{name} has {} documents", documents.len()) };
    to_json(document)
}

/// The entries of an object, or none.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The items of an array, or none.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The texts of an array, or none.
pub(crate) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}

/// `NAME=value` lines of a file, also behind `# `.
pub(crate) fn variables(text: &str) -> Vec<(String, String)> {
    let assigned = text.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    assigned.filter(|(name, _)| is_name(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn to_json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Hash(hash) => {
            let mut object = Map::new();
            for (key, value) in hash {
                match key.as_str().unwrap() {
                    "<<" => merge(&mut object, &to_json(value)),
                    key => drop(object.insert(key.to_owned(), to_json(value))),
                }
            }
            object.into()
        }
        Yaml::Array(items) => items.iter().map(to_json).collect(),
        Yaml::String(text) | Yaml::Real(text) => text.as_str().into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Boolean(truth) => (*truth).into(),
        Yaml::Null => Value::Null,
        Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?}"),
    }
}

/// What is merged gives way to what is there.
fn merge(object: &mut Map<String, Value>, merged: &Value) {
    for item in items(merged) {
        merge(object, item);
    }
    for (key, value) in entries(merged) {
        object.entry(key).or_insert_with(|| value.clone());
    }
}
