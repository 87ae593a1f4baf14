//! Measures how far new rows have drifted from older ones, as a model sees them.

use super::optimism::{Optimism, optimism};
use super::sizes::Sizes;
use super::{LevelMargins, errors, margins};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::labels::Labels;
use crate::quantizer::{EncodeOptions, Quantizer};
use crate::rows::Rows;
use serde::Serialize;

/// A measure of the older rows, the baseline, and of the new ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BeforeAfter<T> {
    /// The measure of the baseline.
    pub baseline: T,
    /// The measure of the new rows.
    pub new: T,
}

/// How new rows differ from older ones, as a model sees them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// Rows.
    pub rows: BeforeAfter<u64>,
    /// Values that were put on the grid: the rows, for a network the latents, times their dimensions.
    pub values: BeforeAfter<u64>,
    /// Values beyond the grid, for which its largest value was taken.
    pub saturated_values: BeforeAfter<u64>,
    /// Measures of each level, first to last.
    pub levels: Vec<LevelDrift>,
}

/// How the codes of a level have drifted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LevelDrift {
    /// Number of clusters, K.
    pub clusters: u64,
    /// Number of codes that occur.
    pub used_codes: BeforeAfter<u64>,
    /// `-sum p ln p` over the codes, in nats.
    pub entropy: BeforeAfter<f64>,
    /// `e^entropy`.
    pub perplexity: BeforeAfter<f64>,
    /// The population stability index between the two histograms of codes, `sum (q - p) ln(q / p)` over the U codes
    /// that occur in either. So that codes without rows count, every code has half a row more: p = (n + 1/2) / (N +
    /// U/2).
    pub psi: f64,
    /// The index that chance alone gives on average, `(U - 1) (1 / N + 1 / M)`, where N and M are the numbers of rows
    /// of both sides.
    pub psi_by_chance: f64,
    /// Share of the rows that would need another code for both histograms to be equal: half the sum of `|q - p|`.
    pub moved: f64,
    /// Mean over the rows of the squared distance that is left after this level; none where codes do not decode to
    /// rows.
    pub squared_error: Option<BeforeAfter<f64>>,
    /// By how much the squared error of fresh rows is expected to be larger, as a share of the baseline's, because
    /// codewords were fitted to rows of the baseline; about 0 where they were fitted to others.
    pub error_rise_by_chance: f64,
    /// Share of rows whose two nearest codewords are equally near.
    pub ties: BeforeAfter<f64>,
    /// The 5 % quantile of the margins, see [`LevelMargins::low_margin`].
    pub low_margin: BeforeAfter<f64>,
    /// The median of the margins, see [`LevelMargins::median_margin`].
    pub median_margin: BeforeAfter<f64>,
    /// By how much the median margin of fresh rows is expected to be smaller, as a share of the baseline's, because
    /// codewords were fitted to rows of the baseline.
    pub margin_loss_by_chance: f64,
}

/// Measures of one side.
struct Side {
    rows: u64,
    values: u64,
    saturated_values: u64,
    /// For every level, the rows of each code.
    counts: Vec<Vec<u64>>,
    /// The squared error of every level; none where codes do not decode to rows.
    errors: Option<Vec<f64>>,
    margins: Vec<LevelMargins>,
    /// What every level owes to codewords that were fitted to these rows; empty for new rows.
    optimism: Vec<Optimism>,
}

