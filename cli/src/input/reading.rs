//! Which column or array of their files the rows of a fit were, as the model records it.

use crate::args::InputArgs;
use crate::config::Config;
use crate::output::Failure;
use semid::Model;
use semid::io::FloatBytes;
use serde_json::Value;

/// The flags that say where in a file its embeddings are.
#[derive(Default)]
pub(crate) struct Reading {
    column: Vec<String>,
    columns: Option<String>,
    tensor: Vec<String>,
    bytes: Option<FloatBytes>,
    integers: bool,
}

impl Reading {
    /// Takes the record out of a file of parameters.
    pub(crate) fn take(config: &mut Config) -> Result<Self, Failure> {
        let bytes = match config.get::<String>("as")? {
            Some(name) => Some(name.parse().map_err(|error: semid::Error| config.failure(&format!("as: {error}")))?),
            None => None,
        };
        let reading = Self {
            column: config.get("column")?.unwrap_or_default(),
            columns: config.get("columns")?,
            tensor: config.get("tensor")?.unwrap_or_default(),
            bytes,
            integers: config.get("integers")?.unwrap_or_default(),
        };
        ["column", "columns", "tensor", "as", "integers"].iter().for_each(|name| drop(config.remove(name)));
        Ok(reading)
    }

    /// Returns the record of a model; empty where it has none.
    fn of(model: &Model) -> Self {
        let value = |name: &str| model.parameters().and_then(|of| of.get(name));
        let text = |name: &str| value(name).and_then(Value::as_str);
        let texts = |name: &str| -> Vec<String> {
            let all = value(name).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            column: texts("column"),
            columns: text("columns").map(str::to_owned),
            tensor: texts("tensor"),
            bytes: text("as").and_then(|name| name.parse().ok()),
            integers: value("integers").and_then(Value::as_bool).unwrap_or_default(),
        }
    }

    /// Returns the flags with what the record says where they name nothing themselves.
    pub(crate) fn applied(&self, args: &InputArgs) -> InputArgs {
        let mut out = args.of_files(&args.input);
        out.bad_rows_output.clone_from(&args.bad_rows_output);
        if !args.names_columns() {
            out.column.clone_from(&self.column);
            out.columns.clone_from(&self.columns);
            out.tensor.clone_from(&self.tensor);
        }
        out.bytes = args.bytes.or(self.bytes);
        out.integers = args.integers || self.integers;
        out
    }
}

impl InputArgs {
    /// Returns whether flags name columns or tensors.
    pub(crate) fn names_columns(&self) -> bool {
        !(self.column.is_empty() && self.tensor.is_empty() && self.columns.is_none())
    }

    /// Returns the flags that read the rows of other files as those of the fit of a model of one embedding per row;
    /// none where that changes nothing. Standard input cannot be read twice, so it is read as flags say.
    pub(super) fn as_fitted(&self, model: &Model) -> Option<Self> {
        let is_stdin = self.input.iter().any(|path| path.as_os_str() == "-");
        let reading = Reading::of(model);
        let says = !(reading.column.is_empty() && reading.tensor.is_empty() && reading.columns.is_none());
        let changes = says || reading.bytes.is_some() || reading.integers;
        (changes && !is_stdin && !self.names_columns()).then(|| reading.applied(self))
    }

    /// Returns the column or tensor that these flags name first.
    pub(super) fn first_column(&self) -> Option<&str> {
        self.column.first().or(self.tensor.first()).or(self.columns.as_ref()).map(String::as_str)
    }
}
