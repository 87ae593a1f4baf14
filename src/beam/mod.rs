//! Beams: the codes of the smallest total distances that a search of bounded width finds.
//!
//! The *distance* of a row at some codes is the squared distance between the row on the grid and the sum of the codes'
//! codewords. An *extension* of some codes is these codes with one more, of the next level.
//!
//! # The rule
//! A beam of width B keeps up to B codes per row at every level, in places 1 to B. Before level 0 there is one place,
//! with no codes. At every level but the last, the places are filled one after the other. Place j gets the nearest of
//! the extensions of what the places 1 to j of the level before hold, if no place before j has it. Of equally near
//! ones it is the first in the order of the codes. Where the level before has fewer than j places, all of them count,
//! and there are never more places than extensions.
//!
//! Where the codes of the first levels are given, the search goes over the others: before these there is one place,
//! with the codes that are given.
//!
//! At the last level, all extensions of all places are ordered by their distance, then by their codes. The first k are
//! the candidates, and the very first is the result of an encode.
//!
//! # Exactness
//! Distances are integers below 2^63, because any sum of codewords, one of each level, leaves a residual within 2^24.
//! So the result depends on the row, the codewords, B and k alone.
//!
//! Place j depends on no place after it. So a beam holds all that a narrower one holds, and the i-th candidate of a
//! wider beam is never farther than that of a narrower one, for every single row. Place 1 extends place 1: it holds
//! the greedy codes, so width 1 gives every row its nearest codeword, level by level.
//!
//! # Cost
//! Per row, the distances to all codewords of level 0, and two products for each place with every later level.
//! `BeamSearch::extensions` says why few exact distances are needed there.
//!
//! # References
//! A. Babenko, V. Lempitsky, Additive Quantization for Extreme Vector Compression, CVPR 2014.

mod chunks;
mod search;
mod select;

pub(crate) use search::BeamStart;

use search::BeamSearch;

use crate::device::Engine;

/// The widest beam. A row then needs as much memory as 1,024 rows.
pub(crate) const MOST_WIDTH: usize = 1024;
/// Distances that the lists of a chunk may have together, where all codewords are listed.
const DISTANCES: usize = 1 << 24;

/// The width of a beam, and how many candidates it gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beam {
    pub(crate) width: usize,
    pub(crate) count: usize,
}

impl Beam {
    /// Returns the number of places before every level; `clusters` has the clusters of each.
    pub(crate) fn places(self, clusters: &[usize]) -> Vec<usize> {
        let next = |places: &mut usize, clusters: &usize| {
            let before = *places;
            *places = before.saturating_mul(*clusters).min(self.width);
            Some(before)
        };
        clusters.iter().scan(1, next).collect()
    }

    /// Returns how many rows of `dim` dimensions to search at a time.
    fn chunk_rows(self, engine: &dyn Engine, dim: usize, clusters: &[usize]) -> usize {
        let places = self.places(clusters).into_iter().max().unwrap_or(1).max(1);
        let clusters = clusters.iter().copied().max().unwrap_or(1).max(1);
        (engine.chunk_rows(dim) / places).min(DISTANCES / clusters / places).max(1)
    }
}
