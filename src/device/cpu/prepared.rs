//! Codebooks that were prepared before: rows that are encoded in chunks go through the same few again and again.

use super::panel::Panel;
use super::unit::Unit;
use crate::codebook::Codebook;
use crate::error::Result;
use std::sync::Arc;

/// Codebooks with their prepared form.
#[derive(Default)]
pub(super) struct Prepared(Vec<(Codebook, Arc<Panel>)>);

/// Most codebooks that are kept, and the most values that such a codebook may have.
const MOST: usize = 16;
const VALUES: usize = 1 << 20;

impl Prepared {
    /// The prepared codebook, which is kept if `keeps` says so.
    pub(super) fn get(&mut self, unit: Unit, codebook: &Codebook, keeps: bool) -> Result<Arc<Panel>> {
        if let Some((_, panel)) = self.0.iter().find(|(known, _)| known == codebook) {
            return Ok(panel.clone());
        }
        let panel = Arc::new(Panel::new(unit, codebook)?);
        if keeps && self.0.len() < MOST && codebook.values().len() <= VALUES {
            self.0.push((codebook.clone(), panel.clone()));
        }
        Ok(panel)
    }
}
