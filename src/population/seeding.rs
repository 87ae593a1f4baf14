//! Distances of a shard's rows to candidates for the first codewords.

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec, try_zeros};
use crate::rng::Draws;
use crate::weights::Weights;
use std::sync::Arc;

/// The nearest candidate of every row, the first one on a tie.
pub(super) struct NearestCandidates {
    candidates: Arc<Codebook>,
    distances: Vec<u64>,
    indices: Vec<u32>,
    /// How often the rows count; none where each counts once.
    weights: Option<Weights>,
}

impl NearestCandidates {
    /// The bytes that each row needs.
    pub(super) const BYTES: usize = size_of::<u64>() + size_of::<u32>();

    /// Starts without a candidate.
    pub(super) fn new(rows: usize, dim: usize, weights: Option<Weights>) -> Result<Self> {
        Ok(Self {
            candidates: Arc::new(Codebook::new(Vec::new(), dim)),
            distances: try_vec(u64::MAX, rows, "seeding distances")?,
            indices: try_zeros(rows, "seeding codes")?,
            weights,
        })
    }

    /// Returns whether the distances are those to exactly these candidates.
    pub(super) fn is_of(&self, candidates: &Arc<Codebook>) -> bool {
        self.candidates == *candidates
    }

    /// Returns whether the candidates so far are the first ones of `candidates`.
    pub(super) fn begins(&self, candidates: &Codebook) -> bool {
        candidates.values().starts_with(self.candidates.values())
    }

    /// Adds the new candidates; returns whether there were any, because the table's codes are then their indices.
    pub(super) fn extend(&mut self, table: &mut dyn Table, candidates: &Arc<Codebook>) -> Result<bool> {
        let known = self.candidates.clusters();
        let new = candidates.values().get(self.candidates.values().len()..).unwrap_or_default();
        if new.is_empty() {
            return Ok(false);
        }
        if table.extends(&self.candidates, candidates.clusters()) {
            table.assign_and_codes(candidates, &mut self.indices)?;
            self.distances = table.assigned_distances(candidates)?;
        } else {
            self.compare(table, new, known)?;
        }
        self.candidates = candidates.clone();
        Ok(true)
    }

    /// Assigns the rows to the values `new` of further candidates, after `known` ones, and keeps what is nearer.
    fn compare(&mut self, table: &mut dyn Table, new: &[i32], known: usize) -> Result<()> {
        let points = Codebook::new(new.to_vec(), table.dim());
        let mut codes = try_zeros::<u32>(table.rows(), "seeding codes")?;
        table.assign_and_codes(&points, &mut codes)?;
        let found = table.assigned_distances(&points)?.into_iter().zip(codes);
        for ((distance, index), (found, code)) in self.distances.iter_mut().zip(&mut self.indices).zip(found) {
            if found < *distance {
                (*distance, *index) = (found, known as u32 + code);
            }
        }
        Ok(())
    }

    pub(super) fn potential(&self) -> u128 {
        (0..self.distances.len()).map(|row| self.share(row)).sum()
    }

    /// Returns the places on which the values fall; see [`Draws`].
    pub(super) fn draw(&self, values: &[u128]) -> Vec<u64> {
        let share = |row: usize| self.share(row);
        let draws = Draws::new(self.distances.len(), &share);
        let place = |value: &u128| {
            let (row, left) = draws.within(*value);
            // The copies of a row share its part evenly, one after the other.
            let copy = left.checked_div(self.distances.get(row).copied().unwrap_or(0).into()).unwrap_or(0) as u64;
            self.weights.as_ref().map_or(row as u64, |weights| weights.first(row) + copy)
        };
        values.iter().map(place).collect()
    }

    /// The part of a row, with all its copies, in the potential.
    fn share(&self, row: usize) -> u128 {
        u128::from(self.distances.get(row).copied().unwrap_or(0)) * u128::from(self.times(row))
    }

    fn times(&self, row: usize) -> u64 {
        self.weights.as_ref().map_or(1, |weights| weights.of(row))
    }

    pub(super) fn weights(&self) -> Vec<u64> {
        let mut weights = vec![0; self.candidates.clusters()];
        for (row, index) in self.indices.iter().enumerate() {
            if let Some(weight) = weights.get_mut(*index as usize) {
                *weight += self.times(row);
            }
        }
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fall_on_copies_one_after_the_other() {
        let nearest = NearestCandidates {
            candidates: Arc::new(Codebook::new(vec![0], 1)),
            distances: vec![2, 0, 5],
            indices: vec![0; 3],
            weights: Some(Weights::new([3, 4, 2]).unwrap()),
        };
        assert_eq!((nearest.potential(), nearest.weights()), (16, vec![9]));
        assert_eq!(nearest.draw(&[0, 1, 2, 5, 6, 10, 11, 15]), [0, 0, 1, 2, 7, 7, 8, 8]);
    }
}
