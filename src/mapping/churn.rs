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
        for (key, new) in self.keys.iter().zip(self.codes.rows()) {
            let Some(old) = older.row(key).and_then(|row| older.codes.get(row)) else { continue };
            both += 1;
            changed += u64::from(old != new);
            before.extend(old.iter().take(levels));
            after.extend(new.iter().take(levels));
        }
        if both == 0 {
            let example = (self.keys.first(), older.keys.first());
            let found = format!("{:?} and {:?}", example.0.map_or("", |key| key), example.1.map_or("", |key| key));
            return Err(Error::parameter(
                "item keys",
                found,
                "some items are in both; these are the first keys of each",
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
