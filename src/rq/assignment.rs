//! How an iteration gives rows their codes: the nearest codeword, or the exact optimum under sizes of clusters.

use super::balanced::{Sizes, Solution, Start, solve};
use super::distances::Distances;
use super::fit::Balance;
use super::priced::cheapest;
use super::sampled::Sampled;
use crate::codebook::Codebook;
use crate::device::{Engine, Table};
use crate::error::{Error, Result, try_vec};

/// The assignment step of a run, with what it remembers from one iteration to the next.
pub(super) enum Assignment {
    /// Every row its nearest codeword.
    Nearest,
    /// Every row one codeword, every codeword a bounded number of rows, at the smallest sum of squared distances.
    Balanced(Balanced),
}

/// What the exact optimum leaves for the next one, and for the model.
pub(super) struct Balanced {
    sizes: Sizes,
    prices: Vec<i128>,
    codes: Vec<u32>,
    gap: i128,
    /// Some of the rows, to find prices with: made when they are first needed.
    sample: Option<Sampled>,
    /// How many rows changed their code in the last step.
    changed: usize,
    /// Clusters that the first list of a row is to hold.
    wanted: usize,
}

/// What a balanced run ends with.
#[derive(Clone, Debug)]
pub(super) struct Balancing {
    pub(super) codes: Vec<u32>,
    pub(super) prices: Vec<i64>,
    pub(super) report: Balance,
}

impl Assignment {
    pub(super) fn new(sizes: Option<Sizes>) -> Self {
        match sizes {
            None => Self::Nearest,
            Some(sizes) => Self::Balanced(Balanced::new(sizes)),
        }
    }

    /// Gives every row of the table its code; returns how many changed.
    pub(super) fn assign(&mut self, engine: &dyn Engine, table: &mut dyn Table, codebook: &Codebook) -> Result<u64> {
        match self {
            Self::Nearest => Ok(table.assign(codebook)?.changed),
            Self::Balanced(balanced) => balanced.assign(engine, table, codebook),
        }
    }

    /// What is to be kept of a balanced run over `level`.
    pub(super) fn finish(self, level: usize) -> Result<Option<Balancing>> {
        let Self::Balanced(Balanced { prices, codes, gap, .. }) = self else { return Ok(None) };
        let mut counts = vec![0_u64; prices.len()];
        for code in &codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let report = Balance {
            smallest: counts.iter().copied().min().unwrap_or(0),
            largest: counts.iter().copied().max().unwrap_or(0),
            gap: gap.unsigned_abs(),
        };
        let too_large =
            || crate::ErrorKind::Range { level, reason: "a price exceeds 64 bits; use fewer levels".into() };
        let prices: Result<Vec<i64>, _> = prices.into_iter().map(i64::try_from).collect();
        Ok(Some(Balancing { codes, prices: prices.map_err(|_| Error::from(too_large()))?, report }))
    }
}

impl Balanced {
    fn new(sizes: Sizes) -> Self {
        let (prices, codes) = (Vec::new(), Vec::new());
        Self { sizes, prices, codes, gap: 0, sample: None, changed: 0, wanted: CANDIDATES }
    }

    fn assign(&mut self, engine: &dyn Engine, table: &mut dyn Table, codebook: &Codebook) -> Result<u64> {
        let first = self.prices.is_empty();
        if first {
            self.prices = vec![0; codebook.clusters()];
            self.codes = try_vec(0, table.rows(), "codes")?;
        }
        let bounds = match first || self.changed > table.rows() / 8 {
            true => self.approach(engine, table, codebook)?,
            false => self.own_costs(table, codebook)?,
        };
        let mut costs = Distances { table, codebook };
        let start = Start::new(&mut costs, self.prices.clone(), bounds, self.wanted)?;
        let solution = solve(&mut costs, self.sizes, start)?;
        table.set_codes(&solution.codes)?;
        tracing::debug!(
            entries = solution.entries,
            rounds = solution.rounds,
            gap = %solution.gap,
            "balanced assignment"
        );
        Ok(self.take(solution, first))
    }

    /// Brings the prices near the optimum, where they may be far from it; the least `cost + price` of every row then.
    fn approach(&mut self, engine: &dyn Engine, table: &mut dyn Table, codebook: &Codebook) -> Result<Vec<i128>> {
        if self.sample.is_none() {
            self.sample = Sampled::new(engine, table, self.sizes, codebook.clusters())?;
        }
        if let Some(sample) = &mut self.sample {
            self.prices = sample.prices(codebook, &self.prices)?;
        }
        Ok(cheapest(table, codebook, &self.prices)?.costs)
    }

    /// What every row costs where it is.
    fn own_costs(&self, table: &mut dyn Table, codebook: &Codebook) -> Result<Vec<i128>> {
        let price = |code: &u32| self.prices.get(*code as usize).copied().unwrap_or(0);
        let distances = table.own_distances(codebook)?;
        Ok(distances.iter().zip(&self.codes).map(|(distance, code)| i128::from(*distance) + price(code)).collect())
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
}

/// Clusters that lists hold at first.
const CANDIDATES: usize = 16;
