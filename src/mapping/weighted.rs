//! Collisions where items are wanted more or less often.

use super::Mapping;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result};
use crate::weights::Weights;
use serde::Serialize;
use std::collections::HashMap;

/// Collisions weighted with how often items are wanted; W is the sum of all weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WeightedCollisions {
    /// The share of W that belongs to items that share their ID with another item.
    pub collided_weight_rate: f64,
    /// The share of W that is lost if every ID stands for its heaviest item only: `1 - sum over IDs of max w / W`.
    pub lost_weight_rate: f64,
}

impl Mapping {
    /// Weighs collisions with the weights (N) of the items, such as how often each was bought.
    ///
    /// # Exactness
    /// The sums are f64 in the order of the items.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`]; [`ErrorKind::Parameter`] for weights that are negative or not finite, or all 0.
    pub fn weighted_collisions(&self, weights: &[f64]) -> Result<WeightedCollisions> {
        if weights.len() != self.codes.len() {
            return Err(ErrorKind::RowCount { what: "weights", found: weights.len(), rows: self.codes.len() }.into());
        }
        let items = || self.keys.iter().zip(weights);
        if let Some((key, weight)) = items().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0)) {
            let expected = format!("must be a finite number, 0 or more (item {key:?})");
            return Err(Error::parameter("weight", weight, expected));
        }
        let all: f64 = weights.iter().sum();
        if !(all > 0.0 && all.is_finite()) {
            return Err(Error::parameter("weight", all, "must be above 0 in sum"));
        }
        Ok(collisions_of(&self.codes, weights, all))
    }
}

/// Measures the same of codes of rows (N, L) that count by their weights, such as those that a model gives.
///
/// # Exactness
/// As for [`Mapping::weighted_collisions`].
///
/// # Errors
/// [`ErrorKind::RowCount`]; [`ErrorKind::NoWeight`] where all weights are 0.
///
/// ```
/// use semid::mapping::weighted_collisions;
/// use semid::{Codes, Weights};
///
/// let codes = Codes::new(vec![0, 0, 1], 1)?;
/// let found = weighted_collisions(&codes, &Weights::new([6, 1, 3])?)?;
/// assert_eq!((found.collided_weight_rate, found.lost_weight_rate), (0.7, 0.1));
/// # Ok::<(), semid::Error>(())
/// ```
pub fn weighted_collisions(codes: &Codes, weights: &Weights) -> Result<WeightedCollisions> {
    weights.check_some(codes.len())?;
    // A weight is at most 2^37, so it is exact in f64.
    let values: Vec<f64> = (0..codes.len()).map(|row| weights.of(row) as f64).collect();
    Ok(collisions_of(codes, &values, weights.total() as f64))
}

/// Weighs the collisions of codes, of which all weights add up to `all`, above 0.
fn collisions_of(codes: &Codes, weights: &[f64], all: f64) -> WeightedCollisions {
    let mut sizes: HashMap<&[u32], u64> = HashMap::new();
    codes.rows().for_each(|row| *sizes.entry(row).or_insert(0) += 1);
    let mut heaviest: HashMap<&[u32], f64> = HashMap::new();
    let mut collided = 0.0;
    for (row, weight) in codes.rows().zip(weights) {
        if sizes.get(row).is_some_and(|size| *size > 1) {
            collided += weight;
        }
        let heaviest = heaviest.entry(row).or_insert(0.0);
        *heaviest = heaviest.max(*weight);
    }
    // An ID counts where its heaviest item first appears, so that the order of the sum is that of the items.
    let mut kept = 0.0;
    for (row, weight) in codes.rows().zip(weights) {
        if heaviest.get(row) == Some(weight) {
            kept += weight;
            heaviest.remove(row);
        }
    }
    let lost_weight_rate = ((all - kept) / all).max(0.0);
    WeightedCollisions { collided_weight_rate: collided / all, lost_weight_rate }
}
