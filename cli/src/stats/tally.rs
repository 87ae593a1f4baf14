//! Counts records in the order of their IDs, in constant memory.

use semid::metrics::{CodeMetrics, SortedCodeCounter};
use semid::registry::Record;
use semid::{ErrorKind, Result};

/// The counts so far.
pub(super) struct Tally {
    pub(super) items: u64,
    pub(super) retired: u64,
    pub(super) suffixed: u64,
    pub(super) moved: u64,
    levels: usize,
    codes: SortedCodeCounter,
}

impl Tally {
    pub(super) fn new(clusters: &[usize]) -> Result<Self> {
        let codes = SortedCodeCounter::new(clusters)?;
        Ok(Self { items: 0, retired: 0, suffixed: 0, moved: 0, levels: clusters.len(), codes })
    }

    pub(super) fn add(&mut self, record: &Record) -> Result<()> {
        let id = &record.entry.id;
        if id.codes.len() != self.levels {
            let reason = format!("an ID has {} codes, not {}", id.codes.len(), self.levels);
            return Err(ErrorKind::DamagedRegistry { reason }.into());
        }
        if record.item.is_none() {
            self.retired += 1;
            return Ok(());
        }
        self.items += 1;
        self.suffixed += u64::from(id.suffix > 0);
        self.moved += u64::from(record.entry.encoded.is_some());
        self.codes.add(&id.codes, 1).map_err(|error| match error.kind() {
            ErrorKind::Code { level, clusters, .. } => {
                let reason =
                    format!("an ID has codes {:?}, and level {} has {clusters} codes only", id.codes, level + 1);
                ErrorKind::DamagedRegistry { reason }.into()
            }
            _ => error,
        })
    }

    /// Returns the measures of the items' codes; none without items.
    pub(super) fn codes(&self) -> Result<Option<CodeMetrics>> {
        if self.items == 0 { Ok(None) } else { self.codes.clone().finish().map(Some) }
    }
}
