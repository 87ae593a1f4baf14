//! Judges semantic IDs that any tool made: everything about them that needs no model.
//!
//! A [`Mapping`] gives every item its ID. Items are joined by their keys, never by the order of rows.
//!
//! | question | answer |
//! | --- | --- |
//! | How many items share an ID, and are the levels used? | [`Mapping::metrics`] |
//! | How good can a recommender get that only knows these IDs? | [`Mapping::recall_ceiling`] |
//! | Do the items that people want collide? | [`Mapping::weighted_collisions`] |
//! | How many ways go on from a prefix? | [`Mapping::fan_out`] |
//! | Do items that are used together share prefixes? | [`Mapping::co_occurrence`] |
//! | Which items have new IDs? | [`Mapping::churn`] |
//! | Are items that share an ID the same, alike, or in conflict? | [`collision_kinds`](crate::metrics::collision_kinds), with embeddings: see [`Mapping::join`] |
//! | Do near items have near IDs? | [`Evaluator::run_ids`](crate::metrics::Evaluator::run_ids), with embeddings |

mod builder;
mod churn;
mod co_occurrence;
mod fan_out;
mod join;
mod read;
#[cfg(test)]
mod tests;
mod weighted;

pub use churn::Churn;
pub use co_occurrence::{CoOccurrence, LevelCoOccurrence};
pub use fan_out::FanOut;
pub use join::JoinedRows;
pub use read::{MappingOptions, read_pairs};
pub use weighted::{WeightedCollisions, weighted_collisions};

use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_reserve};
use crate::metrics::{CodeMetrics, Sizes, code_metrics};
use std::collections::HashMap;

/// The semantic IDs of items, whatever made them.
///
/// ```
/// use semid::Codes;
/// use semid::mapping::Mapping;
///
/// let keys = ["hat", "cap", "shoe"].map(String::from);
/// let mapping = Mapping::new(keys.to_vec(), Codes::new(vec![0, 1, 0, 1, 2, 0], 2)?)?;
/// assert_eq!(mapping.metrics()?.ids.collision_rate, 1.0 / 3.0);
/// // With one place per list, a recommender finds the hat in half of the cases, and likewise the cap.
/// assert_eq!(mapping.recall_ceiling(1)?, 2.0 / 3.0);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mapping {
    keys: Vec<String>,
    codes: Codes,
    /// Number of clusters of every level.
    clusters: Vec<usize>,
    /// The rows, in the order of their keys.
    by_key: Vec<usize>,
    /// How often each item is wanted, where the file of the IDs says so.
    weights: Option<Vec<f64>>,
    /// The code of every level that stands for none, where IDs have different lengths.
    no_codes: Option<Vec<u32>>,
    /// Number of rows of the file that have no codes.
    left_out: usize,
}

