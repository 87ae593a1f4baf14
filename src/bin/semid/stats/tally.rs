//! Counting records that come in the order of their IDs, in constant memory.

use semid::Record;
use std::cmp::Reverse;

/// Largest buckets kept.
const LARGEST: usize = 5;
/// Possible codes of a level.
const CODES: usize = 65_536;

/// What was counted so far.
pub(super) struct Tally {
    pub(super) items: u64,
    pub(super) retired: u64,
    pub(super) distinct_codes: u64,
    pub(super) sharing: u64,
    pub(super) suffixed: u64,
    pub(super) moved: u64,
    used: Vec<Vec<bool>>,
    current: Bucket,
    /// The codes that most items share.
    pub(super) largest: Vec<Bucket>,
}

/// The items with the same codes.
#[derive(Clone, Default)]
pub(super) struct Bucket {
    pub(super) codes: Vec<u32>,
    pub(super) items: u64,
}

impl Tally {
    pub(super) fn new(levels: usize) -> Self {
        Self {
            items: 0,
            retired: 0,
            distinct_codes: 0,
            sharing: 0,
            suffixed: 0,
            moved: 0,
            used: vec![vec![false; CODES]; levels],
            current: Bucket::default(),
            largest: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, record: &Record) {
        if record.item.is_none() {
            self.retired += 1;
            return;
        }
        let id = &record.entry.id;
        if self.current.codes != id.codes {
            self.finish();
            self.current.codes.clone_from(&id.codes);
        }
        self.current.items += 1;
        self.items += 1;
        self.suffixed += u64::from(id.suffix > 0);
        self.moved += u64::from(record.entry.encoded.is_some());
    }

    /// Closes the last bucket.
    pub(super) fn finish(&mut self) {
        let bucket = std::mem::take(&mut self.current);
        if bucket.items == 0 {
            return;
        }
        self.distinct_codes += 1;
        for (used, code) in self.used.iter_mut().zip(&bucket.codes) {
            if let Some(used) = used.get_mut(*code as usize) {
                *used = true;
            }
        }
        if bucket.items > 1 {
            self.sharing += bucket.items;
            self.largest.push(bucket);
            self.largest.sort_by_key(|bucket| Reverse(bucket.items)); // stable: the first codes win a tie
            self.largest.truncate(LARGEST);
        }
    }

    /// Number of codes in use, per level.
    pub(super) fn used_codes(&self) -> Vec<usize> {
        self.used.iter().map(|used| used.iter().filter(|used| **used).count()).collect()
    }
}
