//! k-means++ by the scalar twins.

use crate::device::Seeding;
use crate::error::Result;
use crate::kernel::seed::{self, Seed};

pub(super) struct ReferenceSeeding<'a> {
    pub(super) rows: &'a [i32],
    pub(super) dim: usize,
    pub(super) weights: Vec<u64>,
    pub(super) closest: Vec<u64>,
}

impl Seeding for ReferenceSeeding<'_> {
    fn start(&mut self, row: usize) -> Result<Seed> {
        self.closest.fill(u64::MAX);
        Ok(seed::best_of(self.rows, self.dim, &self.weights, &mut self.closest, &[row]))
    }

    fn draw(&mut self, values: &[u128]) -> Result<Seed> {
        Ok(seed::seed(self.rows, self.dim, &self.weights, &mut self.closest, values))
    }
}
