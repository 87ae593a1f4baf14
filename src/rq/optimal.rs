//! The exact optimum under sizes of clusters, again and again for the same rows and codewords that move.

use super::distances::Distances;
use super::equal_rows;
use super::sampled::Sampled;
use crate::balance::Balance;
use crate::codebook::Codebook;
use crate::device::{Engine, Table};
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::transport::balanced::{Groups, Sizes, Solution, Start, solve};

/// Clusters that lists hold at first.
const CANDIDATES: usize = 8;

/// What one optimum leaves for the next one, and for the model.
pub(super) struct Optimal {
    sizes: Sizes,
    /// What codewords cost beyond distances, see [`Distances`].
    added: Vec<i64>,
    prices: Vec<i128>,
    pub(super) codes: Vec<u32>,
    gap: i128,
    /// The kinds of the rows, found in the first step.
    kinds: Groups,
    /// Some of the rows, to find prices with: made when they are first needed.
    sample: Option<Sampled>,
    /// How many rows changed their code in the last step.
    changed: usize,
    /// Clusters that the first list of a row is to hold.
    wanted: usize,
}

impl Optimal {
    pub(super) fn new(sizes: Sizes, added: Vec<i64>) -> Self {
        let (prices, codes) = (Vec::new(), Vec::new());
        let kinds = Groups::default();
        Self { sizes, added, prices, codes, gap: 0, kinds, sample: None, changed: 0, wanted: CANDIDATES }
    }

    /// Gives every row of the table its code; returns how many changed.
    pub(super) fn assign(&mut self, engine: &dyn Engine, table: &mut dyn Table, codebook: &Codebook) -> Result<u64> {
        let first = self.prices.is_empty();
        if first {
            self.prices = vec![0; codebook.clusters()];
            self.codes = try_zeros(table.rows(), "codes")?;
            self.kinds = equal_rows::kinds(table)?;
        }
        let moved = (first || self.changed > table.rows() / 8) && self.approach(engine, table, codebook)?;
        let mut costs = Distances::new(table, codebook, &self.added);
        let bounds = match first || moved {
            true => costs.cheapest(&self.prices)?.costs,
            false => costs.own(&self.codes, &self.prices)?,
        };
        let start = Start::new(&mut costs, &self.kinds, self.prices.clone(), bounds, self.wanted)?;
        let solution = solve(&mut costs, self.sizes, start)?;
        table.set_codes(&solution.codes)?;
        let Solution { entries, rounds, gap, .. } = &solution;
        tracing::debug!(entries, rounds, %gap, "balanced assignment");
        Ok(self.take(solution, first))
    }

    /// Brings prices near the optimum where they may be far from it; whether they changed: a sample of few rows would
    /// not be worth it.
    fn approach(&mut self, engine: &dyn Engine, table: &mut dyn Table, codebook: &Codebook) -> Result<bool> {
        if self.sample.is_none() {
            self.sample = Sampled::new(engine, table, self.sizes, codebook.clusters())?;
        }
        let Some(sample) = &mut self.sample else { return Ok(false) };
        self.prices = sample.prices(codebook, &self.added, &self.prices)?;
        Ok(true)
    }

    /// Keeps what the next step starts from; the number of codes that changed.
    fn take(&mut self, solution: Solution, first: bool) -> u64 {
        let changes = self.codes.iter().zip(&solution.codes).filter(|(old, new)| first || old != new);
        self.changed = changes.count();
        // Lists that were long enough at once may be shorter next time.
        if solution.rounds == 1 {
            self.wanted = (self.wanted * 3 / 4).max(4);
        }
        self.gap = self.gap.max(solution.gap);
        (self.codes, self.prices) = (solution.codes, solution.prices);
        self.changed as u64
    }

    /// Returns how balanced the result is; a squared grid step is `unit` squared units of the embeddings.
    pub(super) fn balance(&self, unit: f64) -> Balance {
        Balance::new(&self.codes, self.prices.len(), Some(self.gap.unsigned_abs()), unit)
    }

    /// The prices, to be saved.
    pub(super) fn prices(&self, level: usize) -> Result<Vec<i64>> {
        let too_large = |_| Error::from(ErrorKind::Range { level, reason: "a price exceeds 64 bits".into() });
        self.prices.iter().map(|price| i64::try_from(*price).map_err(too_large)).collect()
    }
}
