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
use std::ops::Range;

/// Takes the rows of an Arrow array, chunked array, column or table. Where rows may be `missing`, those that are null
/// or empty are nothing but NaN.
#[pyfunction]
#[pyo3(signature = (object, column=None, missing=false))]
pub(crate) fn from_arrow(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    column: Option<&str>,
    missing: bool,
) -> PyResult<Source> {
    let chunks = chunks(object)?;
    let mut parts = Vec::new();
    // A chunk may lack all of its rows.
    let missing = missing.then(|| chunks.iter().find_map(|chunk| width(chunk, column)).unwrap_or(0));
    let mut before = 0;
    for chunk in &chunks {
        let rows = chunk.len();
        if rows > 0 {
            let part = part(chunk, column, missing).map_err(|reason| match reason {
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

/// The number of dimensions of the first row of a chunk that has some.
fn width(chunk: &ArrayRef, column: Option<&str>) -> Option<usize> {
    let array = chunk.as_struct_opt().map_or(Some(chunk), |table| embeddings(table, column).ok())?;
    places(array)?.into_iter().flatten().map(|place| place.len()).next()
}

/// The place of the values of every row of lists; none for rows that are null or empty.
fn places(array: &ArrayRef) -> Option<Vec<Option<Range<usize>>>> {
    let ends: Vec<usize> = match array.data_type() {
        DataType::FixedSizeList(_, dim) => {
            let dim = usize::try_from(*dim).unwrap_or(0);
            (0..=array.len()).map(|row| row * dim).collect()
        }
        DataType::List(_) => sizes(array.as_list::<i32>().value_offsets()),
        DataType::LargeList(_) => sizes(array.as_list::<i64>().value_offsets()),
        _ => return None,
    };
    let place = |(row, (start, end)): (usize, (&usize, &usize))| {
        Some(*start..*end).filter(|place| !place.is_empty() && array.is_valid(row))
    };
    Some(ends.iter().zip(ends.iter().skip(1)).enumerate().map(place).collect())
}

fn sizes<T: Copy + TryInto<usize>>(offsets: &[T]) -> Vec<usize> {
    offsets.iter().map(|offset| (*offset).try_into().unwrap_or(0)).collect()
}

/// The embeddings of a chunk of which some rows may be missing, of `dim` dimensions.
fn part_with_missing(array: &ArrayRef, dim: usize) -> std::result::Result<Part, Wrong> {
    let places = places(array).ok_or_else(|| no_lists(array))?;
    let values = match array.data_type() {
        DataType::FixedSizeList(..) => array.as_fixed_size_list().values(),
        DataType::List(_) => array.as_list::<i32>().values(),
        _ => array.as_list::<i64>().values(),
    };
    for (row, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        if place.len() != dim {
            return Err(Wrong::Row(row, format!("it has {} values, the rows before it {dim}", place.len())));
        }
        let null = place.clone().find(|at| values.null_count() > 0 && values.is_null(*at));
        if let Some(at) = null {
            return Err(Wrong::Row(row, format!("value {} is null; drop such rows first", at - place.start)));
        }
    }
    let starts = places.into_iter().map(|place| place.map(|place| place.start)).collect();
    let values = Values::new(values).ok_or_else(|| no_floats(values))?;
    Ok(Part { values, rows: array.len(), dim, starts: Some(starts) })
}

fn no_lists(array: &ArrayRef) -> Wrong {
    Wrong::Type(format!("rows must be lists of floats, not {}", array.data_type()))
}

fn no_floats(values: &ArrayRef) -> Wrong {
    Wrong::Type(format!("rows must be lists of floats of 16, 32 or 64 bits, not of {}", values.data_type()))
}

/// The embeddings of a chunk; where rows may be `missing`, of that many dimensions.
fn part(chunk: &ArrayRef, column: Option<&str>, missing: Option<usize>) -> std::result::Result<Part, Wrong> {
    let array = match chunk.as_struct_opt() {
        Some(table) => embeddings(table, column)?,
        None => chunk,
    };
    if let Some(dim) = missing {
        return part_with_missing(array, dim);
    }
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
            let (start, dim) = even(&sizes(list.value_offsets()))?;
            (list.values(), start, dim)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let (start, dim) = even(&sizes(list.value_offsets()))?;
            (list.values(), start, dim)
        }
        _ => return Err(no_lists(array)),
    };
    let used = values.slice(start, array.len() * dim);
    if let Some(at) = (used.null_count() > 0).then(|| (0..used.len()).find(|at| used.is_null(*at))).flatten() {
        let reason = format!("value {} is null; drop such rows first", at % dim.max(1));
        return Err(Wrong::Row(at / dim.max(1), reason));
    }
    let values = Values::new(&used).ok_or_else(|| no_floats(&used))?;
    Ok(Part { values, rows: array.len(), dim, starts: None })
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
    /// Where the values of every row begin, none for a missing one; none where they follow each other.
    starts: Option<Vec<Option<usize>>>,
}

impl Values {
    /// Copies the values from `first` on; returns none where there are fewer.
    fn copy(&self, first: usize, out: &mut [f32]) -> Option<()> {
        let range = first..first.checked_add(out.len())?;
        match self {
            Self::F32(values) => out.copy_from_slice(values.values().get(range)?),
            Self::F16(values) => {
                let values = values.values().get(range)?;
                out.iter_mut().zip(values).for_each(|(out, value)| *out = value.to_f32());
            }
            Self::F64(values) => {
                let values = values.values().get(range)?;
                out.iter_mut().zip(values).for_each(|(out, value)| *out = *value as f32);
            }
        }
        Some(())
    }
}

impl Rows for Part {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let outside = || Error::from(ErrorKind::RowCount { what: "rows", found: self.rows, rows: first });
        let Some(starts) = &self.starts else {
            return self.values.copy(first * self.dim, out).ok_or_else(outside);
        };
        for (row, out) in (first..).zip(out.chunks_exact_mut(self.dim.max(1))) {
            match starts.get(row).ok_or_else(outside)? {
                Some(start) => self.values.copy(*start, out).ok_or_else(outside)?,
                None => out.fill(f32::NAN),
            }
        }
        Ok(())
    }
}
