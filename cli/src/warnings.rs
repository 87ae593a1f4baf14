//! Warnings about models and codes, which the commands make all the same.

use crate::outliers::{self, Ends, Far};
use crate::output::things;
use semid::metrics::CodeMetrics;
use semid::rq::{Codebook, LevelReport, NarrowDimension};
use semid::{Metric, Model, Rows};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Share of the codes of a level below which few are used.
const FEW: f64 = 0.05;

/// Steps of the grid within which rows get few different codes.
const COARSE: u64 = 64;

/// Most rows of zeros that are named, and most that are counted.
const NAMED: usize = 5;
const COUNTED: usize = 1000;

/// Warns of levels with equal codewords: they have more codewords than different rows, or codewords that no row can
/// have. The first `given` levels are left out: labels give their codes, equal codewords or not.
pub(crate) fn codewords<'c>(
    levels: impl Iterator<Item = &'c Codebook>,
    reports: &[LevelReport],
    given: usize,
) -> Vec<String> {
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
            (1, false) => Some(format!(
                "1 codeword of level {level} is equal to another, and no row can have it: take fewer clusters"
            )),
            (equal, false) => Some(format!(
                "{equal} codewords of level {level} are equal to others, and no row can have them: take fewer clusters"
            )),
        }
    };
    levels.zip(reports).enumerate().skip(given).filter_map(of).collect()
}

/// Warns of measures that compare prefixes of codes which do not build on each other.
pub(crate) fn prefixes(model: &Model) -> Vec<String> {
    let (first, levels) = (model.hierarchical_levels() + 1, model.levels());
    let warning = format!(
        "the codes of levels {first} to {levels} do not build on each other, so a shared prefix says little about \
         them: look at decoded distance and Hamming distance"
    );
    if first <= levels { vec![warning] } else { Vec::new() }
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

/// Notices rows that a command reads, however often and in whatever order: those of zeros under the cosine metric,
/// which have no direction, and values that a model cuts off.
pub(crate) struct Noticed {
    dim: usize,
    is_cosine: bool,
    ends: Option<Ends>,
    found: Mutex<Findings>,
}

#[derive(Default)]
struct Findings {
    zeros: BTreeSet<usize>,
    /// The rows that have far values, and the number of these values.
    beyond: HashSet<usize>,
    values: u64,
    /// The rows with the farthest values, farthest first.
    worst: Vec<Far>,
}

/// Most rows with far values that are named.
const WORST: usize = 8;

impl Noticed {
    /// Notices rows of zeros, if the metric is cosine.
    pub(crate) fn new(rows: &dyn Rows, metric: Metric) -> Self {
        let is_cosine = metric == Metric::Cosine;
        Self { dim: rows.dim().max(1), is_cosine, ends: None, found: Mutex::default() }
    }

    /// Notices rows that a model encodes, and values that it cuts off.
    pub(crate) fn of_model(rows: &dyn Rows, model: &Model) -> Self {
        let noticed = Self::new(rows, model.metric());
        // Under the cosine metric every row has a grid of its own.
        Self { ends: Ends::of(model).filter(|_| !noticed.is_cosine), ..noticed }
    }

    /// Looks at rows from `first` on.
    pub(crate) fn see(&self, first: usize, values: &[f32]) {
        let rows = || (first..).zip(values.chunks_exact(self.dim));
        if self.is_cosine {
            let is_zero = |row: &[f32]| row.iter().all(|value| *value == 0.0);
            let zeros: Vec<usize> = rows().filter(|(_, row)| is_zero(row)).map(|(number, _)| number).collect();
            if !zeros.is_empty() {
                let mut found = self.found();
                let room = COUNTED.saturating_sub(found.zeros.len());
                found.zeros.extend(zeros.into_iter().take(room));
            }
        }
        let Some(ends) = &self.ends else { return };
        for (number, row) in rows() {
            if let Some((values, far)) = ends.beyond(number, row) {
                self.found().add(far, values);
            }
        }
    }

    fn found(&self) -> MutexGuard<'_, Findings> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One sentence about rows of zeros, and one about values that were cut off; `number` is what a row is called.
    pub(crate) fn warnings(&self, number: impl Fn(usize) -> usize) -> Vec<String> {
        let found = self.found();
        let place = self.ends.as_ref().map_or("", Ends::place);
        let mut said = outliers::warnings(found.values, &found.worst, place, &number);
        if found.zeros.is_empty() {
            return said;
        }
        let count = match found.zeros.len() {
            1 => "1 row is".to_owned(),
            COUNTED.. => format!("{COUNTED} rows or more are"),
            count => format!("{count} rows are"),
        };
        let named: Vec<String> = found.zeros.iter().take(NAMED).map(|row| number(*row).to_string()).collect();
        let more = if found.zeros.len() > NAMED { ", ..." } else { "" };
        let named = named.join(", ");
        said.push(format!("{count} zero, which has no direction under the cosine metric: row {named}{more}"));
        said
    }
}

impl Findings {
    /// Adds a row with `values` far values, unless it was added before.
    fn add(&mut self, far: Far, values: u64) {
        if self.beyond.insert(far.row) {
            self.values += values;
            let key = |far: &Far| (Reverse(far.distance.to_bits()), far.row);
            let at = self.worst.partition_point(|other| key(other) < key(&far));
            self.worst.insert(at, far);
            self.worst.truncate(WORST);
        }
    }
}

/// One sentence about dimensions, out of `dim`, whose values differ by few steps of the grid; those that do not differ
/// by a step are left out, unless most dimensions have few.
pub(crate) fn narrow(narrow: &[NarrowDimension], dim: usize) -> Vec<String> {
    let named = |at: &NarrowDimension| format!("{} ({})", at.column, things(at.steps as usize, "step"));
    let coarse = narrow.iter().filter(|at| at.steps < COARSE).count();
    if 2 * coarse > dim {
        return vec![format!(
            "in {coarse} of {} half of the values lie within {COARSE} steps of the grid, as the farthest values make \
             it; if the others matter, leave the far rows out or scale all rows to one length",
            things(dim, "dimension")
        )];
    }
    // Embeddings often have dimensions that their model left unused: beside the others they are as good as constant.
    let narrow: Vec<&NarrowDimension> = narrow.iter().filter(|at| at.steps > 0).collect();
    let named: Vec<String> = narrow.iter().take(NAMED).map(|at| named(at)).collect();
    let more = if narrow.len() > NAMED { ", ..." } else { "" };
    if named.is_empty() {
        return Vec::new();
    }
    let differ = if narrow.len() == 1 { "differs" } else { "differ" };
    vec![format!(
        "{} of {dim} {differ} by fewer than 1,024 steps of the grid, which is made for the widest one, and hardly \
         count: dimension {}{more}; scale them if they matter",
        things(narrow.len(), "dimension"),
        named.join(", ")
    )]
}

/// Levels of a run of a sweep, or of IDs, of which few codes are used.
pub(crate) fn levels(codes: &CodeMetrics) -> Vec<String> {
    let used = codes.levels.iter().map(|level| (level.used_codes as usize, level.clusters as usize));
    usage(used, codes.rows as usize)
}
