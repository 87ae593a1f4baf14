//! How many codes follow a prefix.

use super::Mapping;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// The numbers of different codes that follow the prefixes of one length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FanOut {
    /// Number of different prefixes of this length.
    pub prefixes: u64,
    /// Mean number of codes that follow a prefix.
    pub mean: f64,
    /// Median number of codes that follow a prefix; the lower one where the number of prefixes is even.
    pub median: u64,
    /// Largest number of codes that follow a prefix: the width that a table for constrained decoding needs.
    pub max: u64,
}

impl Mapping {
    /// Counts the codes that follow the prefixes of 0, 1, ... L - 1 codes.
    pub fn fan_out(&self) -> Vec<FanOut> {
        let mut followed: HashSet<&[u32]> = HashSet::new();
        (1..=self.codes.levels())
            .map(|length| {
                followed.clear();
                followed.extend(self.codes.rows().filter_map(|row| row.get(..length)));
                let mut codes: HashMap<&[u32], u64> = HashMap::new();
                for prefix in followed.iter().filter_map(|followed| followed.get(..length - 1)) {
                    *codes.entry(prefix).or_insert(0) += 1;
                }
                let mut numbers: Vec<u64> = codes.into_values().collect();
                numbers.sort_unstable();
                FanOut {
                    prefixes: numbers.len() as u64,
                    mean: followed.len() as f64 / numbers.len().max(1) as f64,
                    median: numbers.get(numbers.len().saturating_sub(1) / 2).copied().unwrap_or(0),
                    max: numbers.last().copied().unwrap_or(0),
                }
            })
            .collect()
    }
}
