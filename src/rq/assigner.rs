//! Codes of rows on the grid by the levels of a model, on any device.

use crate::codebook::Codebook;
use crate::device::{Device, FewRows, Purpose, Table};
use crate::error::{Error, Result, try_zeros};

/// Gives rows on the grid the codes of consecutive levels of residual k-means, where the device computes them fastest:
/// in blocks that stay in the cache of a thread through all levels, or in a table of all rows, level by level.
///
/// # Exactness
/// Both run the same kernels, so the codes are the same on every device.
pub(crate) struct Assigner<'m> {
    /// The codebooks, and whether the rows are scaled to unit length before each.
    levels: Vec<(&'m Codebook, bool)>,
    blocks: Option<Box<dyn FewRows>>,
    table: ReusedTable<'m>,
}

/// Gives the rows of a table their codes at a level, in the table and in the vector; returns how many assignments exact
/// distances settled.
pub(crate) type Rule<'r> = &'r mut dyn FnMut(&mut dyn Table, usize, &mut Vec<u32>) -> Result<u64>;

impl<'m> Assigner<'m> {
    /// Prepares levels of one width for [`Assigner::nearest`]. There may be none, which give no codes.
    pub(crate) fn new(levels: Vec<(&'m Codebook, bool)>, device: &'m Device) -> Result<Self> {
        let blocks = if levels.is_empty() { None } else { device.engine().few_rows(&levels)? };
        Ok(Self { blocks, ..Self::in_tables(levels, device) })
    }

    /// Prepares levels of one width for [`Assigner::by_rule`], which only tables take.
    pub(crate) fn in_tables(levels: Vec<(&'m Codebook, bool)>, device: &'m Device) -> Self {
        Self { levels, blocks: None, table: ReusedTable::new(device) }
    }

    /// Returns the codes (n, L) of the nearest codewords of rows (n, D), and how many assignments exact distances
    /// settled.
    pub(crate) fn nearest(&mut self, q: &[i32]) -> Result<(Vec<u32>, u64)> {
        let Some(blocks) = &mut self.blocks else {
            let books: Vec<&Codebook> = self.levels.iter().map(|(codebook, _)| *codebook).collect();
            return self.by_rule(q, &mut |table, level, codes| match books.get(level) {
                Some(codebook) => Ok(table.assign_and_codes(codebook, codes)?.settled),
                None => Ok(0),
            });
        };
        let dim = self.levels.first().map_or(1, |(codebook, _)| codebook.dim());
        let mut codes = try_zeros((q.len() / dim).saturating_mul(self.levels.len()), "codes")?;
        let settled = blocks.encode_many(q, &mut codes);
        Ok((codes, settled))
    }

    /// Returns the codes (n, L) that a rule gives rows (n, D), and how many assignments exact distances settled.
    pub(crate) fn by_rule(&mut self, q: &[i32], rule: Rule<'_>) -> Result<(Vec<u32>, u64)> {
        let Some((first, _)) = self.levels.first() else { return Ok((Vec::new(), 0)) };
        let table = self.table.of(q.len() / first.dim(), first.dim())?;
        table.upload(0, q)?;
        each_level(table, &self.levels, rule)
    }
}

/// Gives the rows of a table codes of all levels by a rule; returns the codes (n, L), and how many assignments exact
/// distances settled. The table has what all levels but the last leave afterwards.
pub(super) fn each_level(
    table: &mut dyn Table,
    levels: &[(&Codebook, bool)],
    rule: Rule<'_>,
) -> Result<(Vec<u32>, u64)> {
    let (rows, count) = (table.rows(), levels.len());
    let len =
        rows.checked_mul(count).ok_or_else(|| Error::parameter("rows", rows, "must be fewer; encode them in parts"))?;
    let (mut codes, mut of_level) = (try_zeros(len, "codes")?, try_zeros(rows, "codes")?);
    let mut settled = 0;
    for (level, (codebook, scales)) in levels.iter().enumerate() {
        if *scales {
            table.unit_length()?;
        }
        settled += rule(table, level, &mut of_level)?;
        let column = codes.iter_mut().skip(level).step_by(count);
        column.zip(&of_level).for_each(|(code, new)| *code = *new);
        if level + 1 < count {
            table.subtract(codebook)?;
        }
    }
    Ok((codes, settled))
}

/// A table that is used again as long as the number of rows stays.
pub(super) struct ReusedTable<'m> {
    device: &'m Device,
    table: Option<Box<dyn Table>>,
}

impl<'m> ReusedTable<'m> {
    pub(super) fn new(device: &'m Device) -> Self {
        Self { device, table: None }
    }

    /// Returns the table of the last call, or makes one if that has other rows.
    pub(super) fn of(&mut self, rows: usize, dim: usize) -> Result<&mut dyn Table> {
        // The old table goes first, so that there are never two in memory.
        let table = match self.table.take().filter(|table| (table.rows(), table.dim()) == (rows, dim)) {
            Some(table) => table,
            None => self.device.engine().table(rows, dim, Purpose::Encode)?,
        };
        Ok(&mut **self.table.insert(table))
    }
}
