//! Collisions where items are wanted more or less often.

use super::Mapping;
use crate::error::{Error, ErrorKind, Result};
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
            let expected = format!("weights are numbers from 0 on (item {key:?})");
            return Err(Error::parameter("weight", weight, expected));
        }
        let all: f64 = weights.iter().sum();
        if !(all > 0.0 && all.is_finite()) {
            return Err(Error::parameter("weight", all, "the sum of all weights is a number above 0"));
        }
        let sizes = self.group_sizes();
        let mut heaviest: HashMap<&[u32], f64> = HashMap::new();
        let mut collided = 0.0;
        for (row, weight) in self.codes.rows().zip(weights) {
            if sizes.get(row).is_some_and(|size| *size > 1) {
                collided += weight;
            }
            let heaviest = heaviest.entry(row).or_insert(0.0);
            *heaviest = heaviest.max(*weight);
        }
        // An ID counts where its heaviest item first appears, so that the order of the sum is that of the items.
        let mut kept = 0.0;
        for (row, weight) in self.codes.rows().zip(weights) {
            if heaviest.get(row) == Some(weight) {
                kept += weight;
                heaviest.remove(row);
            }
        }
        let lost_weight_rate = ((all - kept) / all).max(0.0);
        Ok(WeightedCollisions { collided_weight_rate: collided / all, lost_weight_rate })
    }
}
