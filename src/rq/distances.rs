//! The costs of a balanced assignment: squared distances of a table's rows to codewords.

use super::balanced::Costs;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::Result;
use crate::kernel::within::Near;

/// Rows on a device and the codewords that they may be given.
pub(super) struct Distances<'a> {
    pub(super) table: &'a mut dyn Table,
    pub(super) codebook: &'a Codebook,
}

impl Costs for Distances<'_> {
    fn within(&mut self, prices: &[i128], limits: &[i128]) -> Result<Near> {
        self.table.within(self.codebook, prices, limits)
    }
}
