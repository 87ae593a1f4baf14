//! Codes of integers by the levels of a codebook list, on any device.

use crate::codebook::Codebook;
use crate::device::{Device, FewRows, Purpose, Table};
use crate::error::{Result, try_vec};

/// Gives rows on the grid the codes of consecutive levels of residual k-means: all residual levels, or a single slice.
///
/// # Exactness
/// It runs the kernels that residual k-means runs, so the codes are the same on every device.
pub(super) struct Assigner<'m> {
    levels: &'m [Codebook],
    device: &'m Device,
    place: Place,
}

/// Where the codes are computed.
enum Place {
    /// In blocks that stay in the cache of a thread.
    Blocks(Box<dyn FewRows>),
    /// In a table of all rows, level by level.
    Table(Option<Box<dyn Table>>),
}

impl<'m> Assigner<'m> {
    /// Prepares levels of one width. There may be none, which give no codes.
    pub(super) fn new(levels: &'m [Codebook], device: &'m Device) -> Result<Self> {
        let few = if levels.is_empty() { None } else { few_rows(levels, device)? };
        Ok(Self { levels, device, place: few.map_or(Place::Table(None), Place::Blocks) })
    }

    /// Returns the codes (n, L) of rows (n, D), and how many assignments exact distances settled.
    pub(super) fn assign(&mut self, q: &[i32]) -> Result<(Vec<u32>, u64)> {
        let Some(dim) = self.levels.first().map(Codebook::dim) else { return Ok((Vec::new(), 0)) };
        let rows = q.len() / dim;
        let mut codes = try_vec(0, rows.saturating_mul(self.levels.len()), "codes")?;
        let settled = match &mut self.place {
            Place::Blocks(blocks) => blocks.encode_many(q, &mut codes),
            Place::Table(place) => {
                let table = table(place, self.device, rows, dim)?;
                table.upload(0, q)?;
                assign_levels(table, self.levels, &mut codes)?
            }
        };
        Ok((codes, settled))
    }
}

/// Returns the table in `place`, or makes one if that has other rows.
pub(super) fn table<'t>(
    place: &'t mut Option<Box<dyn Table>>,
    device: &Device,
    rows: usize,
    dim: usize,
) -> Result<&'t mut dyn Table> {
    if place.as_ref().is_none_or(|table| table.rows() != rows) {
        *place = None;
    }
    let table = match place.take() {
        Some(table) => table,
        None => device.engine().table(rows, dim, Purpose::Encode)?,
    };
    Ok(&mut **place.insert(table))
}

/// Prepares levels for blocks of rows; none where the device has nothing better than a table.
pub(super) fn few_rows(levels: &[Codebook], device: &Device) -> Result<Option<Box<dyn FewRows>>> {
    // Rows of the cosine metric have unit length already.
    let levels: Vec<(&Codebook, bool)> = levels.iter().map(|codebook| (codebook, false)).collect();
    device.engine().few_rows(&levels)
}

/// Writes the codes (n, L) of the rows of a table; returns how many assignments exact distances settled.
fn assign_levels(table: &mut dyn Table, levels: &[Codebook], codes: &mut [u32]) -> Result<u64> {
    let mut of_level = try_vec(0, table.rows(), "codes")?;
    let mut settled = 0;
    for (level, codebook) in levels.iter().enumerate() {
        settled += table.assign_and_codes(codebook, &mut of_level)?.settled;
        let column = codes.iter_mut().skip(level).step_by(levels.len());
        column.zip(&of_level).for_each(|(code, new)| *code = *new);
        if level + 1 < levels.len() {
            table.subtract(codebook)?;
        }
    }
    Ok(settled)
}
