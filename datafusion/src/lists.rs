//! Columns of lists of numbers, as Arrow has them, and the types that the functions take.

use crate::error::FunctionError;
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, ListArray, OffsetSizeTrait, PrimitiveArray, UInt32Array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{
    ArrowNativeType, DataType, Field, Float16Type, Float32Type, Float64Type, UInt32Type,
};
use datafusion::common::{Result, internal_err};
use std::ops::Range;
use std::sync::Arc;

/// A column of lists.
pub(crate) struct Lists<'a> {
    function: &'static str,
    column: &'a ArrayRef,
    values: &'a ArrayRef,
    /// Where the values of each row are.
    spans: Vec<Range<usize>>,
}

impl<'a> Lists<'a> {
    pub(crate) fn new(function: &'static str, column: &'a ArrayRef) -> Result<Self> {
        let (values, spans) = match column.data_type() {
            DataType::List(_) => {
                let lists = column.as_list::<i32>();
                (lists.values(), spans(lists.offsets()))
            }
            DataType::LargeList(_) => {
                let lists = column.as_list::<i64>();
                (lists.values(), spans(lists.offsets()))
            }
            DataType::FixedSizeList(_, size) => {
                let size = size.as_usize();
                let spans = (0..column.len()).map(|row| row * size..(row + 1) * size).collect();
                (column.as_fixed_size_list().values(), spans)
            }
            other => return internal_err!("{function} was given {other}, which its signature does not take"),
        };
        Ok(Self { function, column, values, spans })
    }

    /// Returns which rows are not NULL; none where all are there.
    pub(crate) fn nulls(&self) -> Option<&NullBuffer> {
        self.column.nulls()
    }

    /// Returns the values of the rows that are not NULL as f32, row by row; each must have `dim` of them. A value
    /// beyond f32 becomes an infinity, which encodes refuse.
    pub(crate) fn embeddings(&self, dim: usize) -> Result<Vec<f32>> {
        match self.values.data_type() {
            DataType::Float32 => self.rows::<Float32Type>(dim, |value| value),
            DataType::Float64 => self.rows::<Float64Type>(dim, |value| value as f32),
            DataType::Float16 => self.rows::<Float16Type>(dim, |value| value.to_f32()),
            other => internal_err!("{} was given lists of {other}", self.function),
        }
    }

    fn rows<T: ArrowPrimitiveType>(&self, dim: usize, convert: fn(T::Native) -> f32) -> Result<Vec<f32>> {
        let function = self.function;
        let mut rows = Vec::with_capacity(self.column.len() * dim);
        for list in self.each::<T>() {
            let (row, values) = list?;
            if values.len() != dim {
                return Err(FunctionError::Width { function, row, expected: dim, found: values.len() }.into());
            }
            rows.extend(values.iter().map(|value| convert(*value)));
        }
        Ok(rows)
    }

    /// Iterates over the codes of the rows that are not NULL, with the numbers of the rows.
    pub(crate) fn codes(&self) -> impl Iterator<Item = Result<(usize, &'a [u32])>> + '_ {
        self.each::<UInt32Type>()
    }

    fn each<T: ArrowPrimitiveType>(&self) -> impl Iterator<Item = Result<(usize, &'a [T::Native])>> + '_ {
        let values: &'a PrimitiveArray<T> = self.values.as_primitive();
        let rows = self.spans.iter().enumerate().filter(|(row, _)| self.column.is_valid(*row));
        rows.map(move |(row, span)| match span.clone().position(|place| values.is_null(place)) {
            Some(place) => Err(FunctionError::NullValue { function: self.function, row, place }.into()),
            None => Ok((row, values.values().get(span.clone()).unwrap_or_default())),
        })
    }
}

/// Returns the places between neighbouring offsets.
fn spans<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> Vec<Range<usize>> {
    offsets.iter().zip(offsets.iter().skip(1)).map(|(start, end)| start.as_usize()..end.as_usize()).collect()
}

/// Makes a column of lists with `levels` codes each, of which `codes` has those of the rows that are not NULL.
pub(crate) fn code_lists(codes: Vec<u32>, levels: usize, rows: usize, nulls: Option<&NullBuffer>) -> ArrayRef {
    let lengths = (0..rows).map(|row| if nulls.is_none_or(|nulls| nulls.is_valid(row)) { levels } else { 0 });
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(code(), offsets, Arc::new(UInt32Array::from(codes)), nulls.cloned()))
}

fn code() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::UInt32, true))
}

/// Returns the type of codes: a list of u32.
pub(crate) fn code_type() -> DataType {
    DataType::List(code())
}

/// Returns the type as which a column of embeddings is taken, or none for a type that is none of embeddings.
pub(crate) fn as_embeddings(given: &DataType) -> Option<DataType> {
    match (given, item(given)) {
        (DataType::Null, _) => Some(DataType::new_list(DataType::Float32, true)),
        (_, Some(DataType::Float16 | DataType::Float32 | DataType::Float64)) => Some(given.clone()),
        _ => None,
    }
}

/// Returns the type as which a column of codes is taken, or none for a type that is none of codes.
pub(crate) fn as_codes(given: &DataType) -> Option<DataType> {
    match (given, item(given)) {
        (DataType::Null, _) => Some(code_type()),
        (_, Some(DataType::UInt32)) => Some(given.clone()),
        (_, Some(number)) if number.is_integer() => Some(code_type()),
        _ => None,
    }
}

/// Returns the type of the values of lists.
fn item(given: &DataType) -> Option<&DataType> {
    match given {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        _ => None,
    }
}
