//! Reads parameters from a file, for `--config`.

mod reason;
mod unique_keys;

use crate::lines;
use crate::output::Failure;
use reason::reason;
use semid::quantizer::Parameters;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use unique_keys::UniqueKeys;

/// What a file of parameters has to be.
const EXPECTED: &str = "give an object of parameters, such as {\"levels\": 3}";

/// Fields by name: those of the file, and those that flags set in their place.
#[derive(Clone, Default)]
pub(crate) struct Config {
    path: Option<PathBuf>,
    fields: Map<String, Value>,
}

impl Config {
    /// Takes the fields of parameters.
    pub(crate) fn of(params: &Parameters) -> Result<Self, Failure> {
        Ok(Self { path: None, fields: params.parameters()?.into_iter().collect() })
    }

    /// Reads the fields of a file; no fields without a file.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let failure = |reason: String| Failure::Error(format!("{}: {reason}", path.display()));
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        let is = |expected: &str| extension.as_ref().is_some_and(|extension| extension == expected);
        if !is("toml") && !is("json") {
            return Err(failure("parameters are read from a .json or a .toml file; give one of these".to_owned()));
        }
        let text = lines::text(path)?;
        let value = if is("toml") { of_toml(&text) } else { of_json(&text) };
        match value.map_err(failure)? {
            Value::Object(fields) => {
                let fields = of_model(fields).map_err(failure)?;
                Ok(Self { path: Some(path.to_owned()), fields })
            }
            _ => Err(failure(format!("the file has no object; {EXPECTED}"))),
        }
    }

    /// Sets a field in place of the file's, if there is a value for it.
    pub(crate) fn set(&mut self, name: &str, value: Option<impl Serialize>) -> Result<(), Failure> {
        if let Some(value) = value {
            let value = serde_json::to_value(value).map_err(|error| Failure::Error(format!("{name}: {error}")))?;
            self.fields.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// Sets a field of the object `name`, if there is a value for it.
    pub(crate) fn set_in(&mut self, name: &str, field: &str, value: Option<impl Serialize>) -> Result<(), Failure> {
        let inner = self.fields.get(name).cloned();
        let Value::Object(fields) = inner.unwrap_or_else(|| Value::Object(Map::new())) else { return Ok(()) };
        let mut inner = Self { path: None, fields };
        inner.set(field, value)?;
        if !inner.fields.is_empty() {
            self.fields.insert(name.to_owned(), Value::Object(inner.fields));
        }
        Ok(())
    }

    /// Returns whether the object `name` has such a field.
    pub(crate) fn has_in(&self, name: &str, field: &str) -> bool {
        self.fields.get(name).is_some_and(|inner| inner.get(field).is_some())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }

    /// Returns a field; none if it is missing.
    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(value) = self.fields.get(name) else { return Ok(None) };
        let read = serde_json::from_value(value.clone());
        read.map(Some).map_err(|error| self.failure(&format!("{name}: {}", reason(&error.to_string()))))
    }

    /// Returns the parameters that the fields describe.
    pub(crate) fn parameters<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_path_to_error::deserialize(Value::Object(self.fields.clone())).map_err(|error| {
            let place = error.path().to_string();
            let reason = reason(&error.inner().to_string());
            match place.as_str() {
                "." => self.failure(&reason),
                place => self.failure(&format!("{place}: {reason}")),
            }
        })
    }

    /// Forgets the file, so that no message names it.
    pub(crate) fn without_path(self) -> Self {
        Self { path: None, ..self }
    }

    /// Makes a failure that names the file, if there is one.
    pub(crate) fn failure(&self, reason: &str) -> Failure {
        Failure::Error(match &self.path {
            Some(path) => format!("{}: {reason}", path.display()),
            None => reason.to_owned(),
        })
    }
}

/// Returns the parameters of a fit among all that `semid info --json` says of a model; other fields as they are.
fn of_model(mut fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    match (fields.contains_key("fingerprint"), fields.remove("parameters")) {
        (true, Some(Value::Object(parameters))) => Ok(parameters),
        (true, Some(Value::Null)) => {
            Err("the file of this model keeps no parameters; give the parameters one by one".to_owned())
        }
        (_, parameters) => {
            fields.extend(parameters.map(|parameters| ("parameters".to_owned(), parameters)));
            Ok(fields)
        }
    }
}

/// Parses TOML; says in which line it is wrong.
fn of_toml(text: &str) -> Result<Value, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
    // JSON has neither infinities nor NaN, which would become null.
    match table.iter().find(|(_, value)| !is_finite(value)) {
        Some((name, _)) => Err(format!("{name}: neither infinities nor nan are possible; give a finite number")),
        None => serde_json::to_value(table).map_err(|error| error.to_string()),
    }
}

/// Whether all numbers in a value are finite.
fn is_finite(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(number) => number.is_finite(),
        toml::Value::Array(values) => values.iter().all(is_finite),
        toml::Value::Table(fields) => fields.values().all(is_finite),
        _ => true,
    }
}

/// Parses JSON, and refuses keys that stand twice in an object, of which one would win without a word.
fn of_json(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Err(format!("the file is empty; {EXPECTED}"));
    }
    let value: UniqueKeys = serde_json::from_str(text).map_err(|error| match error.is_eof() {
        true => format!("line {}: the file ends inside of its JSON", error.line()),
        false => error.to_string(),
    })?;
    Ok(value.0)
}
