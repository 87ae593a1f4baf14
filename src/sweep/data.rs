//! What makes rows the same rows.

use super::record::SweepData;
use crate::error::{ErrorKind, Result};
use crate::rows::Rows;
use crate::rq::{Source, hex};
use sha2::{Digest, Sha256};

impl SweepData {
    /// Reads all rows once.
    pub(super) fn of(rows: &dyn Rows) -> Result<Self> {
        if !(1..=crate::MAX_DIM).contains(&rows.dim()) {
            return Err(ErrorKind::Dim { dim: rows.dim() }.into());
        }
        let mut hash = Sha256::new();
        let mut bytes = Vec::new();
        Source::all(rows).each_chunk(&mut |_, values| {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
            Ok(())
        })?;
        Ok(Self { rows: rows.len(), dim: rows.dim(), sha256: hex(&hash.finalize()) })
    }
}
