//! Reports for people to read and look at, which show whether semantic IDs are good.

mod chart;
mod facts;
mod figure;
mod figures;
mod findings;
mod mapping;
mod model;
mod names;
mod numbers;
mod page;
mod save;
mod table;
mod theme;
mod tree;
mod words;

use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::mapping::weighted_collisions;
use crate::metrics::{Evaluation, EvaluationProgress, Quantizer, weighted_errors};
use crate::rows::Rows;
use crate::sweep::{SweepMetric, SweepRecord};
use crate::weights::Weights;
use facts::{ByWeight, Facts};
pub use findings::{MappingFindings, ModelFindings};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The number of queries by default; all rows where there are fewer.
const QUERIES: usize = 2000;
/// The number of neighbours of each query; all others where there are fewer.
const K: usize = 10;
/// The numbers of neighbours at which recall is measured, but for those that a query does not have.
const CURVE: [usize; 7] = [1, 2, 5, 10, 20, 50, 100];

/// Makes a report on the semantic IDs that a model gives: a page for a browser, and figures.
///
/// The page is one HTML file that loads nothing from a network. It is light or dark as the reader prefers, fits a
/// telephone, and works by keyboard and with a screen reader. Given texts, such as names of items, are shown as they
/// are: no text can become part of the page's code.
///
/// # Exactness
/// Equal models, rows, names and settings give the same bytes on every device. The page contains no time or date.
///
/// ```
/// use semid::{Device, Matrix, Report, RqKMeans};
///
/// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
/// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
/// let model = RqKMeans::new(3, 16).fit(&rows, &device)?;
/// let names: Vec<String> = (0..500).map(|i| format!("item {i}")).collect();
/// let page = Report::new().title("My items").names(&names).run(&model, &rows, &device)?;
/// assert!(page.html().contains("<title>My items</title>"));
/// assert!(page.figures().iter().any(|figure| figure.name == "collisions" && figure.svg.contains("<svg")));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    names: Option<Arc<[String]>>,
    labels: Option<Arc<[String]>>,
    weights: Option<Weights>,
    sweep: Arc<[SweepRecord]>,
    rank_by: SweepMetric,
    details: Vec<(String, String)>,
    queries: usize,
    k: Option<usize>,
    pairs: usize,
    seed: u64,
    findings: Arc<ModelFindings>,
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// Makes a report without names: with up to 10 neighbours of up to 2,000 rows, 20,000 pairs and seed 42.
    pub fn new() -> Self {
        Self {
            title: "Semantic IDs".to_owned(),
            names: None,
            labels: None,
            weights: None,
            sweep: Arc::new([]),
            rank_by: SweepMetric::default(),
            details: Vec::new(),
            queries: QUERIES,
            k: None,
            pairs: Evaluation::new().pairs,
            seed: 42,
            findings: Arc::default(),
        }
    }

    /// Sets the title of the page.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the names of the items, one for each row; without names, items are called by their row numbers.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets labels of the items, such as categories, one for each row; items with a common prefix should share them. An
    /// empty label is none, and its item counts for nothing where labels are compared.
    #[must_use]
    pub fn labels(mut self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Sets how often each item counts, such as how often it is wanted; the page then shows errors, collisions and
    /// neighbours by weight, too.
    #[must_use]
    pub fn weights(mut self, weights: Weights) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Adds the runs of a sweep, which the page compares.
    #[must_use]
    pub fn sweep(mut self, runs: impl Into<Arc<[SweepRecord]>>) -> Self {
        self.sweep = runs.into();
        self
    }

    /// Sets the metric by which the runs of a sweep are ranked; by default it is their collision rate.
    #[must_use]
    pub fn rank_by(mut self, metric: SweepMetric) -> Self {
        self.rank_by = metric;
        self
    }

    /// Adds a line to the part of the page that says where its contents come from, such as the name of a file.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.push((name.into(), value.into()));
        self
    }

    /// Sets how many rows, chosen by the seed, are queries; 0 leaves out everything about neighbours.
    #[must_use]
    pub fn sample(mut self, queries: usize) -> Self {
        self.queries = queries;
        self
    }

    /// Sets the number of neighbours of each query; 0 leaves out everything about neighbours, as for
    /// [`Evaluation::k`](crate::metrics::Evaluation::k).
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = Some(k);
        self
    }

    /// Sets the largest number of pairs of rows for the correlation of distances; if there are fewer pairs, all are
    /// used.
    #[must_use]
    pub fn pairs(mut self, pairs: usize) -> Self {
        self.pairs = pairs;
        self
    }

    /// Sets the seed of the sample, of the pairs of rows and of the shuffled labels.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds measures of a model that need more than the model and its rows.
    #[must_use]
    pub fn findings(mut self, findings: ModelFindings) -> Self {
        self.findings = Arc::new(findings);
        self
    }

    /// Encodes rows with a model, measures, and draws the page.
    ///
    /// # Errors
    /// As for [`Report::run_on_codes`], and any error of encoding.
    pub fn run(&self, model: &dyn Quantizer, rows: &dyn Rows, device: &Device) -> Result<ReportPage> {
        let codes = model.encode(rows, device)?;
        self.run_on_codes(model, rows, &codes, device, |_| ControlFlow::Continue(()))
    }

    /// Reports on given codes of `rows`; `progress` may stop it.
    ///
    /// # Shapes
    /// `rows` (N, D), `codes` (N, L), names and labels (N).
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`] where there is not one name, label or weight for each row; any error of
    /// [`Evaluation::run_on_codes`] and of [`Evaluator::weights`](crate::metrics::Evaluator::weights).
    pub fn run_on_codes(
        &self,
        model: &dyn Quantizer,
        rows: &dyn Rows,
        codes: &Codes,
        device: &Device,
        progress: impl FnMut(&EvaluationProgress) -> ControlFlow<()>,
    ) -> Result<ReportPage> {
        self.check(rows.len())?;
        let neighbors = rows.len().saturating_sub(1);
        let k = if self.queries == 0 { 0 } else { self.k.unwrap_or(neighbors.min(K)) };
        let curve: Vec<usize> = CURVE.into_iter().filter(|k| *k <= neighbors).collect();
        let evaluation = Evaluation::new().k(k).pairs(self.pairs).recall_curve(curve).seed(self.seed);
        let evaluation = evaluation.sample(self.queries.clamp(1, rows.len().max(1)));
        let mut evaluator = evaluation.on(rows);
        if let Some(weights) = &self.weights {
            evaluator = evaluator.weights(weights)?;
        }
        let quality = evaluator.run(model, codes, device, progress)?;
        let by_weight =
            self.weights.as_ref().map(|weights| by_weight(weights, (model, rows), codes, device)).transpose()?;
        let facts = Facts::new(self, (model, rows), codes, (quality, by_weight))?;
        page::of_model(self, &facts)
    }

    fn check(&self, rows: usize) -> Result<()> {
        let wrong = |what: &'static str, list: Option<&[String]>| -> Result<()> {
            match list.map(<[String]>::len).filter(|found| *found != rows) {
                Some(found) => Err(Error::from(ErrorKind::RowCount { what, found, rows })),
                None => Ok(()),
            }
        };
        wrong("names", self.names.as_deref())?;
        wrong("labels", self.labels.as_deref())
    }
}

fn by_weight(
    weights: &Weights,
    (model, rows): (&dyn Quantizer, &dyn Rows),
    codes: &Codes,
    device: &Device,
) -> Result<ByWeight> {
    let errors = model.reconstructs().then(|| weighted_errors(model, rows, codes, weights, device)).transpose()?;
    Ok(ByWeight { errors, collisions: weighted_collisions(codes, weights)? })
}

/// A finished report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPage {
    html: String,
    figures: Vec<ReportFigure>,
}

impl ReportPage {
    /// Returns the page, which is a whole HTML file.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Returns the figures of the page, each as a separate file.
    pub fn figures(&self) -> &[ReportFigure] {
        &self.figures
    }
}

/// A figure as a whole SVG file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportFigure {
    /// The name of the figure, which is unique on the page and fit for a file: `collisions`, `usage-1` and so on.
    pub name: String,
    /// The title of the figure.
    pub title: String,
    /// The SVG file.
    pub svg: String,
}

#[cfg(test)]
mod tests;
