//! Collects keys and IDs of any lengths into a mapping.

use super::Mapping;
use crate::MAX_CLUSTERS;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_reserve};
use std::collections::HashSet;

/// Items as a file gives them, one after the other.
#[derive(Default)]
pub(super) struct Builder {
    keys: Vec<String>,
    values: Vec<u32>,
    /// Where the codes of every item end.
    ends: Vec<usize>,
    /// How often each item is wanted, where that is known.
    weights: Vec<f64>,
    /// Number of rows without codes.
    left_out: usize,
}

impl Builder {
    /// Adds an item.
    pub(super) fn push(&mut self, key: String, codes: impl IntoIterator<Item = u64>) -> Result<()> {
        let start = self.values.len();
        for code in codes {
            try_reserve(&mut self.values, 1, "codes of items")?;
            let known = u32::try_from(code).ok().filter(|code| (*code as usize) < MAX_CLUSTERS);
            self.values.push(known.ok_or_else(|| {
                let expected = format!("must be below {MAX_CLUSTERS} (item {key:?})");
                Error::parameter("code", code, expected)
            })?);
        }
        if self.values.len() == start {
            return Err(Error::parameter("id", "empty", format!("must have at least one code (item {key:?})")));
        }
        try_reserve(&mut self.keys, 1, "item keys")?;
        try_reserve(&mut self.ends, 1, "codes of items")?;
        self.keys.push(key);
        self.ends.push(self.values.len());
        Ok(())
    }

    /// Whether every item has the one code 1, and a key of digits or of digits and commas: the keys are the IDs then.
    pub(super) fn is_catalogue(&self) -> bool {
        let is_id = |key: &String| key.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        !self.keys.is_empty()
            && self.ends.len() == self.values.len()
            && self.values.iter().all(|code| *code == 1)
            && self.keys.iter().all(is_id)
    }

    /// Returns the keys of the items.
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Counts a row that has no codes.
    pub(super) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Says how often the item that was added last is wanted, from the text of a number.
    pub(super) fn weigh(&mut self, text: &str) -> Result<()> {
        let key = self.keys.last().map_or("", String::as_str);
        let wrong = |_| Error::parameter("weight", format!("{text:?}"), format!("must be a number (item {key:?})"));
        let weight = text.trim().parse().map_err(wrong)?;
        try_reserve(&mut self.weights, 1, "weights of items")?;
        self.weights.push(weight);
        Ok(())
    }

    /// Says how often every item is wanted.
    #[cfg(feature = "parquet")]
    pub(super) fn weigh_all(&mut self, weights: Vec<f64>) {
        self.weights = weights;
    }

    /// Makes the mapping.
    ///
    /// An ID that is shorter than the longest one gets, at every level that it lacks, a code that no item has there: it
    /// stays different from all longer IDs.
    pub(super) fn finish(mut self) -> Result<Mapping> {
        let (weights, left_out) = (std::mem::take(&mut self.weights), self.left_out);
        let mapping = self.mapping()?;
        Ok(Mapping { weights: (weights.len() == mapping.keys.len()).then_some(weights), left_out, ..mapping })
    }

    fn mapping(self) -> Result<Mapping> {
        let starts = || std::iter::once(0).chain(self.ends.iter().copied());
        let ids = || starts().zip(&self.ends).map(|(start, end)| self.values.get(start..*end).unwrap_or_default());
        let levels = ids().map(<[u32]>::len).max().ok_or(ErrorKind::Empty)?;
        if ids().all(|id| id.len() == levels) {
            return Mapping::new(self.keys, Codes::new(self.values, levels)?);
        }
        let mut none = vec![0; levels];
        for id in ids() {
            none.iter_mut().zip(id).for_each(|(none, code)| *none = (*code + 1).max(*none));
        }
        for (level, none) in none.iter_mut().enumerate().filter(|(_, none)| **none as usize >= MAX_CLUSTERS) {
            let used: HashSet<u32> = ids().filter_map(|id| id.get(level).copied()).collect();
            *none = (0..MAX_CLUSTERS as u32).find(|code| !used.contains(code)).ok_or_else(|| {
                let expected = "give IDs of one length, as no code of the level is left for those that end before it";
                Error::parameter("level", level + 1, expected)
            })?;
        }
        let mut values = Vec::new();
        try_reserve(&mut values, levels.saturating_mul(self.keys.len()), "codes of items")?;
        for id in ids() {
            values.extend_from_slice(id);
            values.extend(none.iter().skip(id.len()));
        }
        Ok(Mapping { no_codes: Some(none), ..Mapping::new(self.keys, Codes::new(values, levels)?)? })
    }
}