/// Encodes new rows and older ones, and compares how codes are used, how far rows are from what their codes decode to,
/// how clear the nearest codewords are, and how many values lie beyond the grid. [`Drift::crossings`] judges the
/// result.
///
/// The rows of the baseline need not be those of the same items. Where they are those that the model was fitted to, or
/// some of them, fresh rows of the same kind have larger errors and smaller margins, the more so the fewer rows there
/// are per codeword. An estimate of how much that is at most counts as chance: where it is 1, margins tell nothing.
/// Rows apart from the fit are the better baseline.
///
/// # Shapes
/// `new` (N, D), `baseline` (M, D); the margins of up to `sample` rows of each are measured, chosen by the seed.
///
/// # Exactness
/// Counts and margins are integers; every measure rounds in a fixed order. So all devices give the same bits.
///
/// # Errors
/// [`ErrorKind::Empty`], [`ErrorKind::DimMismatch`], [`ErrorKind::Unsupported`] for a kind without distances to
/// codewords, NaN and infinities, and any error of the device and of reading rows.
///
/// # References
/// The population stability index is a symmetrised relative entropy: S. Kullback, R. A. Leibler, On Information and
/// Sufficiency, 1951. Under no drift it is a multiple of a chi-squared variable: B. Yurdakul, Statistical Properties of
/// Population Stability Index, 2018. What rows owe to a fit is their optimism: B. Efron, How Biased is the Apparent
/// Error Rate of a Prediction Rule?, 1986.
///
/// ```
/// use semid::metrics::{DriftLimits, drift};
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..4000).map(|i| ((i * 37) % 101) as f32).collect();
/// let moved: Vec<f32> = values.iter().map(|value| value + 60.0).collect();
/// let (old, new, device) = (Matrix::new(&values, 4)?, Matrix::new(&moved, 4)?, Device::cpu());
/// let model = RqKMeans::new(2, 8).fit(&old, &device)?;
///
/// let none = drift(&model, &old, &old, 1000, 42, &device)?;
/// assert!(none.levels[0].psi == 0.0 && none.crossings(&DriftLimits::default())?.is_empty());
/// let much = drift(&model, &new, &old, 1000, 42, &device)?;
/// assert!(much.crossings(&DriftLimits::default())?[0].to_string().starts_with("level 1: "));
/// # Ok::<(), semid::Error>(())
/// ```
pub fn drift(
    model: &dyn Quantizer,
    new: &dyn Rows,
    baseline: &dyn Rows,
    sample: usize,
    seed: u64,
    device: &Device,
) -> Result<Drift> {
    drift_labelled(model, (new, None), (baseline, None), sample, seed, device)
}

/// Does what [`drift`] does with rows whose labels give the codes of the model's first levels; without labels, all of
/// them count as unknown.
///
/// Of a level that labels give, the codes used say how the shares of the labels have changed, and the squared error how
/// far rows are from the means of their labels; it has no margins, which are infinite then.
///
/// # Errors
/// As for [`drift`] and [`Encoder::labels`](crate::Encoder::labels).
///
/// ```
/// use semid::metrics::drift_labelled;
/// use semid::{Device, LabelledFit, Labels, Matrix, RqKMeans};
///
/// let (values, device) = ([0.0, 1.0, 9.0, 8.0], Device::cpu());
/// let rows = Matrix::new(&values, 1)?;
/// let labels = Labels::new([("kind", ["tea", "tea", "cup", "cup"].map(Some))])?;
/// let model = RqKMeans::new(1, 2).fit_labelled(&rows, &LabelledFit::new(&labels), &device)?;
/// let tea = Labels::new([("kind", ["tea"; 4].map(Some))])?;
/// let found = drift_labelled(&model, (&rows, Some(&tea)), (&rows, Some(&labels)), 4, 42, &device)?;
/// assert_eq!((found.levels[0].used_codes.baseline, found.levels[0].used_codes.new), (2, 1));
/// # Ok::<(), semid::Error>(())
/// ```
pub fn drift_labelled(
    model: &dyn Quantizer,
    new: (&dyn Rows, Option<&Labels>),
    baseline: (&dyn Rows, Option<&Labels>),
    sample: usize,
    seed: u64,
    device: &Device,
) -> Result<Drift> {
    [new.0, baseline.0].into_iter().try_for_each(|rows| check(model, rows))?;
    let baseline = side(model, (baseline, true), sample, seed, device)?;
    let new = side(model, (new, false), sample, seed, device)?;
    let joined = model.hierarchical_levels();
    let pair = |of: fn(&Side) -> u64| BeforeAfter { baseline: of(&baseline), new: of(&new) };
    Ok(Drift {
        rows: pair(|side| side.rows),
        values: pair(|side| side.values),
        saturated_values: pair(|side| side.saturated_values),
        levels: (0..model.levels()).filter_map(|level| level_drift(level, joined, &baseline, &new)).collect(),
    })
}

fn check(model: &dyn Quantizer, rows: &dyn Rows) -> Result<()> {
    if rows.is_empty() {
        return Err(ErrorKind::Empty.into());
    }
    if rows.dim() != model.dim() {
        return Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into());
    }
    Ok(())
}

