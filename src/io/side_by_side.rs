//! Several embeddings of every row, which one file has in several columns or tensors.

use super::ReadOptions;
use super::dialect::{Dialect, TextColumn};
use super::file::Source;
use super::formats;
use crate::MAX_DIM;
use crate::error::{BadRowKind, Error, ErrorKind, Fault, Result, try_zeros};
use crate::rows::Rows;
use std::ops::Range;

/// The blocks of rows, each read by a reader of its own.
///
/// # Shapes
/// Block b is (N, Db); rows are (N, D1 + D2 + ...). A block that a row lacks, because it is null or has no values, is
/// nothing but NaN.
pub(super) struct SideBySide {
    blocks: Vec<Box<dyn Dialect>>,
    dim: usize,
}

impl SideBySide {
    /// Opens a reader for each of the blocks that `options` name.
    pub(super) fn open(source: &Source, extension: &str, options: &ReadOptions) -> Result<Self> {
        let is_tensor = matches!(extension, "npz" | "safetensors");
        if !is_tensor && !matches!(extension, "parquet" | "jsonl") {
            let reason = "a row of this format has one embedding; several are read from columns of .parquet and .jsonl \
                          files, and from tensors of .safetensors and .npz files";
            return Err(source.error(reason));
        }
        let block = |(i, name): (usize, &String)| {
            let mut own = ReadOptions { blocks: Vec::new(), ..options.clone() };
            own.dim = options.widths.get(i).copied();
            match is_tensor {
                true => own.tensor = Some(name.clone()),
                false => own.column = Some(name.clone()),
            }
            formats::one(source.clone(), extension, &own)
        };
        let blocks = options.blocks.iter().enumerate().map(block).collect::<Result<Vec<_>>>()?;
        let rows = blocks.first().map_or(0, |first| first.len());
        if let Some((name, block)) = options.blocks.iter().zip(&blocks).find(|(_, block)| block.len() != rows) {
            let reason = format!("{name:?} has {} rows, where the first block has {rows}", block.len());
            return Err(source.error(reason));
        }
        let dim = blocks.iter().map(Rows::dim).fold(0_usize, usize::saturating_add);
        match dim > MAX_DIM {
            true => Err(Error::from(ErrorKind::Dim { dim }).at(source.path())),
            false => Ok(Self { blocks, dim }),
        }
    }

    /// Reads rows block by block.
    fn join(
        &self,
        out: &mut [f32],
        faults: &mut Vec<Fault>,
        first: usize,
        read: impl Fn(&dyn Dialect, &mut [f32], &mut Vec<Fault>) -> Result<()>,
    ) -> Result<()> {
        let (mut start, count) = (0, out.len() / self.dim.max(1));
        for block in &self.blocks {
            let width = block.dim();
            let mut values = try_zeros(count.saturating_mul(width), "rows of a block")?;
            let mut own = Vec::new();
            read(&**block, &mut values, &mut own)?;
            for fault in own {
                match (fault.column, fault.kind) {
                    (None, BadRowKind::Null) | (_, BadRowKind::Empty) => {
                        let row = fault.row.saturating_sub(first).saturating_mul(width);
                        values.iter_mut().skip(row).take(width).for_each(|x| *x = f32::NAN);
                    }
                    _ => faults.push(Fault { column: fault.column.map(|column| column + start), ..fault }),
                }
            }
            for (row, values) in out.chunks_exact_mut(self.dim.max(1)).zip(values.chunks_exact(width.max(1))) {
                row.iter_mut().skip(start).zip(values).for_each(|(out, x)| *out = *x);
            }
            start += width;
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        Ok(())
    }
}

impl Rows for SideBySide {
    fn len(&self) -> usize {
        self.blocks.first().map_or(0, |first| first.len())
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn is_decoded(&self) -> bool {
        self.blocks.iter().any(|block| block.is_decoded())
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.join(out, &mut Vec::new(), first, |block, out, _| block.read(first, out))
    }
}

impl Dialect for SideBySide {
    fn read_lenient(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        self.join(out, faults, first, |block, out, faults| block.read_lenient(first, out, faults))
    }

    fn block(&self, row: usize) -> Option<Range<usize>> {
        let mut ranges = self.blocks.iter().map(|block| block.block(row));
        let first = ranges.next().flatten()?;
        ranges.all(|range| range.as_ref() == Some(&first)).then_some(first)
    }

    fn read_block(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        self.join(out, faults, first, |block, out, faults| block.read_block(first, out, faults))
    }

    fn widths(&self) -> Vec<usize> {
        self.blocks.iter().map(|block| block.dim()).collect()
    }

    fn columns(&self) -> Result<Vec<String>> {
        self.blocks.first().map_or(Ok(Vec::new()), |first| first.columns())
    }

    fn texts(&self, column: TextColumn<'_>) -> Result<Vec<String>> {
        match self.blocks.first() {
            Some(first) => first.texts(column),
            None => Err(ErrorKind::Empty.into()),
        }
    }
}
