//! Arguments of scalar functions.

use crate::error::FunctionError;
use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::ColumnarValue;

/// The text that an argument has for all rows.
pub(crate) struct Constant {
    pub(crate) function: &'static str,
    pub(crate) argument: &'static str,
    pub(crate) example: &'static str,
}

impl Constant {
    pub(crate) fn of<'a>(&self, argument: &'a ColumnarValue) -> Result<&'a str, FunctionError> {
        let text = match argument {
            ColumnarValue::Scalar(value) => value.try_as_str().flatten(),
            ColumnarValue::Array(_) => None,
        };
        let Self { function, argument, example } = *self;
        text.ok_or(FunctionError::NotConstant { function, argument, example })
    }
}

/// The constant that names a model.
pub(crate) fn model_of(function: &'static str) -> Constant {
    Constant { function, argument: "model", example: "'model.safetensors'" }
}

/// Returns the column of an argument: of one row where it is the same for all rows.
pub(crate) fn column(argument: &ColumnarValue) -> Result<ArrayRef> {
    match argument {
        ColumnarValue::Array(array) => Ok(array.clone()),
        ColumnarValue::Scalar(value) => value.to_array(),
    }
}

/// Returns a result in the form of its argument: one value where that is the same for all rows.
pub(crate) fn like(argument: &ColumnarValue, result: ArrayRef) -> Result<ColumnarValue> {
    match argument {
        ColumnarValue::Array(_) => Ok(ColumnarValue::Array(result)),
        ColumnarValue::Scalar(_) => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)),
    }
}

/// Refuses arguments of other numbers or types than `usage` shows.
pub(crate) fn refuse<T>(usage: &str, given: &[datafusion::arrow::datatypes::DataType]) -> Result<T> {
    let given: Vec<String> = given.iter().map(ToString::to_string).collect();
    plan_err!("{usage}; given were ({})", given.join(", "))
}
