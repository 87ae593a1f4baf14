//! Counts codes in any order, or sorted codes in constant memory.

use super::code_metrics::{Bucket, CodeMetrics, IdMetrics, LevelMetrics};
use super::sizes::Sizes;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, out_of_memory, try_collect};
use std::cmp::Reverse;
use std::collections::HashMap;

/// What the memory of IDs is for.
const IDS: &str = "different IDs";
/// How many of the largest buckets are kept.
const LARGEST: usize = 5;

/// Measures codes alone: collisions of whole IDs, and the use of the clusters of each level.
///
/// # Shapes
/// `codes` (N, L), `clusters` (L).
///
/// # Errors
/// As for [`CodeCounter::new`], [`CodeCounter::add`] and [`CodeCounter::finish`].
///
/// ```
/// use semid::Codes;
/// use semid::metrics::code_metrics;
///
/// let codes = Codes::new(vec![0, 1, 0, 1, 2, 0], 2)?; // 0-1, 0-1, 2-0
/// let metrics = code_metrics(&codes, &[3, 2])?;
/// assert_eq!((metrics.ids.collision_rate, metrics.ids.max_bucket), (1.0 / 3.0, 2));
/// assert_eq!(metrics.levels[0].dead_codes, 1);
/// # Ok::<(), semid::Error>(())
/// ```
pub fn code_metrics(codes: &Codes, clusters: &[usize]) -> Result<CodeMetrics> {
    let mut counter = CodeCounter::new(clusters)?;
    codes.rows().try_for_each(|row| counter.add(row))?;
    counter.finish()
}

/// Counts the codes of rows one by one, in any order; keeps one entry per different ID.
///
/// ```
/// use semid::metrics::CodeCounter;
///
/// let mut counter = CodeCounter::new(&[4, 4])?;
/// for codes in [[3, 1], [0, 2], [3, 1]] {
///     counter.add(&codes)?;
/// }
/// assert_eq!(counter.finish()?.ids.distinct_ids, 2);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CodeCounter {
    clusters: Vec<usize>,
    rows: usize,
    ids: HashMap<Box<[u32]>, u64>,
}

impl CodeCounter {
    /// Makes a counter for levels with these numbers of clusters.
    ///
    /// # Errors
    /// [`ErrorKind::Clusters`] for a number of clusters that no level can have.
    pub fn new(clusters: &[usize]) -> Result<Self> {
        check_clusters(clusters)?;
        Ok(Self { clusters: clusters.to_vec(), rows: 0, ids: HashMap::new() })
    }

    /// Counts a row.
    ///
    /// # Errors
    /// [`ErrorKind::CodeLevels`] for a wrong number of codes, [`ErrorKind::Code`] for a code that its level does not
    /// have.
    pub fn add(&mut self, codes: &[u32]) -> Result<()> {
        check(self.rows, codes, &self.clusters)?;
        match self.ids.get_mut(codes) {
            Some(items) => *items += 1,
            None => {
                let mut key = Vec::new();
                let room = key.try_reserve_exact(codes.len()).and_then(|()| self.ids.try_reserve(1));
                if room.is_err() {
                    let all = self.ids.len() + 1;
                    // Many small keys leave no room for the error either.
                    self.ids = HashMap::new();
                    return Err(out_of_memory::<(Box<[u32]>, u64)>(IDS, all));
                }
                key.extend_from_slice(codes);
                self.ids.insert(key.into_boxed_slice(), 1);
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the count and returns the measures.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] where there was no row.
    pub fn finish(self) -> Result<CodeMetrics> {
        let mut ids = try_collect(self.ids.into_iter(), IDS)?;
        ids.sort_unstable();
        let mut counter = SortedCodeCounter::new(&self.clusters)?;
        ids.iter().try_for_each(|(codes, items)| counter.add(codes, *items))?;
        counter.finish()
    }
}

/// Counts the codes of items in the order of their codes; its memory depends only on the clusters.
///
/// ```
/// use semid::metrics::SortedCodeCounter;
///
/// let mut counter = SortedCodeCounter::new(&[4, 4])?;
/// counter.add(&[0, 2], 1)?;
/// counter.add(&[3, 1], 2)?; // two items with these codes
/// assert_eq!(counter.finish()?.ids.collision_rate, 1.0 / 3.0);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SortedCodeCounter {
    clusters: Vec<usize>,
    /// For every level, the number of items of each code.
    usage: Vec<Vec<u64>>,
    /// For every length, the sizes of the prefixes that are complete.
    prefixes: Vec<Sizes>,
    /// For every length, the number of items so far with the prefix of `current`.
    open: Vec<u64>,
    current: Vec<u32>,
    ids: usize,
    largest: Vec<Bucket>,
}

impl SortedCodeCounter {
    /// Makes a counter for levels with these numbers of clusters.
    ///
    /// # Errors
    /// As for [`CodeCounter::new`].
    pub fn new(clusters: &[usize]) -> Result<Self> {
        check_clusters(clusters)?;
        Ok(Self {
            clusters: clusters.to_vec(),
            usage: clusters.iter().map(|clusters| vec![0; *clusters]).collect(),
            prefixes: vec![Sizes::default(); clusters.len()],
            open: vec![0; clusters.len()],
            current: Vec::new(),
            ids: 0,
            largest: Vec::new(),
        })
    }

