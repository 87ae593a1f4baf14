//! The fvecs files of nearest-neighbour benchmarks: each row is its dimensions as i32 and then as many f32.

use super::dense::check_span;
use super::dialect::Dialect;
use super::file::Source;
use crate::MAX_DIM;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::rows::Rows;
use std::path::Path;

/// Number of bytes that are read at a time; a longer row is read as a whole.
const CHUNK: usize = 1 << 17;

/// Embeddings in an fvecs file, read in pieces.
///
/// # Shapes
/// (N, D), with D from the first row and checked in every row that is read.
#[derive(Debug)]
pub struct FvecsRows {
    source: Source,
    rows: usize,
    dim: usize,
}

impl Dialect for FvecsRows {}

impl FvecsRows {
    /// Opens `path` and checks its length against the first row.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Empty`]; [`ErrorKind::Dim`]; [`ErrorKind::Format`] for a length that is not one
    /// of whole rows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Source::open(path.as_ref(), "fvecs")?)
    }

    pub(crate) fn of(source: Source) -> Result<Self> {
        if source.len() == 0 {
            return Err(Error::from(ErrorKind::Empty).at(source.path()));
        }
        let mut prefix = [0; 4];
        source.read(0, &mut prefix)?;
        let dim = i32::from_le_bytes(prefix);
        let dim = usize::try_from(dim).map_err(|_| source.error(format!("row 0 has {dim} dimensions")))?;
        if dim == 0 || dim > MAX_DIM {
            return Err(Error::from(ErrorKind::Dim { dim }).at(source.path()));
        }
        let record = 4 + 4 * dim as u64;
        if !source.len().is_multiple_of(record) {
            let reason = format!("{} bytes are not whole rows of {dim} dimensions: it is truncated", source.len());
            return Err(source.error(format!("{reason}, or its rows differ")));
        }
        let rows = usize::try_from(source.len() / record).map_err(|_| source.error("it has too many rows"))?;
        Ok(Self { source, rows, dim })
    }

    fn ragged(&self, row: usize, prefix: [u8; 4]) -> Error {
        match usize::try_from(i32::from_le_bytes(prefix)) {
            Ok(found) => Error::from(ErrorKind::Ragged { row, expected: self.dim, found }).at(self.source.path()),
            Err(_) => self.source.error(format!("row {row} has {} dimensions", i32::from_le_bytes(prefix))),
        }
    }
}

impl Rows for FvecsRows {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        check_span(self, first, out.len())?;
        let record = 4 + 4 * self.dim;
        let at_once = (CHUNK / record).max(1);
        let mut buffer = try_zeros::<u8>(at_once.min(out.len() / self.dim) * record, "rows of a file")?;
        for (i, out) in out.chunks_mut(at_once * self.dim).enumerate() {
            let start = first + i * at_once;
            let (records, _) = buffer.split_at_mut(out.len() / self.dim * record);
            self.source.read(start as u64 * record as u64, records)?;
            for (j, (out, bytes)) in out.chunks_exact_mut(self.dim).zip(records.chunks_exact(record)).enumerate() {
                let (words, _) = bytes.as_chunks::<4>();
                if let Some((prefix, values)) = words.split_first() {
                    if i32::from_le_bytes(*prefix) as usize != self.dim {
                        return Err(self.ragged(start + j, *prefix));
                    }
                    out.iter_mut().zip(values).for_each(|(out, bytes)| *out = f32::from_le_bytes(*bytes));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::testing::{Folder, each_damage};

    fn fvecs(rows: &[&[f32]]) -> Vec<u8> {
        let record = |row: &&[f32]| {
            let values = row.iter().flat_map(|value| value.to_le_bytes());
            (row.len() as i32).to_le_bytes().into_iter().chain(values).collect::<Vec<_>>()
        };
        rows.iter().flat_map(record).collect()
    }

    fn read_all(bytes: &[u8]) -> Result<(usize, Vec<f32>)> {
        read_path(&Folder::new().put("x.fvecs", bytes))
    }

    fn read_path(path: &Path) -> Result<(usize, Vec<f32>)> {
        let rows = FvecsRows::open(path)?;
        let mut out = vec![0.0; rows.len() * rows.dim()];
        rows.read(0, &mut out)?;
        Ok((rows.dim(), out))
    }

    #[test]
    fn reads_golden_bytes() {
        let bytes = b"\x02\0\0\0\0\0\x80\x3f\0\0\0\xc0\x02\0\0\0\0\0\x80\x7f\0\0\xc0\x7f";
        let (dim, values) = read_all(bytes).unwrap();
        assert_eq!((dim, &values[..3]), (2, &[1.0, -2.0, f32::INFINITY][..]));
        assert!(values[3].is_nan());
    }

    #[test]
    fn any_piece_is_the_same_rows() {
        let values: Vec<f32> = (0..40_000).map(|i| i as f32).collect();
        let rows: Vec<&[f32]> = values.chunks(5).collect();
        let folder = Folder::new();
        let file = FvecsRows::open(folder.put("x.fvecs", &fvecs(&rows))).unwrap();
        for (first, count) in [(0, 8000), (1, 7999), (7999, 1), (8000, 0), (6000, 17)] {
            let mut out = vec![0.0; count * 5];
            file.read(first, &mut out).unwrap();
            assert_eq!(out, values[first * 5..][..count * 5]);
        }
        file.read(8000, &mut [0.0; 5]).unwrap_err();
        file.read(0, &mut [0.0; 4]).unwrap_err();
    }

    #[test]
    fn ragged_rows_are_refused_with_the_row() {
        let error = read_all(&fvecs(&[&[0.0; 3], &[0.0; 3], &[0.0; 1], &[0.0; 1], &[0.0; 3]])).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Ragged { row: 2, expected: 3, found: 1 }), "{error}");
        let mut negative = fvecs(&[&[0.0; 3], &[0.0; 3]]);
        negative[19] = 0xff;
        let error = read_all(&negative).unwrap_err().to_string();
        assert!(error.contains("row 1 has -"), "{error}");
    }

    #[test]
    fn hostile_dimensions_are_refused() {
        assert!(matches!(read_all(&[]).unwrap_err().kind(), ErrorKind::Empty));
        for dim in [0, MAX_DIM as i32 + 1, i32::MAX] {
            let error = read_all(&dim.to_le_bytes()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Dim { .. }), "{error}");
        }
        for dim in [-1, 5] {
            let error = read_all(&i32::to_le_bytes(dim)).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Format { .. }), "{error}");
        }
    }

    #[test]
    fn damage_never_panics_and_most_of_it_is_noticed() {
        let bytes = fvecs(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]);
        // Cut after a row it is a shorter file.
        let whole = |path: &Path| std::fs::metadata(path).unwrap().len() == 16;
        each_damage("x.fvecs", &bytes, |path, truncated| {
            assert!(read_path(path).is_err() || !truncated || whole(path));
        });
    }
}