fn side(
    model: &dyn Quantizer,
    ((rows, labels), is_baseline): ((&dyn Rows, Option<&Labels>), bool),
    sample: usize,
    seed: u64,
    device: &Device,
) -> Result<Side> {
    let (levels, clusters) = (model.levels(), model.clusters());
    let mut codes = try_zeros(rows.len().saturating_mul(levels), "codes")?;
    let quantized = model.quantized_rows(rows, device)?;
    let values = (rows.len() as u64).saturating_mul(quantized.dim() as u64);
    let options = EncodeOptions { labels: labels.cloned(), ..EncodeOptions::default() };
    let report = model.encode_quantized(&*quantized, device, &options, &mut |first, chunk| {
        codes.iter_mut().skip(first * levels).zip(chunk).for_each(|(code, new)| *code = *new);
        Ok(())
    })?;
    let codes = Codes::new(codes, levels)?;
    let mut counts: Vec<Vec<u64>> = clusters.iter().map(|clusters| vec![0; *clusters]).collect();
    for row in codes.rows() {
        for (counts, code) in counts.iter_mut().zip(row) {
            counts.get_mut(*code as usize).into_iter().for_each(|count| *count += 1);
        }
    }
    let errors = match model.reconstructs() {
        true => Some(errors(model, rows, &codes, device)?.squared_error_per_level),
        false => None,
    };
    let optimism = if is_baseline { optimism(model, &*quantized, &codes)? } else { Vec::new() };
    let sample = Some(sample.min(rows.len()));
    Ok(Side {
        rows: rows.len() as u64,
        values,
        saturated_values: report.saturated_values,
        counts,
        errors,
        margins: margins(model, rows, &codes, sample, &[], seed, device)?,
        optimism,
    })
}

/// Compares a level; the first `joined` levels build on each other, and all others are slices.
fn level_drift(level: usize, joined: usize, baseline: &Side, new: &Side) -> Option<LevelDrift> {
    let (before, after) = (baseline.counts.get(level)?, new.counts.get(level)?);
    let sizes = [before, after].map(|counts| counts.iter().copied().collect::<Sizes>());
    let of_sizes = |of: fn(&Sizes) -> f64| BeforeAfter { baseline: of(&sizes[0]), new: of(&sizes[1]) };
    let margins = (baseline.margins.get(level)?, new.margins.get(level)?);
    let of_margins = |of: fn(&LevelMargins) -> f64| BeforeAfter { baseline: of(margins.0), new: of(margins.1) };
    let error = |side: &Side| side.errors.as_ref().and_then(|errors| errors.get(level).copied());
    let (psi, psi_by_chance, moved) = histograms(before, after);
    let squared_error = error(baseline).zip(error(new)).map(|(baseline, new)| BeforeAfter { baseline, new });
    // Errors of the levels that a level builds on carry over; those of slices add up.
    let of_slices = |of: BeforeAfter<f64>| {
        let all: f64 = baseline.optimism.iter().take(level + 1).skip(joined).map(|of| of.per_row).sum();
        if of.baseline > 0.0 { all / of.baseline } else { 0.0 }
    };
    let carried =
        |levels: usize| baseline.optimism.iter().take(levels.min(joined)).map(|of| 1.0 + of.share).product::<f64>();
    // Fresh rows are farther from their codewords by this, so their margins are that much smaller.
    let own = baseline.optimism.get(level).map_or(0.0, |of| of.per_row * carried(level));
    Some(LevelDrift {
        clusters: before.len() as u64,
        used_codes: BeforeAfter { baseline: sizes[0].buckets(), new: sizes[1].buckets() },
        entropy: of_sizes(Sizes::entropy),
        perplexity: of_sizes(Sizes::perplexity),
        psi,
        psi_by_chance,
        moved,
        error_rise_by_chance: carried(level + 1) * (1.0 + squared_error.map_or(0.0, of_slices)) - 1.0,
        squared_error,
        ties: of_margins(|margins| margins.ties),
        low_margin: of_margins(|margins| margins.low_margin),
        median_margin: of_margins(|margins| margins.median_margin),
        margin_loss_by_chance: if margins.0.median_margin > 0.0 { own / margins.0.median_margin } else { 0.0 },
    })
}

/// Compares two histograms, both with rows: the population stability index, what chance gives, and the share moved.
fn histograms(before: &[u64], after: &[u64]) -> (f64, f64, f64) {
    let used: Vec<(u64, u64)> = before.iter().copied().zip(after.iter().copied()).filter(|of| *of != (0, 0)).collect();
    let (n, m) = used.iter().fold((0, 0), |(n, m), (a, b)| (n + a, m + b));
    let (n, m, codes) = (n as f64, m as f64, used.len() as f64);
    // Half a row more for every code keeps the logarithm of one without rows finite.
    let share = |count: u64, all: f64| (count as f64 + 0.5) / (all + 0.5 * codes);
    let index = |(a, b): &(u64, u64)| {
        let (p, q) = (share(*a, n), share(*b, m));
        (q - p) * libm::log(q / p)
    };
    let apart = |(a, b): &(u64, u64)| (*b as f64 / m - *a as f64 / n).abs();
    let psi = used.iter().map(index).sum();
    (psi, (codes - 1.0) * (1.0 / n + 1.0 / m), used.iter().map(apart).sum::<f64>() / 2.0)
}
