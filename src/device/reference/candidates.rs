//! The candidates of k-means|| by the scalar twins.

use crate::kernel::nearer::{BlockDraw, draw_in_block, nearer};

/// The nearest candidate of every row, and its distance.
#[derive(Default)]
pub(super) struct ReferenceCandidates {
    closest: Vec<u64>,
    nearest: Vec<u32>,
}

impl ReferenceCandidates {
    pub(super) fn add(&mut self, distances: &[u64], codes: &[u32], known: usize) -> Vec<u128> {
        self.closest.resize(distances.len(), 0);
        self.nearest.resize(codes.len(), 0);
        nearer(distances, codes, known, &mut self.closest, &mut self.nearest)
    }

    pub(super) fn draw(&self, draws: &[BlockDraw]) -> Vec<usize> {
        draws.iter().map(|draw| draw_in_block(&self.closest, *draw)).collect()
    }

    pub(super) fn counts(&self, candidates: usize) -> Vec<u64> {
        let mut counts = vec![0; candidates];
        for index in &self.nearest {
            counts.get_mut(*index as usize).into_iter().for_each(|count| *count += 1);
        }
        counts
    }
}
