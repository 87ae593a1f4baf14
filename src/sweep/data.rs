//! The identity of rows: their number, dimensions and digest.

use super::record::{SweepData, SweepRecord};
use crate::error::{Error, ErrorKind, Result};
use crate::io::model_file::hex;
use crate::population::SourceRows;
use crate::rows::Rows;
use sha2::{Digest, Sha256};

impl SweepData {
    /// Computes the identity of rows, all of which it reads once.
    ///
    /// # Errors
    /// [`ErrorKind::Dim`], and errors of the rows.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::sweep::SweepData;
    /// use semid::{Device, Matrix, Sweep};
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * 37) % 101) as f32).collect();
    /// let (rows, folder) = (Matrix::new(&values, 4)?, tempfile::tempdir()?);
    /// let sweep = Sweep::new([1], [4]).evaluation(Evaluation::new().k(0));
    /// let records = sweep.run(&rows, &Device::cpu(), folder.path().join("sweep.jsonl"))?;
    /// SweepData::of(&rows)?.check(&records)?;
    /// assert!(SweepData::of(&Matrix::new(&values[4..], 4)?)?.check(&records).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(rows: &dyn Rows) -> Result<Self> {
        if !(1..=crate::MAX_DIM).contains(&rows.dim()) {
            return Err(ErrorKind::Dim { dim: rows.dim() }.into());
        }
        let mut hash = Sha256::new();
        let mut bytes = Vec::new();
        SourceRows::all(rows).each_chunk(&mut |_, values| {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
            Ok(())
        })?;
        Ok(Self { rows: rows.len(), dim: rows.dim(), sha256: hex(&hash.finalize()) })
    }

    /// Refuses runs of other rows.
    ///
    /// # Errors
    /// [`ErrorKind::OtherRows`], and [`ErrorKind::Format`] where there is no run at all.
    pub fn check(&self, records: &[SweepRecord]) -> Result<()> {
        if records.is_empty() {
            return Err(Error::format("sweep", "no run in it is finished; run the sweep first, or give another file"));
        }
        for (run, record) in (1..).zip(records) {
            let parts = |data: &Self| {
                [("rows", data.rows.to_string()), ("dim", data.dim.to_string()), ("sha256", data.sha256.clone())]
            };
            let mut both = parts(&record.data).into_iter().zip(parts(self));
            if let Some(((what, found), (_, expected))) = both.find(|(found, expected)| found != expected) {
                return Err(ErrorKind::OtherRows { run, what, found, expected }.into());
            }
        }
        Ok(())
    }
}
