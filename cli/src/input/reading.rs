//! Which column or array of their files the rows of a fit were, as the model records it.

use crate::args::{InputArgs, OnBadRows};
use crate::config::Config;
use crate::output::Failure;
use semid::Model;
use semid::io::FloatBytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The names of the fields of [`Reading`] in files of parameters.
const NAMES: [&str; 6] = ["column", "columns", "tensor", "as", "integers", "bad_rows"];

/// The flags that say where in a file its embeddings are, and what to do about bad ones.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reading {
    column: Vec<String>,
    columns: Option<String>,
    tensor: Vec<String>,
    #[serde(rename = "as", deserialize_with = "bytes")]
    bytes: Option<FloatBytes>,
    integers: bool,
    bad_rows: Option<OnBadRows>,
}

fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<FloatBytes>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

impl Reading {
    /// Takes the record out of a file of parameters.
    pub(crate) fn take(config: &mut Config) -> Result<Self, Failure> {
        let reading = config.parameters()?;
        NAMES.iter().for_each(|name| drop(config.remove(name)));
        Ok(reading)
    }

    /// Returns the record of a model; empty where it has none.
    fn of(model: &Model) -> Self {
        let fields = model.parameters().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        serde_json::from_value(Value::Object(fields.collect())).unwrap_or_default()
    }

    /// Returns the flags with what the record says where they name nothing themselves.
    pub(crate) fn applied(self, args: &InputArgs) -> InputArgs {
        let mut out = args.clone();
        if !args.names_columns() {
            (out.column, out.columns, out.tensor) = (self.column, self.columns, self.tensor);
        }
        out.bytes = args.bytes.or(self.bytes);
        out.integers = args.integers || self.integers;
        out.on_bad_rows = args.on_bad_rows.or(self.bad_rows);
        out
    }
}

impl InputArgs {
    /// Returns whether flags name columns or tensors.
    pub(crate) fn names_columns(&self) -> bool {
        !(self.column.is_empty() && self.tensor.is_empty() && self.columns.is_none())
    }

    /// Returns whether flags say where in a file its embeddings are, or how they are read.
    pub(crate) fn says_how_to_read(&self) -> bool {
        self.names_columns() || self.bytes.is_some() || self.integers
    }

    /// Returns the flags that read the rows of other files as those of the fit of a model of one embedding per row;
    /// none where that changes nothing. Bad rows are refused though the fit may have left some out: a row without a
    /// code has to be asked for. Standard input cannot be read twice, so it is read as flags say.
    pub(super) fn as_fitted(&self, model: &Model) -> Option<Self> {
        if self.names_columns() || self.input.iter().any(|path| path.as_os_str() == "-") {
            return None;
        }
        let reading = Reading { bad_rows: None, ..Reading::of(model) };
        Some(reading.applied(self)).filter(Self::says_how_to_read)
    }

    /// Returns the column or tensor that these flags name first.
    pub(super) fn first_column(&self) -> Option<&str> {
        self.column.first().or(self.tensor.first()).or(self.columns.as_ref()).map(String::as_str)
    }
}
