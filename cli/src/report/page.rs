//! Prepares a page from its flags, and writes its files.

use crate::args::{PageArgs, ReportArgs};
use crate::extension::extension;
use crate::input::Input;
use crate::input::labels::ItemLabels;
use crate::input::pairs::PairFacts;
use crate::output::{self, Failure, things};
use semid::io::AtomicFile;
use semid::report::ReportPage;
use semid::{Model, Report, Weights};
use std::path::{Path, PathBuf};

/// A page to be drawn about the rows of an input.
pub(crate) struct Page<'a> {
    args: &'a PageArgs,
    output: &'a Path,
    input: &'a Input,
    names: Option<Vec<String>>,
    labels: Option<ItemLabels>,
}

impl<'a> Page<'a> {
    /// Reads the texts of the rows, and checks that `output` can be written and is none of the inputs.
    pub(crate) fn new(
        args: &'a PageArgs,
        output: &'a Path,
        input: &'a Input,
        inputs: &[&Path],
    ) -> Result<Self, Failure> {
        let id_column = ("--id-column", args.id_column.as_deref());
        let names = input.texts(id_column, ("names", "--items", args.items.as_deref()))?;
        let labels = input.item_labels(args.label_column.as_deref(), args.labels.as_deref())?;
        let texts = [args.items.as_deref(), args.labels.as_deref()].into_iter().flatten();
        inputs.iter().copied().chain(texts).try_for_each(|other| output::differs(output, other))?;
        input.check_output(output)?;
        check_output(args, output)?;
        Ok(Self { args, output, input, names, labels })
    }

    /// Returns the report on a model, which comes from `source`.
    pub(crate) fn report(&self, model: &Model, source: &str, rows: usize) -> Report {
        let input = file_name(self.input.name());
        let stem = self.input.name().file_stem().unwrap_or_default().to_string_lossy();
        let title = self.args.title.clone().unwrap_or_else(|| format!("Semantic IDs of {stem}"));
        let (rows, dimensions) = (things(rows, "row"), things(model.dim(), "dimension"));
        let mut report = Report::new()
            .title(title)
            .detail("Embeddings", format!("{input}: {rows} of {dimensions}"))
            .detail("Model", format!("{source}: {}, {}", model.kind(), clusters(&model.clusters())))
            .detail("Fingerprint of the model", model.fingerprint());
        if let Some(names) = &self.names {
            report = report.names(names);
        }
        if let Some(labels) = &self.labels {
            report = report.labels(labels.iter().map(|label| label.as_deref().unwrap_or_default()));
        }
        report
    }

    /// Writes the page and, if asked, the figures; returns the files of the figures.
    pub(crate) fn save(&self, page: &ReportPage) -> Result<Vec<PathBuf>, Failure> {
        save(self.args, self.output, page)
    }
}

/// Adds lines about the files of pairs.
pub(super) fn of_pairs(mut report: Report, args: &ReportArgs, pairs: Option<&PairFacts>) -> Report {
    if let (Some(file), Some(pairs)) = (&args.smooth.smooth_pairs, pairs) {
        let text = format!("every row has {} of the mean of its partners in {}", pairs.weight(), file_name(file));
        report = report.detail("Mixed rows", text);
    }
    match &args.ids.interactions {
        Some(file) => report.detail("Pairs", file_name(file)),
        None => report,
    }
}

/// Sets how much is measured, of which rows, and by which weights.
pub(super) fn measured(report: Report, args: &ReportArgs, weights: Option<Weights>) -> Report {
    let report = report.sample(args.sample).pairs(args.pairs).seed(args.seed);
    let report = match args.k {
        Some(k) => report.k(k),
        None => report,
    };
    match weights {
        Some(weights) => report.weights(weights),
        None => report,
    }
}

/// Checks, before the measuring, that the page and its figures can be written.
pub(super) fn check_output(args: &PageArgs, output: &Path) -> Result<(), Failure> {
    if !matches!(extension(output).as_str(), "html" | "htm") {
        let path = output.display();
        return Err(Failure::Error(format!("{path}: a report is a web page; give it a name that ends in .html")));
    }
    AtomicFile::check(output)?;
    args.svg.as_deref().map_or(Ok(()), writable)
}

/// Writes a page and, if asked, its figures; returns the files of the figures.
pub(super) fn save(args: &PageArgs, output: &Path, page: &ReportPage) -> Result<Vec<PathBuf>, Failure> {
    page.save(output)?;
    let Some(folder) = &args.svg else { return Ok(Vec::new()) };
    page.save_figures(folder)?;
    Ok(page.figures().iter().map(|figure| folder.join(format!("{}.svg", figure.name))).collect())
}

/// Makes a folder if it is missing, and checks that files can be written into it.
fn writable(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::Error(format!("{}: making the folder failed: {error}; give another one", folder.display()))
    })?;
    Ok(AtomicFile::check(folder.join("collisions.svg"))?)
}

/// Writes the clusters of every level in one text, which stays short if many are equal.
fn clusters(of: &[usize]) -> String {
    match of {
        [first, rest @ ..] if rest.len() >= 6 && rest.iter().all(|clusters| clusters == first) => {
            format!("{} levels of {}", of.len(), things(*first, "cluster"))
        }
        _ => format!("clusters per level {}", of.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Returns the name of a file without its folders, which may be private.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
