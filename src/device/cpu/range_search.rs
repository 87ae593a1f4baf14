//! Priced distances below a limit on the CPU: lower bounds first, exact distances only where they may be below it.

use super::block::block_rows;
use super::bounds::square_at_least;
use super::exact::squared_distance;
use super::lanes::{LANES, each_bit};
use super::panel::Panel;
use super::row_buffer::RowBuffer;
use super::rows::RowBlock;
use super::scores::Scores;
use super::table_rows::TableRows;
use super::tally::Tally;
use crate::clock::Instant;
use crate::error::Result;
use crate::kernel::range_search::RangeMatches;
use rayon::prelude::*;

/// Prices of codewords, exact and for the filter.
pub(super) struct Prices<'a> {
    exact: &'a [i128],
    rounded: Vec<f64>,
    least: i128,
    largest: f64,
}

impl<'a> Prices<'a> {
    pub(super) fn new(exact: &'a [i128]) -> Self {
        let rounded: Vec<f64> = exact.iter().map(|price| *price as f64).collect();
        let largest = rounded.iter().fold(0.0, |largest: f64, price| largest.max(price.abs()));
        Self { exact, rounded, least: exact.iter().copied().min().unwrap_or(0), largest }
    }
}

/// The kernel of the same name.
///
/// # Exactness
/// A row whose score has a lower bound L is at a squared distance of at least `L + |r|^2`. Where that and the price
/// reach the limit by more than 1e-12 of all terms, which is far more than the few roundings of 2^-53 on the way, the
/// codeword is not listed. Everything else is computed exactly. A row whose limit is no more than the least price has
/// no list.
pub(super) fn range_search(
    rows: &TableRows,
    panel: &Panel,
    prices: &Prices<'_>,
    limits: &[i128],
) -> Result<(RangeMatches, Tally)> {
    let block = block_rows(limits.len());
    let blocks = rows.blocks(block).zip(limits.par_chunks(block));
    let run = |scratch: &mut SearchScratch, (rows, limits)| {
        panel.unit.run(RangeBlock { rows, limits, panel, prices, scratch })
    };
    let lists: Vec<(RangeMatches, Tally)> = blocks.map_init(SearchScratch::default, run).collect();
    let mut near = RangeMatches::with_capacity(limits.len(), lists.iter().map(|(list, _)| list.entries()).sum())?;
    lists.iter().for_each(|(list, _)| near.append(list));
    Ok((near, lists.into_iter().map(|(_, tally)| tally).fold(Tally::default(), Tally::plus)))
}

/// Buffers of one thread: the rows of a block that have a limit.
#[derive(Default)]
struct SearchScratch {
    scores: Scores,
    rows: RowBuffer,
}

struct RangeBlock<'a, 'b> {
    rows: RowBlock<'a>,
    limits: &'a [i128],
    panel: &'a Panel,
    prices: &'a Prices<'a>,
    scratch: &'b mut SearchScratch,
}

impl pulp::WithSimd for RangeBlock<'_, '_> {
    type Output = (RangeMatches, Tally);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) -> (RangeMatches, Tally) {
        let mut tally = Tally::default();
        let start = Instant::now();
        self.compute_scores(&mut tally);
        let Self { rows, limits, panel, prices, scratch } = self;
        let mut lists = scratch.scores.rows();
        let mut near = RangeMatches::new();
        for ((row, length), limit) in rows.values.chunks_exact(panel.dim()).zip(rows.lengths).zip(limits) {
            if *limit > prices.least {
                let square = square_at_least(*length);
                let rounded = *limit as f64;
                let limit_of_score = rounded - square + 1e-12 * (rounded.abs() + square + prices.largest);
                let scores = lists.next().unwrap_or_default();
                let mut list = MatchList { row, limit: *limit, panel, prices, near: &mut near, candidates: 0 };
                let (parts, rest) = scores.as_chunks::<LANES>();
                let (prices, last_prices) = prices.rounded.as_chunks::<LANES>();
                for (p, (part, prices)) in parts.iter().zip(prices).enumerate() {
                    let mut flags = [false; LANES];
                    for i in 0..LANES {
                        flags[i] = f64::from(part[i]) + prices[i] <= limit_of_score;
                    }
                    each_bit(&flags, |i| list.push(p * LANES + i));
                }
                for (k, (score, price)) in (parts.len() * LANES..).zip(rest.iter().zip(last_prices)) {
                    if f64::from(*score) + price <= limit_of_score {
                        list.push(k);
                    }
                }
                tally.undecided += u64::from(list.candidates > 0);
                tally.candidates += list.candidates;
            }
            near.end_row();
        }
        (near, Tally { assigning: start.elapsed(), ..tally })
    }
}

impl RangeBlock<'_, '_> {
    /// Scores of the rows that have a limit.
    #[inline(always)]
    fn compute_scores(&mut self, tally: &mut Tally) {
        let Self { rows, limits, panel, prices, scratch } = self;
        let has_limit = |i: &usize| limits.get(*i).is_some_and(|limit| *limit > prices.least);
        let rows = match (0..limits.len()).all(|i| has_limit(&i)) {
            true => *rows,
            false => {
                scratch.rows.pick(*rows, (0..limits.len()).filter(has_limit));
                scratch.rows.rows()
            }
        };
        let start = Instant::now();
        scratch.scores.compute(rows, panel);
        tally.scored += rows.len() as u64;
        tally.add_scores(rows.len(), panel, start);
    }
}

/// The list of a row, to which candidates are added if their exact distance is near enough.
struct MatchList<'a> {
    row: &'a [f32],
    limit: i128,
    panel: &'a Panel,
    prices: &'a Prices<'a>,
    near: &'a mut RangeMatches,
    /// How many of them there were.
    candidates: u64,
}

impl MatchList<'_> {
    #[inline(always)]
    fn push(&mut self, k: usize) {
        self.candidates += 1;
        let distance = squared_distance(self.row, self.panel.codeword(k));
        if self.prices.exact.get(k).is_some_and(|price| i128::from(distance) + price < self.limit) {
            self.near.push(k as u32, distance);
        }
    }
}
