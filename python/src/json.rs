//! Parameters, settings and results, which Python and the extension exchange as JSON.

use crate::errors::parameter;
use semid::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads what `name` names.
pub(crate) fn from_json<T: DeserializeOwned>(name: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        // The place in the JSON says nothing to a caller who wrote none.
        let reason = text.split(" at line ").next().unwrap_or(&text).to_owned();
        parameter(name, "those given", reason)
    })
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    let failed = |error| parameter("result", "not a number", format!("must be written as JSON: {error}"));
    serde_json::to_string(value).map_err(failed)
}
