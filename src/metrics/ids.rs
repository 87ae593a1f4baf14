//! The different IDs among the codes of rows.

use crate::codes::Codes;
use crate::error::{Result, try_vec};

/// The different IDs, sorted, and which one each row has.
pub(super) struct Ids {
    /// (U, L), ascending.
    pub(super) codes: Codes,
    /// ID of every row, (N).
    pub(super) of_row: Vec<u32>,
    /// Rows of every ID, (U).
    pub(super) rows: Vec<u64>,
}

impl Ids {
    pub(super) fn new(codes: &Codes) -> Result<Self> {
        let levels = codes.levels();
        let row = |row: &usize| codes.values().get(row * levels..(row + 1) * levels).unwrap_or_default();
        let mut order: Vec<usize> = (0..codes.len()).collect();
        order.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        let mut of_row = try_vec(0, codes.len(), "IDs of rows")?;
        let (mut values, mut rows) = (Vec::new(), Vec::new());
        for at in &order {
            let last = values.len().checked_sub(levels).and_then(|start| values.get(start..));
            match rows.last_mut() {
                Some(rows) if last == Some(row(at)) => *rows += 1,
                _ => {
                    values.extend_from_slice(row(at));
                    rows.push(1);
                }
            }
            if let Some(id) = of_row.get_mut(*at) {
                *id = (rows.len() - 1) as u32;
            }
        }
        Ok(Self { codes: Codes::new(values, levels)?, of_row, rows })
    }

    /// Number of different IDs, U.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Codes of an ID.
    pub(super) fn id(&self, id: u32) -> &[u32] {
        let levels = self.codes.levels();
        let start = id as usize * levels;
        self.codes.values().get(start..start + levels).unwrap_or_default()
    }

    /// Number of first codes that two IDs share.
    pub(super) fn shared_prefix(&self, a: u32, b: u32) -> usize {
        self.id(a).iter().zip(self.id(b)).take_while(|(a, b)| a == b).count()
    }

    /// Number of levels at which two IDs differ.
    pub(super) fn hamming(&self, a: u32, b: u32) -> usize {
        self.id(a).iter().zip(self.id(b)).filter(|(a, b)| a != b).count()
    }
}
