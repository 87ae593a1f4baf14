//! How many items have which codes.

use crate::error::{FunctionError, within};
use semid::ErrorKind;
use semid::metrics::{CodeMetrics, SortedCodeCounter};
use semid::rq::MAX_CLUSTERS;
use std::collections::HashMap;

/// The function whose items are counted.
pub(crate) const NAME: &str = "semid_stats";

/// Counts the items of every code.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    items: HashMap<Box<[u32]>, u64>,
    /// The largest code of every level, as soon as there is a code.
    largest: Option<Vec<u32>>,
}

impl Tally {
    /// Counts `items` items with the same codes, of which `row` has the first.
    pub(crate) fn add(&mut self, row: usize, codes: &[u32], items: u64) -> Result<(), FunctionError> {
        let largest = self.largest.get_or_insert_with(|| codes.to_vec());
        if largest.len() != codes.len() {
            let (expected, found) = (largest.len(), codes.len());
            return Err(FunctionError::Levels { function: NAME, row, expected, found });
        }
        let beyond = codes.iter().enumerate().find(|(_, code)| **code as usize >= MAX_CLUSTERS);
        if let Some((level, code)) = beyond {
            return Err(within(NAME)(ErrorKind::Code { row, level, code: *code, clusters: MAX_CLUSTERS }.into()));
        }
        largest.iter_mut().zip(codes).for_each(|(largest, code)| *largest = (*largest).max(*code));
        match self.items.get_mut(codes) {
            Some(all) => *all = all.saturating_add(items),
            None => drop(self.items.insert(codes.into(), items)),
        }
        Ok(())
    }

    /// Returns all codes in order, and the items of each.
    pub(crate) fn sorted(&self) -> Vec<(&[u32], u64)> {
        let mut all: Vec<_> = self.items.iter().map(|(codes, items)| (&**codes, *items)).collect();
        all.sort_unstable();
        all
    }

    /// Returns the measures of all codes, or none where there are no codes.
    pub(crate) fn measure(&self) -> semid::Result<Option<CodeMetrics>> {
        let Some(largest) = &self.largest else { return Ok(None) };
        let clusters: Vec<usize> = largest.iter().map(|code| *code as usize + 1).collect();
        let mut counter = SortedCodeCounter::new(&clusters)?;
        self.sorted().into_iter().try_for_each(|(codes, items)| counter.add(codes, items))?;
        counter.finish().map(Some)
    }

    /// Returns the bytes of memory that the counts take.
    pub(crate) fn size(&self) -> usize {
        let levels = self.largest.as_ref().map_or(0, Vec::len);
        self.items.capacity() * size_of::<(Box<[u32]>, u64)>() + (self.items.len() + 1) * levels * size_of::<u32>()
    }
}
