//! Prices near the optimum, from the optimum of a sample of the rows.

use super::distances::Distances;
use super::equal_rows;
use crate::codebook::Codebook;
use crate::device::{Engine, Purpose, Table};
use crate::error::Result;
use crate::transport::balanced::{Groups, Sizes, Start, solve};

/// Rows per cluster of a sample.
const PER_CLUSTER: usize = 64;
/// How many times as many there have to be for a sample to pay.
const AT_LEAST: usize = 4;
/// Clusters that the lists of a sample hold at first.
const CANDIDATES: usize = 8;

/// Rows at equal steps, and the sizes of clusters in proportion. The optimum of the sample costs little, and at its
/// prices most rows of the whole are where they belong: the search over all rows begins with short lists.
pub(super) struct Sampled {
    table: Box<dyn Table>,
    kinds: Groups,
    sizes: Sizes,
}

impl Sampled {
    /// A sample of the rows of `table`, if they are many.
    pub(super) fn new(
        engine: &dyn Engine,
        table: &mut dyn Table,
        sizes: Sizes,
        clusters: usize,
    ) -> Result<Option<Self>> {
        let all = table.rows();
        let step = all / (clusters * PER_CLUSTER).max(1);
        if step < AT_LEAST {
            return Ok(None);
        }
        let chosen: Vec<usize> = (0..all).step_by(step).collect();
        let mut sample = engine.table(chosen.len(), table.dim(), Purpose::Encode)?;
        sample.upload(0, &table.gather(&chosen)?)?;
        let kinds = equal_rows::kinds(&mut *sample)?;
        let scaled = |size: usize| size as u128 * chosen.len() as u128;
        let (min, max) = (scaled(sizes.min) / all as u128, scaled(sizes.max.min(all)).div_ceil(all as u128));
        Ok(Some(Self { table: sample, kinds, sizes: Sizes { min: min as usize, max: max as usize } }))
    }

    /// The prices of the sample's optimum, searched for from `prices` on; `added` as for [`Distances`].
    pub(super) fn prices(&mut self, codebook: &Codebook, added: &[i64], prices: &[i128]) -> Result<Vec<i128>> {
        let mut costs = Distances::new(&mut *self.table, codebook, added);
        let bounds = costs.cheapest(prices)?.costs;
        let start = Start::new(&mut costs, &self.kinds, prices.to_vec(), bounds, CANDIDATES)?;
        Ok(solve(&mut costs, self.sizes, start)?.prices)
    }
}
