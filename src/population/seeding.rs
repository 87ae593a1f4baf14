//! Distances of a shard's rows to candidates for the first codewords.

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec, try_zeros};
use crate::rng::{BLOCK, Draws};
use crate::weights::Weights;
use rayon::prelude::*;
use std::sync::Arc;

/// Rows that one task compares.
const TASK: usize = 1 << 13;

/// The nearest candidate of every row, the first one on a tie.
pub(super) struct NearestCandidates {
    candidates: Arc<Codebook>,
    distances: Vec<u64>,
    indices: Vec<u32>,
    /// How often the rows count; none where each counts once.
    weights: Option<Weights>,
    /// Running sums of what the rows have in the potential, at the ends of blocks of [`BLOCK`] rows.
    ends: Vec<u128>,
}

impl NearestCandidates {
    /// The bytes that each row needs.
    pub(super) const BYTES: usize = size_of::<u64>() + size_of::<u32>();

    /// Starts without a candidate.
    pub(super) fn new(rows: usize, dim: usize, weights: Option<Weights>) -> Result<Self> {
        let mut nearest = Self {
            candidates: Arc::new(Codebook::new(Vec::new(), dim)),
            distances: try_vec(u64::MAX, rows, "seeding distances")?,
            indices: try_zeros(rows, "seeding codes")?,
            weights,
            ends: Vec::new(),
        };
        nearest.add_up();
        Ok(nearest)
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
            self.distances = table.assign_and_distances(candidates, &mut self.indices)?;
        } else {
            self.compare(table, new, known)?;
        }
        self.candidates = candidates.clone();
        self.add_up();
        Ok(true)
    }

    /// Assigns the rows to the values `new` of further candidates, after `known` ones, and keeps what is nearer.
    fn compare(&mut self, table: &mut dyn Table, new: &[i32], known: usize) -> Result<()> {
        let points = Codebook::new(new.to_vec(), table.dim());
        let mut codes = try_zeros::<u32>(table.rows(), "seeding codes")?;
        let found = table.assign_and_distances(&points, &mut codes)?;
        let so_far = self.distances.par_chunks_mut(TASK).zip(self.indices.par_chunks_mut(TASK));
        so_far.zip(found.par_chunks(TASK).zip(codes.par_chunks(TASK))).for_each(|(so_far, new)| {
            let so_far = so_far.0.iter_mut().zip(so_far.1);
            for ((distance, index), (found, code)) in so_far.zip(new.0.iter().zip(new.1)) {
                if found < distance {
                    (*distance, *index) = (*found, known as u32 + code);
                }
            }
        });
        Ok(())
    }

    /// Adds up what the rows have in the potential, once for the draws and the potential itself.
    fn add_up(&mut self) {
        let rows = self.distances.len();
        let firsts = (0..rows.div_ceil(BLOCK)).into_par_iter().with_min_len(TASK / BLOCK);
        let block = |block: usize| {
            let first = block * BLOCK;
            (first..rows.min(first + BLOCK)).map(|row| self.share(row)).sum::<u128>()
        };
        let mut ends: Vec<u128> = firsts.map(block).collect();
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        self.ends = ends;
    }

    pub(super) fn potential(&self) -> u128 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Returns the places on which the values fall; see [`Draws`].
    pub(super) fn draw(&self, values: &[u128]) -> Vec<u64> {
        let share = |row: usize| self.share(row);
        let draws = Draws::from_ends(&self.ends, &share);
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
    use crate::device::{Device, Purpose};
    use crate::rng::row_hash;

    #[test]
    fn draws_fall_on_copies_one_after_the_other() {
        let mut nearest = NearestCandidates {
            candidates: Arc::new(Codebook::new(vec![0], 1)),
            distances: vec![2, 0, 5],
            indices: vec![0; 3],
            weights: Some(Weights::new([3, 4, 2]).unwrap()),
            ends: Vec::new(),
        };
        nearest.add_up();
        assert_eq!((nearest.potential(), nearest.weights()), (16, vec![9]));
        assert_eq!(nearest.draw(&[0, 1, 2, 5, 6, 10, 11, 15]), [0, 0, 1, 2, 7, 7, 8, 8]);
    }

    /// More rows than one task compares, in blocks of which the last is not full; on ties the first candidate stays.
    #[test]
    fn candidates_are_compared_and_added_up_in_parts() {
        let rows = 2 * TASK + 3 * BLOCK + 5;
        let values: Vec<i32> = (0..rows).map(|row| (row_hash(7, row as u64) % 64) as i32).collect();
        let weights: Vec<u64> = (0..rows).map(|row| row as u64 % 4).collect();
        let mut table = Device::reference().engine().table(rows, 1, Purpose::Fit).unwrap();
        table.upload(0, &values).unwrap();
        let mut nearest = NearestCandidates::new(rows, 1, Some(Weights::new(weights.clone()).unwrap())).unwrap();
        for candidates in [vec![30], vec![30, 10, 50, 32], vec![30, 10, 50, 32, 12, 28]] {
            assert!(nearest.extend(&mut *table, &Arc::new(Codebook::new(candidates.clone(), 1))).unwrap());
            let of = |value: &i32| {
                let distances = candidates.iter().map(|candidate| u64::from(value.abs_diff(*candidate)).pow(2));
                distances.zip(0..).min().unwrap()
            };
            let (distances, indices): (Vec<u64>, Vec<u32>) = values.iter().map(of).unzip();
            assert!(nearest.distances == distances && nearest.indices == indices, "{candidates:?}");
            let share = |row: usize| u128::from(distances[row]) * u128::from(weights[row]);
            assert_eq!(nearest.potential(), (0..rows).map(share).sum());
            let (draws, total) = (Draws::new(rows, &share), nearest.potential());
            let drawn: Vec<u128> = (0..50).map(|part| total * part / 50).chain([total - 1]).collect();
            let numbers = |value: &u128| {
                let (row, left) = draws.within(*value);
                weights[..row].iter().sum::<u64>() + (left / u128::from(distances[row])) as u64
            };
            assert_eq!(nearest.draw(&drawn), drawn.iter().map(numbers).collect::<Vec<_>>());
        }
    }
}
