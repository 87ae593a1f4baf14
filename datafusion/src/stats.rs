//! `semid_stats(codes)`

use crate::arguments::refuse;
use crate::error::{FunctionError, within};
use crate::lists::{Lists, as_codes, code_type};
use crate::measures::{result, result_type};
use crate::tally::{NAME, Tally};
use datafusion::arrow::array::{ArrayRef, AsArray, ListArray, UInt32Array, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, UInt64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use std::sync::Arc;

/// Measures how codes collide and how they use their levels.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stats {
    signature: Signature,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Stats {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [codes] => as_codes(codes).map(|codes| vec![codes]),
            _ => None,
        }
        .map_or_else(|| refuse("semid_stats(codes) takes a list of integers", given), Ok)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(result_type())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match args.is_distinct {
            true => Err(FunctionError::Distinct { function: NAME }.into()),
            false => Ok(Box::new(Counting::default())),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |name, kind| Arc::new(Field::new(format_state_name(args.name, name), kind, true));
        Ok(vec![field("codes", code_type()), field("items", DataType::List(items()))])
    }
}

fn items() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::UInt64, true))
}

/// Counts the codes of a group. Its state is every code that occurs, one after the other, and how many items have it.
#[derive(Debug, Default)]
struct Counting {
    tally: Tally,
}

impl Accumulator for Counting {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let [codes] = columns else { return internal_err!("{NAME} takes one column") };
        for list in Lists::new(NAME, codes)?.codes() {
            let (row, codes) = list?;
            self.tally.add(row, codes, 1)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [codes, items] = states else { return internal_err!("{NAME} has a state of two columns") };
        let items = items.as_list::<i32>();
        for list in Lists::new(NAME, codes)?.codes() {
            let (row, codes) = list?;
            let items = items.value(row);
            let items = items.as_primitive::<UInt64Type>().values();
            let levels = codes.len().checked_div(items.len()).unwrap_or(0).max(1);
            for (codes, items) in codes.chunks_exact(levels).zip(items) {
                self.tally.add(row, codes, *items)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let sorted = self.tally.sorted();
        let codes: Vec<u32> = sorted.iter().flat_map(|(codes, _)| codes.iter().copied()).collect();
        let counts: UInt64Array = sorted.iter().map(|(_, items)| *items).collect::<Vec<_>>().into();
        let DataType::List(code) = code_type() else { return internal_err!("codes are lists") };
        let one = |field, values: ArrayRef| {
            let lengths = OffsetBuffer::from_lengths([values.len()]);
            ScalarValue::List(Arc::new(ListArray::new(field, lengths, values, None)))
        };
        Ok(vec![one(code, Arc::new(UInt32Array::from(codes))), one(items(), Arc::new(counts))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match self.tally.measure().map_err(within(NAME))? {
            Some(metrics) => Ok(result(&metrics)),
            None => ScalarValue::try_from(&result_type()),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.tally.size()
    }
}
