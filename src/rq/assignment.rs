//! How an iteration gives rows their codes: the nearest codeword, or the exact optimum under sizes of clusters.

use super::balanced::{Costs, Sizes, Start, solve};
use super::fit::Balance;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Error, Result, try_vec};
use crate::kernel::within::Near;

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
    /// How far above the least `distance + price` lists of candidates reach; 0 before the first assignment.
    margin: i128,
    gap: i128,
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
            Some(sizes) => Self::Balanced(Balanced { sizes, prices: Vec::new(), codes: Vec::new(), margin: 0, gap: 0 }),
        }
    }

    /// Gives every row of the table its code; returns how many changed.
    pub(super) fn assign(&mut self, table: &mut dyn Table, codebook: &Codebook) -> Result<u64> {
        match self {
            Self::Nearest => Ok(table.assign(codebook)?.changed),
            Self::Balanced(balanced) => balanced.assign(table, codebook),
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
    fn assign(&mut self, table: &mut dyn Table, codebook: &Codebook) -> Result<u64> {
        let first = self.margin == 0;
        if first {
            self.prices = vec![0; codebook.clusters()];
            self.codes = try_vec(0, table.rows(), "codes")?;
            table.assign(codebook)?;
            table.codes(&mut self.codes)?;
        }
        let distances = table.own_distances(codebook)?;
        if first {
            self.margin = first_margin(&mut Distances { table, codebook }, distances.len(), codebook.clusters())?;
        }
        let price = |code: &u32| self.prices.get(*code as usize).copied().unwrap_or(0);
        let priced = distances.iter().zip(&self.codes).map(|(distance, code)| i128::from(*distance) + price(code));
        let start = Start { bounds: priced.collect(), prices: self.prices.clone(), margin: self.margin };
        let solution = solve(&mut Distances { table, codebook }, self.sizes, start)?;
        table.set_codes(&solution.codes)?;
        let changes = self.codes.iter().zip(&solution.codes).filter(|(old, new)| first || old != new);
        let changed = changes.count() as u64;
        self.adapt(solution.entries, solution.rounds);
        tracing::debug!(
            entries = solution.entries,
            rounds = solution.rounds,
            gap = %solution.gap,
            changed,
            "balanced assignment"
        );
        self.gap = self.gap.max(solution.gap);
        (self.codes, self.prices) = (solution.codes, solution.prices);
        Ok(changed)
    }

    /// Lists a few candidates per row, and not so few that lists have to be made anew.
    fn adapt(&mut self, entries: usize, rounds: usize) {
        let per_row = entries / self.codes.len().max(1);
        self.margin = match (per_row, rounds) {
            (24.., _) => self.margin / 2,
            (..12, 3..) => self.margin * 2,
            _ => self.margin,
        }
        .max(1);
    }
}

/// Rows that are looked at to choose the first lists' length, and the candidates that these are to hold.
const SAMPLE: usize = 64;
const CANDIDATES: usize = 16;

/// How far above the least distance the first lists reach: so far that half of some rows have enough candidates.
fn first_margin(costs: &mut dyn Costs, rows: usize, clusters: usize) -> Result<i128> {
    let step = rows.div_ceil(SAMPLE).max(1);
    let limit = |row: usize| if row.is_multiple_of(step) { i128::from(u64::MAX) } else { -1 };
    let limits: Vec<i128> = (0..rows).map(limit).collect();
    let near = costs.within(&vec![0; clusters], &limits)?;
    let mut widths: Vec<u64> = Vec::new();
    for row in (0..rows).step_by(step) {
        let mut costs: Vec<u64> = near.row(row).map(|(_, cost)| cost).collect();
        costs.sort_unstable();
        let last = costs.get(CANDIDATES).or(costs.last());
        widths.push(last.zip(costs.first()).map_or(0, |(last, first)| last - first));
    }
    widths.sort_unstable();
    Ok(widths.get(widths.len() / 2).map_or(0, |width| i128::from(*width)) + 1)
}

/// Squared distances of a table's rows to codewords.
struct Distances<'a> {
    table: &'a mut dyn Table,
    codebook: &'a Codebook,
}

impl Costs for Distances<'_> {
    fn within(&mut self, prices: &[i128], limits: &[i128]) -> Result<Near> {
        self.table.within(self.codebook, prices, limits)
    }
}
