//! Counts records in the order of their IDs, in constant memory.

use semid::Result;
use semid::metrics::{CodeMetrics, SortedCodeCounter};
use semid::registry::Record;

/// The counts so far.
pub(super) struct Tally {
    pub(super) items: u64,
    pub(super) retired: u64,
    pub(super) suffixed: u64,
    pub(super) moved: u64,
    codes: SortedCodeCounter,
}

impl Tally {
    pub(super) fn new(clusters: &[usize]) -> Result<Self> {
        Ok(Self { items: 0, retired: 0, suffixed: 0, moved: 0, codes: SortedCodeCounter::new(clusters)? })
    }

    pub(super) fn add(&mut self, record: &Record) -> Result<()> {
        if record.item.is_none() {
            self.retired += 1;
            return Ok(());
        }
        let id = &record.entry.id;
        self.items += 1;
        self.suffixed += u64::from(id.suffix > 0);
        self.moved += u64::from(record.entry.encoded.is_some());
        self.codes.add(&id.codes, 1)
    }

    /// Returns the measures of the items' codes; none without items.
    pub(super) fn codes(&self) -> Result<Option<CodeMetrics>> {
        if self.items == 0 { Ok(None) } else { self.codes.clone().finish().map(Some) }
    }
}
