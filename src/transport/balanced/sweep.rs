//! Brings prices near the optimum at low cost, as a better start for the exact search.

use super::candidates::ListedClusters;
use super::sizes::Sizes;
use rayon::prelude::*;

/// Most passes over all rows.
const ROUNDS: usize = 80;
/// How many passes without progress end the sweep.
const PATIENCE: usize = 16;
/// Prices and steps stay within this, so that a cost plus a price fits i64 or saturates without harm.
const LIMIT: i128 = 1 << 61;

/// Raises the prices of clusters that attract too many rows and lowers those of clusters that attract too few. Each
/// cluster has a step, which grows while its direction stays the same and shrinks when it turns. No price moves by more
/// than `reach`, because lists of candidates say little farther away. Returns the best prices that the sweep met.
///
/// # References
/// M. Riedmiller, H. Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, 1993.
pub(super) fn sweep(candidates: &ListedClusters<'_>, sizes: Sizes, start: &[i128], reach: i128) -> Vec<i128> {
    let mut prices: Vec<i64> = start.iter().map(|price| (*price).clamp(-LIMIT, LIMIT) as i64).collect();
    let first = prices.clone();
    let reach = reach.clamp(1, LIMIT >> 4) as i64;
    let mut steps = vec![(reach / 16).max(1); prices.len()];
    let mut before = vec![0_i64; prices.len()];
    let (mut best, mut fewest, mut waited) = (prices.clone(), u64::MAX, 0);
    for _ in 0..ROUNDS {
        let counts = counts(candidates, &prices);
        let wrong: Vec<i64> = prices.iter().zip(&counts).map(|(price, count)| wrong(*price, *count, sizes)).collect();
        let total: u64 = wrong.iter().map(|wrong| wrong.unsigned_abs()).sum();
        waited += 1;
        if total < fewest {
            (fewest, waited) = (total, 0);
            best.copy_from_slice(&prices);
        }
        if total <= prices.len() as u64 / 4 || waited > PATIENCE {
            break;
        }
        let state = steps.iter_mut().zip(&mut before).zip(&first);
        for ((price, ((step, before), first)), wrong) in prices.iter_mut().zip(state).zip(wrong) {
            *step = match (wrong * *before).signum() {
                1 => (*step + *step / 4 + 1).min(reach),
                -1 => (*step / 2).max(1),
                _ => *step,
            };
            *before = wrong.signum();
            let moved = (*price + *before * *step).clamp(*first - reach, *first + reach);
            // Where sizes may differ, a price must not jump over 0.
            let jumps = moved.signum() * price.signum() < 0 && sizes.min < sizes.max;
            *price = if jumps { 0 } else { moved };
        }
    }
    best.into_iter().map(i128::from).collect()
}

/// How many classes one task counts.
const BLOCK: usize = 4096;

/// Counts the rows that each cluster attracts.
fn counts(candidates: &ListedClusters<'_>, prices: &[i64]) -> Vec<i64> {
    let classes = candidates.classes();
    let blocks = (0..classes.len().div_ceil(BLOCK)).into_par_iter();
    let none = || vec![0; prices.len()];
    let counted = blocks.fold(none, |mut counts, block| {
        for class in block * BLOCK..classes.len().min((block + 1) * BLOCK) {
            counts[attracted(candidates, classes.first(class), prices)] += classes.rows(class) as i64;
        }
        counts
    });
    counted.reduce(none, |mut all, some| {
        all.iter_mut().zip(some).for_each(|(all, some)| *all += some);
        all
    })
}

/// Returns the cluster that is cheapest for a kind.
#[inline(always)]
fn attracted(candidates: &ListedClusters<'_>, kind: usize, prices: &[i64]) -> usize {
    let (mut best, mut least) = (0, i64::MAX);
    for (k, cost) in candidates.list(kind) {
        let priced = (cost as i64).saturating_add(prices[k]);
        if priced < least {
            (best, least) = (k, priced);
        }
    }
    best
}

/// Returns how many rows a cluster has too many, or, negative, too few, at its price.
fn wrong(price: i64, count: i64, sizes: Sizes) -> i64 {
    let (min, max) = (sizes.min as i64, sizes.max as i64);
    match price.signum() {
        1 => count - max,
        -1 => count - min,
        _ => (count - max).max(0) + (count - min).min(0),
    }
}
