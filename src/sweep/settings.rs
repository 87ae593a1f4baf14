//! Parameters that a sweep leaves to the kinds of models.

use crate::error::Result;
use crate::quantizer::Parameters;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names and values of parameters.
pub(super) type Settings = BTreeMap<String, Value>;

/// Parameters that the sweep sets, and those that say how the others are read.
const NOT_SETTINGS: [&str; 6] = ["kind", "version", "levels", "clusters", "seed", "sizes"];

/// Returns the names and values of all parameters that the runs of a kind have in common.
pub(super) fn settings_of(kind: &Parameters) -> Result<Settings> {
    let mut settings = kind.parameters()?;
    settings.retain(|name, _| !NOT_SETTINGS.contains(&name.as_str()));
    Ok(settings)
}