    /// Counts `items` items with the same codes, which must not be smaller than the codes before.
    ///
    /// # Errors
    /// As for [`CodeCounter::add`]; a parameter error for codes smaller than those before.
    pub fn add(&mut self, codes: &[u32], items: u64) -> Result<()> {
        check(self.ids, codes, &self.clusters)?;
        if items == 0 {
            return Ok(());
        }
        if codes < self.current.as_slice() {
            return Err(Error::parameter("codes", format!("{codes:?}"), "must be sorted, as this counter takes them"));
        }
        if codes != self.current.as_slice() {
            let shared = self.current.iter().zip(codes).take_while(|(a, b)| a == b).count();
            self.close(shared);
            self.current = codes.to_vec();
            self.ids += 1;
        }
        self.open.iter_mut().for_each(|open| *open += items);
        for (usage, code) in self.usage.iter_mut().zip(codes) {
            if let Some(usage) = usage.get_mut(*code as usize) {
                *usage += items;
            }
        }
        Ok(())
    }

    /// Ends the prefixes of `current` that are longer than `shared`.
    fn close(&mut self, shared: usize) {
        if let Some(items) = self.open.last().copied().filter(|items| *items > 1) {
            self.largest.push(Bucket { codes: self.current.clone(), items });
            self.largest.sort_by_key(|bucket| Reverse(bucket.items)); // stable: the first codes win a tie
            self.largest.truncate(LARGEST);
        }
        for (sizes, open) in self.prefixes.iter_mut().zip(&mut self.open).skip(shared) {
            sizes.push(std::mem::take(open));
        }
    }

    /// Ends the count and returns the measures.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] where there was no item.
    pub fn finish(mut self) -> Result<CodeMetrics> {
        self.close(0);
        let Some(ids) = self.prefixes.last().filter(|ids| ids.items() > 0) else {
            return Err(ErrorKind::Empty.into());
        };
        let levels = self.usage.iter().zip(&self.prefixes);
        Ok(CodeMetrics {
            rows: ids.items(),
            ids: IdMetrics::new(ids, &self.clusters),
            levels: levels.map(|(usage, prefixes)| LevelMetrics::new(usage, prefixes)).collect(),
            largest_buckets: self.largest,
        })
    }
}

fn check_clusters(clusters: &[usize]) -> Result<()> {
    match clusters.iter().enumerate().find(|(_, clusters)| !(1..=crate::MAX_CLUSTERS).contains(*clusters)) {
        Some((level, clusters)) => Err(ErrorKind::Clusters { level, clusters: *clusters }.into()),
        None => Ok(()),
    }
}

/// Refuses codes that a model with these clusters per level cannot give.
pub(super) fn check(row: usize, codes: &[u32], clusters: &[usize]) -> Result<()> {
    if codes.len() != clusters.len() {
        return Err(ErrorKind::CodeLevels { expected: clusters.len(), found: codes.len() }.into());
    }
    match codes.iter().zip(clusters).enumerate().find(|(_, (code, clusters))| **code as usize >= **clusters) {
        Some((level, (code, clusters))) => Err(ErrorKind::Code { row, level, code: *code, clusters: *clusters }.into()),
        None => Ok(()),
    }
}
