//! `semid_distance(a, b, 'model')`

use crate::arguments::{column, model_of, refuse};
use crate::error::{FunctionError, within};
use crate::lists::{Lists, as_codes, as_embeddings};
use crate::models::{Models, Opened};
use datafusion::arrow::array::{Array, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use semid::Codes;
use semid::rq::Metric;
use std::sync::Arc;

const NAME: &str = "semid_distance";

/// Measures squared distances between embeddings, or what codes decode to.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Distance {
    signature: Signature,
    models: Models,
}

impl Distance {
    pub(crate) fn new(models: Models) -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable), models }
    }
}

impl ScalarUDFImpl for Distance {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let side = |given| as_embeddings(given).or_else(|| as_codes(given));
        if let [a, b, _] = given
            && let (Some(a), Some(b)) = (side(a), side(b))
        {
            return Ok(vec![a, b, DataType::Utf8]);
        }
        refuse("semid_distance(a, b, 'model') takes two lists, of floats or of codes, and a text", given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [a, b, model] = args.args.as_slice() else { return internal_err!("{NAME} takes three arguments") };
        let opened = self.models.get(model_of(NAME).of(model)?)?;
        if !opened.model.reconstructs() {
            return Err(FunctionError::NoDistance { name: opened.name.clone() }.into());
        }
        let sides = [Side::new(a, &opened)?, Side::new(b, &opened)?];
        let [a, b] = &sides;
        let distance = |row| Some(squared(a.row(row)?, b.row(row)?));
        if sides.iter().all(|side| side.constant) {
            return Ok(ColumnarValue::Scalar(ScalarValue::Float64(distance(0))));
        }
        let distances: Float64Array = (0..args.number_rows).map(distance).collect();
        Ok(ColumnarValue::Array(Arc::new(distances)))
    }
}

/// The rows of one argument.
struct Side {
    /// The values of the rows that are not NULL, row by row.
    values: Vec<f32>,
    dim: usize,
    /// For every row its place among those that are not NULL.
    places: Vec<Option<usize>>,
    /// Whether there is one row that stands for all.
    constant: bool,
    /// Whether the rows are to have unit length.
    scales: bool,
}

impl Side {
    fn new(argument: &ColumnarValue, opened: &Opened) -> Result<Self> {
        let (constant, column) = (matches!(argument, ColumnarValue::Scalar(_)), column(argument)?);
        let lists = Lists::new(NAME, &column)?;
        let is_codes = as_codes(column.data_type()).is_some();
        let values = match is_codes {
            true => decode(&lists, opened)?,
            false => opened.scaled(lists.embeddings(opened.model.dim())?).map_err(within(NAME))?,
        };
        let mut present = 0..;
        let places = (0..column.len()).map(|row| if column.is_valid(row) { present.next() } else { None }).collect();
        let scales = !is_codes && opened.model.metric() == Metric::Cosine;
        Ok(Self { values, dim: opened.model.dim(), places, constant, scales })
    }

    /// Returns the values of a row and what they are multiplied by.
    fn row(&self, row: usize) -> Option<(&[f32], f64)> {
        let place = self.places.get(if self.constant { 0 } else { row }).copied().flatten()?;
        let values = self.values.chunks_exact(self.dim).nth(place)?;
        Some((values, if self.scales { inverse_length(values) } else { 1.0 }))
    }
}

/// Returns the rows that codes stand for; all must be of as many levels.
fn decode(lists: &Lists<'_>, opened: &Opened) -> Result<Vec<f32>> {
    let (mut all, mut levels) = (Vec::new(), None);
    for list in lists.codes() {
        let (row, codes) = list?;
        match *levels.get_or_insert(codes.len()) {
            expected if expected == codes.len() => all.extend_from_slice(codes),
            expected => {
                let found = codes.len();
                return Err(FunctionError::Levels { function: NAME, row, expected, found }.into());
            }
        }
    }
    let Some(levels) = levels else { return Ok(Vec::new()) };
    let decoded = Codes::new(all, levels).and_then(|codes| opened.model.decode(&codes, &opened.device));
    Ok(decoded.map_err(within(NAME))?)
}

/// Returns the sum of squared differences, in the order of the dimensions, so that every machine gets the same bits.
fn squared((a, scale_a): (&[f32], f64), (b, scale_b): (&[f32], f64)) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(*a) * scale_a - f64::from(*b) * scale_b);
    differences.fold(0.0, |sum, difference| sum + difference * difference)
}

/// Returns 1 over the length of a row, or 1 for a row of zeros.
fn inverse_length(row: &[f32]) -> f64 {
    let square = row.iter().fold(0.0, |sum, value| sum + f64::from(*value) * f64::from(*value));
    if square > 0.0 { 1.0 / square.sqrt() } else { 1.0 }
}