impl Mapping {
    /// Makes a mapping from the keys (N) of items to their codes (N, L).
    ///
    /// A level has as many clusters as its largest code asks for, see [`Mapping::with_clusters`].
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`], [`ErrorKind::Empty`]; [`ErrorKind::Parameter`] for a key that two items have and for a
    /// code that is too large.
    pub fn new(keys: Vec<String>, codes: Codes) -> Result<Self> {
        if keys.len() != codes.len() {
            return Err(ErrorKind::RowCount { what: "item keys", found: keys.len(), rows: codes.len() }.into());
        }
        if codes.is_empty() {
            return Err(ErrorKind::Empty.into());
        }
        let mut by_key = Vec::new();
        try_reserve(&mut by_key, keys.len(), "the order of item keys")?;
        by_key.extend(0..keys.len());
        let key = |row: &usize| keys.get(*row).map_or("", String::as_str);
        by_key.sort_unstable_by(|a, b| (key(a), a).cmp(&(key(b), b)));
        let twice = by_key.windows(2).filter(|pair| pair.first().map(key) == pair.last().map(key));
        if let Some([first, row]) = twice.min_by_key(|pair| pair.last().copied()) {
            let expected = format!("must be of one row only; rows {first} and {row} have this key");
            return Err(Error::parameter("item key", format!("{:?}", key(row)), expected));
        }
        let mut clusters = vec![1; codes.levels()];
        for row in codes.rows() {
            clusters.iter_mut().zip(row).for_each(|(most, code)| *most = (*code as usize + 1).max(*most));
        }
        if let Some(most) = clusters.iter().find(|clusters| **clusters > crate::MAX_CLUSTERS) {
            let expected = format!("must be below {}", crate::MAX_CLUSTERS);
            return Err(Error::parameter("code", most - 1, expected));
        }
        Ok(Self { keys, codes, clusters, by_key, weights: None, no_codes: None, left_out: 0 })
    }

    /// Sets the number of clusters of the first levels, so that codes that no item has count as unused.
    ///
    /// # Errors
    /// [`ErrorKind::Code`] for an item whose code its level does not have, [`ErrorKind::CodeLevels`] for more numbers
    /// than levels.
    pub fn with_clusters(mut self, clusters: &[usize]) -> Result<Self> {
        if clusters.len() > self.clusters.len() {
            let (expected, found) = (self.clusters.len(), clusters.len());
            return Err(ErrorKind::CodeLevels { expected, found }.into());
        }
        for (level, (own, clusters)) in self.clusters.iter_mut().zip(clusters).enumerate() {
            if let Some(row) =
                self.codes.rows().position(|row| row.get(level).is_some_and(|c| *c as usize >= *clusters))
            {
                let code = self.codes.get(row).and_then(|row| row.get(level)).copied().unwrap_or(0);
                return Err(ErrorKind::Code { row, level, code, clusters: *clusters }.into());
            }
            *own = *clusters;
        }
        Ok(self)
    }

    /// Returns the keys of the items, (N).
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Returns the codes of the items, (N, L), in the order of the keys.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Returns the number of clusters of every level, (L).
    pub fn clusters(&self) -> &[usize] {
        &self.clusters
    }

    /// Returns the number of the item with this key.
    pub fn row(&self, key: &str) -> Option<usize> {
        let at = self.by_key.binary_search_by_key(&key, |row| self.keys.get(*row).map_or("", String::as_str));
        self.by_key.get(at.ok()?).copied()
    }

    /// Returns the codes of an item's ID; `None` at levels that the ID does not have.
    fn id(&self, row: usize) -> impl Iterator<Item = Option<u32>> {
        let codes = self.codes.get(row).unwrap_or_default().iter().enumerate();
        codes.map(|(level, code)| {
            let none = self.no_codes.as_ref().and_then(|none| none.get(level));
            Some(*code).filter(|_| none != Some(code))
        })
    }

    /// Returns how often each item is wanted, (N), where the file of the IDs was read with
    /// [`MappingOptions::weight_column`].
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// Returns the number of rows without codes in the file that the IDs were read from, such as bad rows; they are no
    /// items.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Measures the codes alone: collisions of whole IDs, and the use of every level.
    ///
    /// # Errors
    /// As for [`code_metrics`].
    pub fn metrics(&self) -> Result<CodeMetrics> {
        code_metrics(&self.codes, &self.clusters)
    }

    /// Returns the best recall at `k` that any recommender can reach that answers with these IDs, if every item is
    /// wanted equally often: the mean over the items of `min(1, k / n)`, where n items have the item's ID.
    ///
    /// A recommender that knows the right ID still has to choose k of its n items by chance. For several k, take
    /// [`Sizes::recall_ceiling`] of [`Mapping::sizes`].
    ///
    /// # Exactness
    /// As for [`Sizes::recall_ceiling`].
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for k = 0.
    pub fn recall_ceiling(&self, k: u64) -> Result<f64> {
        if k == 0 {
            return Err(Error::parameter("k", 0, "must be at least 1"));
        }
        Ok(self.sizes().recall_ceiling(k))
    }

    /// Returns the number of items of every ID.
    fn group_sizes(&self) -> HashMap<&[u32], u64> {
        let mut sizes = HashMap::new();
        self.codes.rows().for_each(|row| *sizes.entry(row).or_insert(0) += 1);
        sizes
    }

    /// Returns the sizes of the groups of items that share an ID.
    pub fn sizes(&self) -> Sizes {
        self.group_sizes().into_values().collect()
    }
}
