//! Some of the codewords of a panel, as a panel of their own.

use crate::device::cpu::panel::Panel;
use crate::error::Result;

/// Some codewords.
pub(in crate::device::cpu) struct Subset {
    /// Their indices, ascending.
    pub(in crate::device::cpu) codewords: Vec<u32>,
    /// These codewords alone.
    pub(in crate::device::cpu) panel: Panel,
}

impl Subset {
    pub(in crate::device::cpu) fn of(panel: &Panel, codewords: Vec<u32>) -> Result<Self> {
        Ok(Self { panel: panel.only(&codewords)?, codewords })
    }
}
