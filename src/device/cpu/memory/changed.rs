//! The codewords that differ from those of the last assignment, and new ones.

use super::Subset;
use crate::device::cpu::panel::Panel;
use crate::error::Result;

/// Codewords that changed since the last assignment.
pub(in crate::device::cpu) struct Changed {
    pub(in crate::device::cpu) now: Subset,
    /// What they were; new ones, which are the last of them, were nothing.
    before: Vec<f32>,
    /// For each codeword (K) its place among those that changed, [`UNCHANGED`] without one.
    places: Vec<u32>,
}

const UNCHANGED: u32 = u32::MAX;

impl Changed {
    /// The codewords of `panel`, ascending, that differ from those of `before` or that `before` did not have.
    pub(super) fn indices(before: &[f32], panel: &Panel) -> Vec<u32> {
        let mut before = before.chunks_exact(panel.dim());
        let now = panel.values.chunks_exact(panel.dim());
        (0..).zip(now).filter(|(_, now)| before.next() != Some(*now)).map(|(k, _)| k).collect()
    }

    /// The codewords of `panel` that changed, given their indices and all that were `before`.
    pub(super) fn new(before: &[f32], panel: &Panel, changed: Vec<u32>) -> Result<Self> {
        let mut places = vec![UNCHANGED; panel.clusters()];
        let mut values = Vec::with_capacity(changed.len() * panel.dim());
        for (place, k) in (0..).zip(&changed) {
            places.iter_mut().skip(*k as usize).take(1).for_each(|at| *at = place);
            values.extend(before.chunks_exact(panel.dim()).nth(*k as usize).unwrap_or_default());
        }
        Ok(Self { now: Subset::of(panel, changed)?, before: values, places })
    }

    /// Returns the former codeword `k`, if it changed.
    #[inline(always)]
    pub(in crate::device::cpu) fn before(&self, k: u32) -> Option<&[f32]> {
        let place = *self.places.get(k as usize).filter(|place| **place != UNCHANGED)? as usize;
        self.before.chunks_exact(self.now.panel.dim()).nth(place)
    }
}
