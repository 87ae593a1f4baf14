//! Writes codes or IDs to the output of `semid encode`.

use super::opened::Opened;
use crate::args::EncodeArgs;
use crate::extension::extension;
use crate::input::Input;
use crate::items;
use crate::output::Failure;
use semid::io::{IdWriter, NO_CODE, NpyWriter};
use semid::quantizer::Candidates;
use semid::{IdFormat, Result};

/// An output, of which all rows so far are written.
pub(super) enum Sink<'a> {
    /// Rows without codes, which were left out, have [`NO_CODE`] at every level.
    Codes {
        out: NpyWriter<u32>,
        next: usize,
        /// Codes that the file has for each row of the input.
        width: usize,
    },
    Ids {
        out: IdWriter,
        keys: Option<&'a [String]>,
        format: IdFormat,
        levels: usize,
        /// Squared units of the embeddings in a squared step of the codewords' grid.
        unit: f64,
    },
}

impl<'a> Sink<'a> {
    pub(super) fn create(args: &EncodeArgs, opened: &'a Opened<'_>, format: IdFormat) -> Result<Self, Failure> {
        let Opened { model, input, .. } = opened;
        let keys = opened.keys.as_deref();
        let column = keys.is_some().then(|| args.id_column.as_deref().unwrap_or("item"));
        let (path, levels) = (args.output.as_path(), model.levels());
        match extension(path).as_str() {
            "npy" => {
                let count = args.candidates.unwrap_or(1);
                let out = NpyWriter::create(path, input.rows.total().saturating_mul(count), levels)?;
                Ok(Self::Codes { out, next: 0, width: levels.saturating_mul(count) })
            }
            "csv" | "jsonl" | "parquet" => {
                let out = match (column, args.candidates) {
                    (column, Some(_)) => IdWriter::create_for_candidates(path, column.map(items::candidates_column))?,
                    (Some(column), None) => IdWriter::create_with_keys(path, items::output_column(Some(column)))?,
                    (None, None) => IdWriter::create(path, false)?,
                };
                Ok(Self::Ids { out, keys, format, levels, unit: model.step() * model.step() })
            }
            _ => {
                let path = path.display();
                Err(Failure::Error(format!("{path}: codes go to .npy, semantic IDs to .csv, .jsonl or .parquet")))
            }
        }
    }

    pub(super) fn write(&mut self, first: usize, codes: &[u32], input: &Input) -> Result<()> {
        match self {
            Self::Codes { out, next, width } if input.skipped() > 0 => {
                codes.chunks_exact(*width).enumerate().try_for_each(|(i, codes)| {
                    let row = input.rows.input_row(first + i);
                    without_codes(out, row - *next, *width)?;
                    *next = row + 1;
                    out.write(codes)
                })
            }
            Self::Codes { out, .. } => out.write(codes),
            Self::Ids { out, keys, format, levels, .. } => {
                codes.chunks_exact(*levels).enumerate().try_for_each(|(i, codes)| {
                    let key = keys.and_then(|keys| keys.get(first + i)).map(String::as_str);
                    out.skip_to(input.rows.input_row(first + i) as u64);
                    out.push(key, &format.format_row(codes), codes)
                })
            }
        }
    }

    pub(super) fn write_candidates(&mut self, first: usize, found: &Candidates, input: &Input) -> Result<()> {
        let Self::Ids { out, keys, format, unit, .. } = self else { return self.write(first, found.codes(), input) };
        for row in 0..found.len() {
            let key = keys.and_then(|keys| keys.get(first + row)).map(String::as_str);
            out.skip_to(input.rows.input_row(first + row) as u64);
            for (rank, (codes, distance)) in (1..).zip(found.row(row)) {
                out.push_candidate(key, &format.format_row(codes), codes, rank, distance as f64 * *unit)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, input: &Input) -> Result<()> {
        match self {
            Self::Codes { mut out, next, width } => {
                if input.skipped() > 0 {
                    without_codes(&mut out, input.rows.total() - next, width)?;
                }
                out.finish()
            }
            Self::Ids { out, .. } => out.finish(),
        }
    }
}

fn without_codes(out: &mut NpyWriter<u32>, rows: usize, width: usize) -> Result<()> {
    (0..rows).try_for_each(|_| out.write(&vec![NO_CODE; width]))
}
