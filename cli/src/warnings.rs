//! Warnings about models and codes, which the commands make all the same.

use crate::output::things;
use semid::rq::{Codebook, LevelReport};
use semid::{Metric, Result, Rows};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

/// Share of the codes of a level below which few are used.
const FEW: f64 = 0.05;

/// Most rows of zeros that are named, and most that are counted.
const NAMED: usize = 5;
const COUNTED: usize = 1000;

/// Warns of levels with equal codewords: they have more codewords than different rows, or codewords that no row can
/// have.
pub(crate) fn codewords(levels: &[Codebook], reports: &[LevelReport]) -> Vec<String> {
    let of = |(i, (codebook, report)): (usize, (&Codebook, &LevelReport))| {
        let (level, clusters) = (i + 1, codebook.clusters());
        let different: HashSet<&[i32]> = (0..clusters).filter_map(|k| codebook.codeword(k)).collect();
        match (clusters - different.len(), report.squared_error == 0.0) {
            (0, _) => None,
            (_, true) => Some(format!(
                "level {level} has {clusters} clusters, more than the {} that its rows have: fewer clusters, or \
                 fewer levels, lose nothing",
                things(different.len(), "different value")
            )),
            (equal, false) => Some(format!(
                "{} of level {level} are equal to others, and no row can have them: take fewer clusters",
                things(equal, "codeword")
            )),
        }
    };
    levels.iter().zip(reports).enumerate().filter_map(of).collect()
}

/// Warns of levels where rows use few of the codes; `rows` is the number of rows.
pub(crate) fn usage(used: impl IntoIterator<Item = (usize, usize)>, rows: usize) -> Vec<String> {
    let few =
        |(_, (used, clusters)): &(usize, (usize, usize))| (*used as f64) < FEW * *clusters as f64 && rows >= *clusters;
    let say = |(i, (used, clusters)): (usize, (usize, usize))| {
        format!("level {} uses {} of {clusters}: fewer than 5 %", i + 1, things(used, "code"))
    };
    used.into_iter().enumerate().filter(few).map(say).collect()
}

/// Counts the codes that are used at each level.
pub(crate) struct Usage(Vec<Vec<bool>>);

impl Usage {
    pub(crate) fn new(clusters: &[usize]) -> Self {
        Self(clusters.iter().map(|clusters| vec![false; *clusters]).collect())
    }

    /// Counts the codes of rows, one after the other.
    pub(crate) fn count(&mut self, codes: &[u32]) {
        for row in codes.chunks_exact(self.0.len().max(1)) {
            for (used, code) in self.0.iter_mut().zip(row) {
                if let Some(used) = used.get_mut(*code as usize) {
                    *used = true;
                }
            }
        }
    }

    pub(crate) fn warnings(&self, rows: usize) -> Vec<String> {
        usage(self.0.iter().map(|used| (used.iter().filter(|used| **used).count(), used.len())), rows)
    }
}

/// Rows that notice rows of zeros, which have no direction.
pub(crate) struct Directed<'a> {
    rows: &'a dyn Rows,
    is_cosine: bool,
    zeros: Mutex<BTreeSet<usize>>,
}

impl<'a> Directed<'a> {
    pub(crate) fn new(rows: &'a dyn Rows, metric: Metric) -> Self {
        Self { rows, is_cosine: metric == Metric::Cosine, zeros: Mutex::default() }
    }

    /// Returns one sentence if there are rows of zeros; `number` gives the number of a row in the input.
    pub(crate) fn warnings(&self, number: impl Fn(usize) -> usize) -> Vec<String> {
        let zeros = self.zeros.lock().unwrap_or_else(PoisonError::into_inner);
        if zeros.is_empty() {
            return Vec::new();
        }
        let count = match zeros.len() {
            1 => "1 row is".to_owned(),
            COUNTED.. => format!("{COUNTED} rows or more are"),
            count => format!("{count} rows are"),
        };
        let named: Vec<String> = zeros.iter().take(NAMED).map(|row| number(*row).to_string()).collect();
        let more = if zeros.len() > NAMED { ", ..." } else { "" };
        vec![format!("{count} zero, which has no direction under the cosine metric: row {}{more}", named.join(", "))]
    }
}

impl Rows for Directed<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(first, out)?;
        if self.is_cosine {
            let is_zero = |row: &&[f32]| row.iter().all(|value| *value == 0.0);
            let rows = out.chunks_exact(self.dim().max(1)).enumerate();
            let found: Vec<usize> = rows.filter(|(_, row)| is_zero(row)).map(|(i, _)| first + i).collect();
            if !found.is_empty() {
                let mut zeros = self.zeros.lock().unwrap_or_else(PoisonError::into_inner);
                let room = COUNTED.saturating_sub(zeros.len());
                zeros.extend(found.into_iter().take(room));
            }
        }
        Ok(())
    }
}
