//! Tables with a column for every dimension.

use super::super::table::ParquetTable;
use super::{Bad, Layout, floats};
use crate::MAX_DIM;
use crate::error::{BadRowKind, Error, ErrorKind, Result};
use crate::io::names;
use arrow_array::{Array, ArrayRef};

#[derive(Debug)]
pub(super) struct Wide {
    leaves: Vec<usize>,
    /// The place of each dimension among the columns that are read, which come in the order of the file.
    places: Vec<usize>,
}

impl Wide {
    pub(super) fn open(table: &ParquetTable, wanted: &str) -> Result<Self> {
        let all: Vec<_> = table.columns().collect();
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let columns = names::choose(wanted, &names).map_err(|reason| table.error(reason))?;
        if columns.len() > MAX_DIM {
            return Err(Error::from(ErrorKind::Dim { dim: columns.len() }).at(table.path()));
        }
        for column in &columns {
            if let Some((name, kind)) = all.get(*column).filter(|(_, kind)| !floats::is_float(kind)) {
                return Err(table.error(format!("column {name:?} is of type {kind}, not of floats")));
            }
        }
        let mut sorted = columns.clone();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.windows(2).find(|pair| matches!(pair, [a, b] if a == b)) {
            let name = names.get(*twice).copied().unwrap_or_default();
            return Err(table.error(format!("column {name:?} is named twice; a dimension is read once")));
        }
        let leaves = sorted.iter().map(|column| table.leaf(*column, &[])).collect::<Result<_>>()?;
        let places = columns.iter().map(|column| sorted.partition_point(|other| other < column)).collect();
        Ok(Self { leaves, places })
    }
}

impl Layout for Wide {
    fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    fn len(&self, _columns: &[ArrayRef], _row: usize) -> Option<usize> {
        Some(self.places.len())
    }

    fn decode(&self, columns: &[ArrayRef], dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String> {
        let changed = || "its columns change their types".to_owned();
        let rows = columns.first().ok_or_else(changed)?.len();
        let start = out.len();
        out.resize(start + rows * dim, 0.0);
        let mut values = Vec::new();
        for (i, place) in self.places.iter().enumerate() {
            let column = columns.get(*place).ok_or_else(changed)?;
            values.clear();
            floats::append(column, &mut values).ok_or_else(changed)?;
            let to = out.iter_mut().skip(start + i).step_by(dim);
            to.zip(&values).for_each(|(to, value)| *to = *value);
            let nulls = (0..rows).filter(|_| column.null_count() > 0).filter(|row| column.is_null(*row));
            nulls.for_each(|row| bad(row, Some(i), BadRowKind::Null));
        }
        Ok(())
    }
}
