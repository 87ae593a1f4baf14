//! Rows in Arrow's memory, through its C stream and C array interfaces: no value is copied before it is read.

use crate::errors::{OrRaise, input_error};
use crate::source::Source;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StructArray, make_array};
use arrow_schema::{ArrowError, DataType};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use semid::{Concat, Error, ErrorKind, Result, Rows};

/// Takes the rows of an Arrow array, chunked array, column or table.
#[pyfunction]
#[pyo3(signature = (object, column=None))]
pub(crate) fn from_arrow(py: Python<'_>, object: &Bound<'_, PyAny>, column: Option<&str>) -> PyResult<Source> {
    let chunks = chunks(object)?;
    let mut parts = Vec::new();
    let mut before = 0;
    for chunk in &chunks {
        let rows = chunk.len();
        if rows > 0 {
            let part = part(chunk, column).map_err(|reason| match reason {
                Wrong::Type(reason) => input_error(py, "Type", &reason),
                Wrong::Row(row, reason) => input_error(py, "BadRows", &format!("row {}: {reason}", before + row)),
            })?;
            parts.push(part);
        }
        before += rows;
    }
    let rows = Concat::new(parts).or_raise(py)?;
    Ok(Source::new(rows, "Arrow"))
}

/// Returns all chunks that an object exports.
fn chunks(object: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    let failed =
        |error: ArrowError| input_error(object.py(), "Format", &format!("the Arrow data cannot be read: {error}"));
    if object.hasattr("__arrow_c_stream__")? {
        let capsule = object.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: by the name of the capsule, which was checked, it holds a stream of the C stream interface, which
        // this takes over; the capsule then holds a released one.
        let reader = unsafe { ArrayStreamReader::from_raw(stream.as_ptr()) }.map_err(failed)?;
        return reader.collect::<Result<_, _>>().map_err(failed);
    }
    let pair = object.call_method0("__arrow_c_array__")?;
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = pair.extract()?;
    let schema = schema.pointer_checked(Some(c"arrow_schema"))?.cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(c"arrow_array"))?.cast::<FFI_ArrowArray>();
    // SAFETY: by the names of the capsules, which were checked, they hold a schema and an array of the C data
    // interface, which belong together; both are taken over, and the capsules then hold released ones.
    let data = unsafe {
        let schema = FFI_ArrowSchema::from_raw(schema.as_ptr());
        from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), &schema)
    };
    Ok(vec![make_array(data.map_err(failed)?)])
}

/// Why Arrow data are no rows.
enum Wrong {
    Type(String),
    /// A row of the chunk.
    Row(usize, String),
}

/// The embeddings of a chunk.
fn part(chunk: &ArrayRef, column: Option<&str>) -> std::result::Result<Part, Wrong> {
    let array = match chunk.as_struct_opt() {
        Some(table) => embeddings(table, column)?,
        None => chunk,
    };
    if let Some(row) = (array.null_count() > 0).then(|| (0..array.len()).find(|row| array.is_null(*row))).flatten() {
        return Err(Wrong::Row(row, "it is null; drop such rows first".to_owned()));
    }
    let (values, start, dim) = match array.data_type() {
        DataType::FixedSizeList(_, dim) => {
            let list = array.as_fixed_size_list();
            (list.values(), 0, usize::try_from(*dim).unwrap_or(0))
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets().iter().map(|offset| usize::try_from(*offset).unwrap_or(0));
            let (start, dim) = even(&offsets.collect::<Vec<_>>())?;
            (list.values(), start, dim)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets().iter().map(|offset| usize::try_from(*offset).unwrap_or(0));
            let (start, dim) = even(&offsets.collect::<Vec<_>>())?;
            (list.values(), start, dim)
        }
        other => return Err(Wrong::Type(format!("rows must be lists of floats, not {other}"))),
    };
    let used = values.slice(start, array.len() * dim);
    if let Some(at) = (used.null_count() > 0).then(|| (0..used.len()).find(|at| used.is_null(*at))).flatten() {
        let reason = format!("value {} is null; drop such rows first", at % dim.max(1));
        return Err(Wrong::Row(at / dim.max(1), reason));
    }
    let values = Values::new(&used).ok_or_else(|| {
        Wrong::Type(format!("rows must be lists of floats of 16, 32 or 64 bits, not of {}", used.data_type()))
    })?;
    Ok(Part { values, rows: array.len(), dim })
}

/// The first value and the length of lists that are all equally long.
fn even(offsets: &[usize]) -> std::result::Result<(usize, usize), Wrong> {
    let lengths: Vec<usize> =
        offsets.windows(2).map(|pair| pair.iter().rev().copied().reduce(|b, a| b - a).unwrap_or(0)).collect();
    let dim = lengths.first().copied().unwrap_or(0);
    match lengths.iter().position(|length| *length != dim) {
        None => Ok((offsets.first().copied().unwrap_or(0), dim)),
        Some(row) => {
            let found = lengths.get(row).copied().unwrap_or(0);
            Err(Wrong::Row(row, format!("it has {found} values, the rows before it {dim}")))
        }
    }
}

/// The column of embeddings of a table: the one named, or `embedding`, or the only one of lists of floats.
fn embeddings<'a>(table: &'a StructArray, column: Option<&str>) -> std::result::Result<&'a ArrayRef, Wrong> {
    let names = || table.column_names().join(", ");
    if let Some(name) = column {
        return table
            .column_by_name(name)
            .ok_or_else(|| Wrong::Type(format!("there is no column {name:?}; the columns are: {}", names())));
    }
    if let Some(column) = table.column_by_name("embedding") {
        return Ok(column);
    }
    let lists: Vec<&ArrayRef> = table.columns().iter().filter(|column| is_list_of_floats(column.data_type())).collect();
    match lists.as_slice() {
        [only] => Ok(only),
        _ => Err(Wrong::Type(format!("name the column of embeddings by column=...; the columns are: {}", names()))),
    }
}

fn is_list_of_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            field.data_type().is_floating()
        }
        _ => false,
    }
}

/// The values of a part, one row after the other.
enum Values {
    F16(PrimitiveArray<Float16Type>),
    F32(PrimitiveArray<Float32Type>),
    F64(PrimitiveArray<Float64Type>),
}

impl Values {
    fn new(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Float16 => Self::F16(array.as_primitive().clone()),
            DataType::Float32 => Self::F32(array.as_primitive().clone()),
            DataType::Float64 => Self::F64(array.as_primitive().clone()),
            _ => return None,
        })
    }
}

/// Rows of one chunk.
struct Part {
    values: Values,
    rows: usize,
    dim: usize,
}

impl Rows for Part {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let range = first * self.dim..first * self.dim + out.len();
        let outside = || Error::from(ErrorKind::RowCount { what: "rows", found: self.rows, rows: first });
        match &self.values {
            Values::F32(values) => out.copy_from_slice(values.values().get(range).ok_or_else(outside)?),
            Values::F16(values) => {
                let values = values.values().get(range).ok_or_else(outside)?;
                out.iter_mut().zip(values).for_each(|(out, value)| *out = value.to_f32());
            }
            Values::F64(values) => {
                let values = values.values().get(range).ok_or_else(outside)?;
                out.iter_mut().zip(values).for_each(|(out, value)| *out = *value as f32);
            }
        }
        Ok(())
    }
}
