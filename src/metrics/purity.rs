//! Measures whether items with the same prefix have the same label, and compares this with chance.

use super::estimate::Estimate;
use super::ids::Ids;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_collect, try_zeros};
use crate::rng::Stream;
use serde::Serialize;
use std::borrow::Cow;

/// What the memory of labels is for.
const LABELS: &str = "labels of rows";
/// How often the labels are shuffled.
const SHUFFLES: usize = 10;

/// Purity of the prefixes of one length.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PrefixPurity {
    /// Number N of items that have a label; the others count for nothing.
    pub rows: u64,
    /// `sum over prefixes of the items with the most frequent label of their prefix / N`.
    pub purity: f64,
    /// The purity of shuffled labels, which depends only on the sizes of prefixes and of labels.
    pub shuffled: Estimate,
}

/// Measures the purity of the prefixes of 1, 2, ... L codes, among the items that have a label.
///
/// The control is the mean over 10 shuffles of the labels, with a 95 % confidence interval; it is certain where every
/// shuffle gives the same, as for prefixes that no two items share.
///
/// # Shapes
/// `codes` (N, L), `labels` (N).
///
/// # Exactness
/// The result depends only on the codes, on which labels are equal, and on the seed.
///
/// # Errors
/// [`ErrorKind::Empty`], [`ErrorKind::RowCount`], [`ErrorKind::OutOfMemory`]; [`ErrorKind::Parameter`] where no item
/// has a label.
///
/// ```
/// use semid::Codes;
/// use semid::metrics::prefix_purity;
///
/// let codes = Codes::new(vec![0, 0, 1, 1, 1], 1)?;
/// let purity = prefix_purity(&codes, &[Some("cat"), Some("cat"), Some("dog"), Some("cat"), None], 42)?;
/// assert_eq!((purity[0].purity, purity[0].rows), (0.75, 4));
/// # Ok::<(), semid::Error>(())
/// ```
pub fn prefix_purity<T: Ord>(codes: &Codes, labels: &[Option<T>], seed: u64) -> Result<Vec<PrefixPurity>> {
    if codes.is_empty() {
        return Err(ErrorKind::Empty.into());
    }
    if labels.len() != codes.len() {
        return Err(ErrorKind::RowCount { what: "labels", found: labels.len(), rows: codes.len() }.into());
    }
    let of_labelled: Vec<&T> = try_collect(labels.iter().flatten(), LABELS)?;
    if of_labelled.is_empty() {
        return Err(Error::parameter("labels", "those given", "must be known for some rows; no row has one"));
    }
    let ids = Ids::new(of_labelled_rows(codes, labels)?.as_ref())?;
    let mut order: Vec<(u32, usize)> = try_collect(ids.of_row.iter().copied().zip(0..), "the order of rows")?;
    order.sort_unstable();
    let numbers = numbers(&of_labelled)?;
    // The labels are in the order of the IDs, so that a prefix is a range of them.
    let mut labels = try_collect(order.iter().filter_map(|(_, row)| numbers.get(*row).copied()), LABELS)?;
    let lengths = (1..=codes.levels()).map(|length| sizes(&ids, length)).collect::<Result<Vec<_>>>()?;
    let mut sorted = try_zeros(labels.len(), LABELS)?;
    let mut pure =
        |labels: &[u32]| -> Vec<f64> { lengths.iter().map(|sizes| purity(labels, sizes, &mut sorted)).collect() };
    let own = pure(&labels);
    let mut stream = Stream::new("labels", seed, 0, 0);
    let shuffled: Vec<Vec<f64>> = (0..SHUFFLES)
        .map(|_| {
            stream.shuffle(&mut labels);
            pure(&labels)
        })
        .collect();
    let control = |length: usize| -> Vec<f64> { shuffled.iter().filter_map(|run| run.get(length).copied()).collect() };
    let rows = of_labelled.len() as u64;
    let one_label = numbers.windows(2).all(|pair| pair.first() == pair.last());
    // Where a prefix has no others to exchange labels with, every shuffle gives the same, so these are all of them.
    let all = |length: usize| {
        let sizes = lengths.get(length).map(Vec::as_slice).unwrap_or_default();
        one_label || sizes.len() <= 1 || sizes.iter().all(|size| *size <= 1)
    };
    let of_length = |(length, purity)| {
        let shuffles = if all(length) { SHUFFLES as u64 } else { u64::MAX };
        PrefixPurity { rows, purity, shuffled: Estimate::mean(&control(length), shuffles) }
    };
    Ok(own.into_iter().enumerate().map(of_length).collect())
}

/// Returns the codes of the rows that have a label.
fn of_labelled_rows<'a, T>(codes: &'a Codes, labels: &[Option<T>]) -> Result<Cow<'a, Codes>> {
    if labels.iter().all(Option::is_some) {
        return Ok(Cow::Borrowed(codes));
    }
    let rows = codes.rows().zip(labels).filter(|(_, label)| label.is_some());
    let values = try_collect(rows.flat_map(|(row, _)| row.iter().copied()), "codes of labelled rows")?;
    Codes::new(values, codes.levels()).map(Cow::Owned)
}

/// Numbers the labels, with equal numbers for equal labels.
pub(crate) fn numbers<T: Ord>(labels: &[T]) -> Result<Vec<u32>> {
    let mut order: Vec<(&T, usize)> = try_collect(labels.iter().zip(0..), LABELS)?;
    order.sort_unstable();
    let mut numbers = try_zeros(labels.len(), LABELS)?;
    for (number, same) in order.chunk_by(|a, b| a.0 == b.0).enumerate() {
        for (_, row) in same {
            numbers.iter_mut().skip(*row).take(1).for_each(|place| *place = number as u32);
        }
    }
    Ok(numbers)
}

/// Returns the number of rows of every prefix of that length, in the order of the IDs.
fn sizes(ids: &Ids, length: usize) -> Result<Vec<usize>> {
    let all: Vec<u32> = try_collect(0..ids.len() as u32, "prefixes")?;
    let same = all.chunk_by(|a, b| ids.shared_prefix(*a, *b) >= length);
    try_collect(
        same.map(|same| same.iter().filter_map(|id| ids.rows.get(*id as usize)).sum::<u64>() as usize),
        "prefixes",
    )
}

/// Returns the share of items that have the most frequent label of their prefix; `sorted` has room for all labels.
fn purity(labels: &[u32], sizes: &[usize], sorted: &mut [u32]) -> f64 {
    let (mut rest, mut pure) = (labels, 0);
    for size in sizes {
        let (prefix, others) = rest.split_at((*size).min(rest.len()));
        rest = others;
        let sorted = sorted.get_mut(..prefix.len()).unwrap_or_default();
        sorted.copy_from_slice(prefix);
        sorted.sort_unstable();
        pure += sorted.chunk_by(|a, b| a == b).map(<[u32]>::len).max().unwrap_or(0);
    }
    pure as f64 / labels.len().max(1) as f64
}
