//! Rows as Python hands them over: NumPy arrays of any number type and any strides, or a `Source`.

use crate::errors::{OrRaise, parameter};
use crate::smoothed::SmoothedEmbeddings;
use crate::source::Source;
use half::f16;
use ndarray::{ArrayView2, Axis};
use numpy::{Element, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use semid::blocks::{Beside, Block};
use semid::io::ReadOptions;
use semid::{Concat, ErrorKind, Matrix, Result, Rows};

/// Rows that Python owns, kept from being changed by other extensions while this is there.
pub(crate) enum Input<'py> {
    /// Arrays (Ni, D), one after the other.
    Arrays(Vec<Array<'py>>),
    /// Rows in files, or in memory of Arrow.
    Source(Bound<'py, Source>),
    /// Several embeddings of every row, by their names.
    Blocks(Vec<(String, Input<'py>)>),
    /// Several embeddings of every row, scaled and mixed.
    Smoothed(Bound<'py, SmoothedEmbeddings>),
}

/// What rows must be where a model takes no others.
const ONE: &str = "must be rows of one embedding";

/// Rows that are read where Python has them.
pub(crate) type PyRows<'a> = Box<dyn Rows + Send + 'a>;

macro_rules! arrays {
    ($($variant:ident $number:ty),*) => {
        /// A matrix of one of the number types.
        pub(crate) enum Array<'py> {
            $(#[allow(missing_docs)] $variant(PyReadonlyArray2<'py, $number>),)*
        }

        impl<'py> Array<'py> {
            fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
                $(if let Ok(array) = object.extract() {
                    return Ok(Self::$variant(array));
                })*
                Err(PyTypeError::new_err("rows must be 2-dimensional arrays of numbers"))
            }

            /// The rows where they are; no value is copied before it is read.
            fn rows(&self) -> Result<Box<dyn Rows + Send + '_>> {
                match self {
                    $(Self::$variant(array) => Number::rows(array.as_array()),)*
                }
            }
        }
    };
}

arrays!(F32 f32, F64 f64, F16 f16, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64, Bool bool);

impl<'py> Input<'py> {
    /// Takes an array, a list of arrays, a source, a dict of these, or smoothed embeddings.
    pub(crate) fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(blocks) = object.cast::<PyDict>() {
            let mut named = Vec::new();
            for (name, rows) in blocks.iter() {
                named.push((name.extract::<String>()?, Self::new(&rows)?));
            }
            return Ok(Self::Blocks(named));
        }
        if let Ok(source) = object.cast::<Source>() {
            return Ok(Self::Source(source.clone()));
        }
        if let Ok(smoothed) = object.cast::<SmoothedEmbeddings>() {
            return Ok(Self::Smoothed(smoothed.clone()));
        }
        if let Ok(list) = object.cast::<pyo3::types::PyList>() {
            return list.iter().map(|array| Array::new(&array)).collect::<PyResult<_>>().map(Self::Arrays);
        }
        Ok(Self::Arrays(vec![Array::new(object)?]))
    }

    /// The rows, for work without Python's lock.
    pub(crate) fn rows(&self, py: Python<'_>) -> PyResult<PyRows<'_>> {
        match self {
            Self::Blocks(_) => Err(parameter("X", "a dict", ONE)).or_raise(py),
            Self::Smoothed(_) => Err(parameter("X", "smoothed embeddings", ONE)).or_raise(py),
            Self::Source(source) => Ok(Box::new(source.get().rows())),
            Self::Arrays(arrays) => match arrays.as_slice() {
                [array] => array.rows().or_raise(py),
                _ => {
                    let parts: Result<Vec<_>> = arrays.iter().map(Array::rows).collect();
                    let rows = parts.and_then(Concat::new).or_raise(py)?;
                    Ok(Box::new(rows))
                }
            },
        }
    }
}

impl Input<'_> {
    /// The rows as a model takes them: scaled by its blocks, if it has several.
    pub(crate) fn rows_for(&self, py: Python<'_>, model: &semid::Model) -> PyResult<PyRows<'_>> {
        if let Self::Smoothed(smoothed) = self {
            return Ok(Box::new(smoothed.get().rows_for(model).or_raise(py)?));
        }
        let rows = self.unscaled_for(py, model)?;
        match model.blocks() {
            Some(blocks) => Ok(Box::new(blocks.rows(rows).or_raise(py)?)),
            None => Ok(rows),
        }
    }

    /// The rows that a model takes, before it scales them.
    pub(crate) fn unscaled_for(&self, py: Python<'_>, model: &semid::Model) -> PyResult<PyRows<'_>> {
        let refused = |given: &str, expected: String| Err(parameter("X", given, expected)).or_raise(py);
        let names: Option<Vec<&str>> = model.blocks().map(|blocks| blocks.iter().map(Block::name).collect());
        match (self, names, model.blocks()) {
            (Self::Blocks(_), Some(names), Some(blocks)) => {
                let (found, joined) = self.joined(py, &names)?;
                match blocks.iter().zip(&found).find(|(block, (_, width))| block.width() != *width) {
                    Some((block, (_, found))) => {
                        let kind = ErrorKind::DimMismatch { expected: block.width(), found: *found };
                        Err(semid::Error::from(kind)).or_raise(py)
                    }
                    None => Ok(joined),
                }
            }
            (_, Some(names), _) => {
                let expected = format!("must be a dict of the embeddings of the fit: {}", names.join(", "));
                refused("one embedding per row", expected)
            }
            (Self::Blocks(_), None, _) => refused("a dict", "must be one embedding per row, as in the fit".into()),
            _ => self.rows(py),
        }
    }

    /// How the files are read that have the rows, the first of them where there are several embeddings.
    pub(crate) fn reading(&self) -> Option<&ReadOptions> {
        match self {
            Self::Source(source) => source.get().reading(),
            Self::Blocks(blocks) => blocks.first().and_then(|(_, rows)| rows.reading()),
            Self::Arrays(_) | Self::Smoothed(_) => None,
        }
    }

    /// The names of the embeddings of every row, if there are several.
    pub(crate) fn names(&self) -> Option<Vec<&str>> {
        match self {
            Self::Blocks(blocks) => Some(blocks.iter().map(|(name, _)| name.as_str()).collect()),
            _ => None,
        }
    }

    /// The embeddings of these names side by side, not scaled, with the name and the width of each.
    pub(crate) fn joined(&self, py: Python<'_>, names: &[&str]) -> PyResult<(Vec<(String, usize)>, PyRows<'_>)> {
        let Self::Blocks(blocks) = self else { return Ok((Vec::new(), self.rows(py)?)) };
        let part = |name: &&str| match blocks.iter().find(|(own, _)| own == name) {
            Some((_, rows)) if blocks.len() == names.len() => rows.rows(py),
            _ => {
                let expected = format!("must be one with the embeddings {}", names.join(", "));
                Err(parameter("X", "a dict", expected)).or_raise(py)
            }
        };
        let parts = names.iter().map(part).collect::<PyResult<Vec<_>>>()?;
        let joined = Beside::new(parts).or_raise(py)?;
        let named = names.iter().map(|name| (*name).to_owned()).zip(joined.widths()).collect();
        Ok((named, Box::new(joined)))
    }
}

/// Counts the values of rows.
pub(crate) fn values(rows: &dyn Rows) -> usize {
    rows.len().saturating_mul(rows.dim())
}

/// A type of numbers that become f32.
pub(crate) trait Number: Element + Copy + Sync + Send {
    /// The nearest f32.
    fn to_f32(self) -> f32;

    /// Returns the rows of a view of such numbers.
    fn rows(view: ArrayView2<'_, Self>) -> Result<Box<dyn Rows + Send + '_>> {
        match view.ncols() {
            0 => Err(ErrorKind::Dim { dim: 0 }.into()),
            _ => Ok(Box::new(Converted(view))),
        }
    }
}

macro_rules! numbers {
    ($($number:ty: $value:ident => $f32:expr),*) => {
        $(impl Number for $number {
            fn to_f32(self) -> f32 {
                let $value = self;
                $f32
            }
        })*
    };
}

numbers!(
    f64: x => x as f32, f16: x => x.to_f32(), i8: x => f32::from(x), u8: x => f32::from(x),
    i16: x => f32::from(x), u16: x => f32::from(x), i32: x => x as f32, u32: x => x as f32, i64: x => x as f32,
    u64: x => x as f32, bool: x => f32::from(u8::from(x))
);

impl Number for f32 {
    fn to_f32(self) -> f32 {
        self
    }

    /// One row after the other in memory is read as it is.
    fn rows(view: ArrayView2<'_, f32>) -> Result<Box<dyn Rows + Send + '_>> {
        match view.to_slice() {
            Some(values) => Ok(Box::new(Matrix::new(values, view.ncols())?)),
            None if view.ncols() == 0 => Err(ErrorKind::Dim { dim: 0 }.into()),
            None => Ok(Box::new(Converted(view))),
        }
    }
}

/// Rows that become f32 when they are read, piece by piece.
struct Converted<'a, T>(ArrayView2<'a, T>);

impl<T: Number> Rows for Converted<'_, T> {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn dim(&self) -> usize {
        self.0.ncols()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let rows = self.0.axis_iter(Axis(0)).skip(first);
        for (out, row) in out.chunks_exact_mut(self.0.ncols().max(1)).zip(rows) {
            out.iter_mut().zip(row).for_each(|(out, value)| *out = value.to_f32());
        }
        Ok(())
    }
}
