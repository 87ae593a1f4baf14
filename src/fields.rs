//! Parameters in the form that files have them: fields by name, with a version.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields by name.
pub(crate) type Fields = BTreeMap<String, Value>;

/// The version of parameters that this build writes, and the only one there is.
pub(crate) const VERSION: u32 = 1;

/// Refuses parameters whose version this build does not know.
pub(crate) fn check_version(version: u32) -> Result<()> {
    match version {
        VERSION => Ok(()),
        0 => Err(Error::parameter("version", version, format!("must be {VERSION} or more"))),
        _ => Err(ErrorKind::NewerFormat { found: version.to_string(), supported: VERSION }.into()),
    }
}

/// Lists the fields of parameters.
pub(crate) fn fields(parameters: &impl Serialize) -> Result<Fields> {
    let broken = |reason: String| Error::format("parameters", reason);
    match serde_json::to_value(parameters) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
        Ok(_) => Err(broken("they are no object".to_owned())),
        Err(error) => Err(broken(error.to_string())),
    }
}

/// Reads parameters; errors name the field.
pub(crate) fn read_fields<T: DeserializeOwned>(fields: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(fields).map_err(|error| match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}
