//! Spark's vectors: structures of a type, a size, indices and values. Dense ones have only a type and values.

use super::super::table::ParquetTable;
use super::{Bad, Layout, list};
use crate::error::{BadRowKind, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::Int8Type;
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::DataType;

/// The type of a dense vector.
const DENSE: i8 = 1;

pub(super) fn is_vector(kind: &DataType) -> bool {
    let DataType::Struct(fields) = kind else { return false };
    let of = |name: &str| fields.iter().find(|field| field.name() == name).map(|field| field.data_type());
    let doubles = |kind: &DataType| list::element(kind) == Some(&DataType::Float64);
    fields.len() == 4
        && of("type") == Some(&DataType::Int8)
        && of("size") == Some(&DataType::Int32)
        && of("indices").is_some()
        && of("values").is_some_and(doubles)
}

#[derive(Debug)]
pub(super) struct Vectors([usize; 2]);

impl Vectors {
    pub(super) fn open(table: &ParquetTable, column: usize) -> Result<Self> {
        Ok(Self([table.leaf(column, &["type"])?, table.leaf(column, &["values"])?]))
    }
}

/// Returns the vectors and their values.
fn parts(columns: &[ArrayRef]) -> Option<(&StructArray, &ArrayRef)> {
    let vectors = columns.first()?.as_struct_opt()?;
    Some((vectors, vectors.column_by_name("values")?))
}

impl Layout for Vectors {
    fn leaves(&self) -> &[usize] {
        &self.0
    }

    fn len(&self, columns: &[ArrayRef], row: usize) -> Option<usize> {
        let (vectors, values) = parts(columns)?;
        vectors.is_valid(row).then(|| list::len(values, row))?
    }

    fn decode(&self, columns: &[ArrayRef], dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String> {
        let changed = || "its column changes its type".to_owned();
        let (vectors, values) = parts(columns).ok_or_else(changed)?;
        let types = vectors.column_by_name("type").and_then(|types| types.as_primitive_opt::<Int8Type>());
        let types = types.ok_or_else(changed)?;
        let sparse = |i: &usize| vectors.is_valid(*i) && types.is_valid(*i) && types.value(*i) != DENSE;
        if (0..vectors.len()).any(|i| sparse(&i)) {
            return Err("its vectors are sparse, at least some of them; in Spark, write them as arrays: \
                        `df.withColumn(name, pyspark.ml.functions.vector_to_array(name))`"
                .to_owned());
        }
        // A row that is null as a whole has null values too, but is reported as a null row.
        list::decode(values, dim, out, &mut |row, column, kind| match vectors.is_null(row) {
            true => bad(row, None, BadRowKind::Null),
            false => bad(row, column, kind),
        })
    }
}
