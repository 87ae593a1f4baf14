//! Which items keep their IDs from one mapping to another.

use super::Mapping;
use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::metrics::{Stability, stability};
use serde::Serialize;

/// How a mapping differs from an older one; items are the same where their keys are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Churn {
    /// Number of items that only the new mapping has.
    pub added_items: u64,
    /// Number of items that only the old mapping has.
    pub removed_items: u64,
    /// Number of items in both mappings whose IDs differ.
    pub changed_items: u64,
    /// Stability of the items in both mappings, at the first levels, which both have.
    #[serde(flatten)]
    pub stability: Stability,
}

impl Mapping {
    /// Compares the IDs of the items with those that `older` gives them.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where no key is in both.
    pub fn churn(&self, older: &Self) -> Result<Churn> {
        let levels = self.codes.levels().min(older.codes.levels());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let (mut both, mut changed) = (0, 0);
        for (row, key) in self.keys.iter().enumerate() {
            let Some(old) = older.row(key) else { continue };
            both += 1;
            let is_same = older.id(old).flatten().eq(self.id(row).flatten());
            changed += u64::from(!is_same);
            before.extend(older.id(old).take(levels).map(or_none));
            after.extend(self.id(row).take(levels).map(or_none));
        }
        if both == 0 {
            let example = (self.keys.first(), older.keys.first());
            let found = format!("{:?} and {:?}", example.0.map_or("", |key| key), example.1.map_or("", |key| key));
            return Err(Error::parameter(
                "item keys",
                found,
                "must have some in common; these are the first keys of each",
            ));
        }
        Ok(Churn {
            added_items: self.keys.len() as u64 - both,
            removed_items: older.keys.len() as u64 - both,
            changed_items: changed,
            stability: stability(&Codes::new(before, levels)?, &Codes::new(after, levels)?)?,
        })
    }
}

/// Returns the code, or one that no ID has: the two mappings may use different ones for levels that an ID lacks.
fn or_none(code: Option<u32>) -> u32 {
    code.unwrap_or(u32::MAX)
}
