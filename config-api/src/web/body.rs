//! Reading a JSON object field by field, so that all faults are told at once.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use service::problem::{Fault, Problem};

/// Reads a request body that must be a JSON object.
pub(crate) fn read_object(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence != "application/json" {
        // A form of a foreign web page cannot send this type: it keeps them from changing definitions.
        let detail = "the body must be sent with `content-type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "not_an_object", "the body must be a JSON object")),
        Err(error) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not JSON: {error}")))
        }
    }
}

/// The fields of an object, taken one after the other, and the faults found on the way.
pub(crate) struct Fields {
    object: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self { object, faults: Vec::new() }
    }

    /// Takes a text that must be there.
    pub(crate) fn text(&mut self, name: &str, max_bytes: usize) -> String {
        match self.object.remove(name) {
            Some(Value::String(text)) => self.bounded(name, text, max_bytes),
            Some(_) => self.wrong_type(name, "a string"),
            None => self.missing(name),
        }
    }

    /// Takes a text that may be absent or null.
    pub(crate) fn optional_text(&mut self, name: &str, max_bytes: usize) -> Option<String> {
        match self.object.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(self.bounded(name, text, max_bytes)),
            Some(_) => Some(self.wrong_type(name, "a string or null")),
        }
    }

    /// Takes a value that may be absent or null, whatever it is.
    pub(crate) fn optional(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a boolean that is false when absent.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.object.remove(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => self.wrong_type(name, "true or false"),
        }
    }

    /// Adds a fault that the caller found.
    pub(crate) fn fault(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(code, detail).in_field(name));
    }

    /// Adds faults that the caller found.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) {
        self.faults.extend(faults);
    }

    /// Returns how many faults were found so far.
    pub(crate) fn fault_count(&self) -> usize {
        self.faults.len()
    }

    /// Refuses what nobody took, and reports everything that was found; `several` names more than one fault.
    pub(crate) fn finish(mut self, several: &'static str) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.object).keys() {
            self.fault(name, "unknown_field", format!("`{name}` is not a field of this object"));
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem::of_faults(StatusCode::UNPROCESSABLE_ENTITY, several, self.faults))
    }

    fn bounded(&mut self, name: &str, text: String, max_bytes: usize) -> String {
        if text.len() > max_bytes {
            self.fault(name, "too_long", format!("`{name}` has {} bytes, at most {max_bytes} fit", text.len()));
        }
        if text.contains('\0') {
            self.fault(name, "control_character", format!("`{name}` holds a NUL character"));
        }
        text
    }

    fn missing<T: Default>(&mut self, name: &str) -> T {
        self.fault(name, "missing_field", format!("`{name}` is missing"));
        T::default()
    }

    fn wrong_type<T: Default>(&mut self, name: &str, expected: &str) -> T {
        self.fault(name, "wrong_type", format!("`{name}` must be {expected}"));
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_an_object_are_told_at_once() {
        let Value::Object(object) = serde_json::json!({ "a": 1, "b": "long", "d": "yes", "e": null, "x": 0 }) else {
            panic!("not an object");
        };
        let mut fields = Fields::new(object);
        fields.text("a", 9);
        fields.text("b", 3);
        fields.text("c", 9);
        fields.flag("d");
        assert_eq!(fields.optional_text("e", 9), None);
        let problem = fields.finish("invalid_thing").unwrap_err();
        let codes: Vec<_> = problem.errors.iter().map(|fault| (fault.code, fault.field.as_deref())).collect();
        let expected = [
            ("wrong_type", Some("a")),
            ("too_long", Some("b")),
            ("missing_field", Some("c")),
            ("wrong_type", Some("d")),
            ("unknown_field", Some("x")),
        ];
        assert_eq!((problem.code, codes.as_slice()), ("invalid_thing", expected.as_slice()));
    }
}
