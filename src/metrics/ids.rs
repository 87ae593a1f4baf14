//! Finds the different IDs among the codes of rows.

use crate::codes::Codes;
use crate::error::{Result, try_collect, try_reserve, try_zeros};

/// The different IDs, sorted, and the ID of each row.
pub(super) struct Ids {
    /// The codes of the IDs, (U, L), ascending.
    pub(super) codes: Codes,
    /// The ID of every row, (N).
    pub(super) of_row: Vec<u32>,
    /// The number of rows of every ID, (U).
    pub(super) rows: Vec<u64>,
}

impl Ids {
    pub(super) fn new(codes: &Codes) -> Result<Self> {
        let levels = codes.levels();
        let row = |row: &usize| codes.values().get(row * levels..(row + 1) * levels).unwrap_or_default();
        let mut order = try_collect(0..codes.len(), "the order of IDs")?;
        order.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        let mut of_row = try_zeros(codes.len(), "IDs of rows")?;
        let (mut values, mut rows) = (Vec::new(), Vec::new());
        for at in &order {
            let last = values.len().checked_sub(levels).and_then(|start| values.get(start..));
            match rows.last_mut() {
                Some(rows) if last == Some(row(at)) => *rows += 1,
                _ => {
                    try_reserve(&mut values, levels, "different IDs")?;
                    values.extend_from_slice(row(at));
                    try_reserve(&mut rows, 1, "rows of IDs")?;
                    rows.push(1);
                }
            }
            if let Some(id) = of_row.get_mut(*at) {
                *id = (rows.len() - 1) as u32;
            }
        }
        Ok(Self { codes: Codes::new(values, levels)?, of_row, rows })
    }

    /// Returns the number of different IDs, U.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the codes of an ID.
    pub(super) fn id(&self, id: u32) -> &[u32] {
        let levels = self.codes.levels();
        let start = id as usize * levels;
        self.codes.values().get(start..start + levels).unwrap_or_default()
    }

    /// Returns the number of leading codes that two IDs share.
    pub(super) fn shared_prefix(&self, a: u32, b: u32) -> usize {
        self.id(a).iter().zip(self.id(b)).take_while(|(a, b)| a == b).count()
    }

    /// Returns the number of levels at which two IDs differ.
    pub(super) fn hamming(&self, a: u32, b: u32) -> usize {
        self.id(a).iter().zip(self.id(b)).filter(|(a, b)| a != b).count()
    }
}
