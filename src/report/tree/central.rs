//! Finds the items nearest to the centre of a prefix, which show what the prefix is about.

use super::{Node, Tree};
use crate::error::{Result, try_zeros};
use crate::grid::read_finite;
use crate::metrics::Quantizer;
use crate::rows::Rows;
use crate::rq::Metric;

/// How many values of rows are read at a time.
const CHUNK_VALUES: usize = 1 << 20;
/// How many bytes of centres are kept at once. Prefixes that do not fit, the longest and smallest ones, are named by
/// their first items.
const CENTRE_BYTES: usize = 64 << 20;
/// How many items of a prefix are kept, nearest first.
const MOST: usize = 8;
/// Stands for no centre.
const NONE: u32 = u32::MAX;

/// The sums of the rows of prefixes, and the items nearest to their means.
struct Centres {
    dim: usize,
    /// For each prefix the sum of its rows, and later their mean.
    values: Vec<f64>,
    /// For each prefix the nearest rows with their distances, ascending.
    nearest: Vec<Vec<(f64, usize)>>,
    /// The prefix of each row, for every depth that has any.
    of_rows: Vec<Vec<u32>>,
}

impl Tree<'_> {
    /// Finds the items nearest to the centre of each prefix. The centre is the mean of its rows, which with the cosine
    /// metric are first scaled to unit length.
    ///
    /// # Exactness
    /// Sums and squared distances are computed in f64, row by row and dimension by dimension, so every machine gets the
    /// same. On a tie the lower row number wins.
    ///
    /// # Errors
    /// NaN, infinities, and any error of reading rows.
    pub(in crate::report) fn find_central(&mut self, model: &dyn Quantizer, rows: &dyn Rows) -> Result<()> {
        let dim = rows.dim().max(1);
        let mut room = CENTRE_BYTES / (dim * size_of::<f64>());
        let mut centres = Centres { dim, values: Vec::new(), nearest: Vec::new(), of_rows: Vec::new() };
        let mut sizes = Vec::new();
        for depth in 1..=self.codes.levels() {
            let mut of_rows = vec![NONE; self.order.len()];
            let mut nodes = super::at_depth(&mut self.root, depth);
            nodes.sort_by_key(|node| std::cmp::Reverse(node.items.len()));
            // Two items are equally far from their mean, so only prefixes with more items have a nearest one.
            for node in nodes.into_iter().filter(|node| node.items.len() > 2).take(room) {
                room -= 1;
                node.central = vec![sizes.len()];
                for row in self.order.get(node.items.clone()).unwrap_or_default() {
                    of_rows.iter_mut().skip(*row).take(1).for_each(|slot| *slot = sizes.len() as u32);
                }
                sizes.push(node.items.len() as f64);
            }
            centres.of_rows.push(of_rows);
        }
        centres.values = try_zeros(sizes.len() * dim, "centres of cells")?;
        centres.nearest = vec![Vec::new(); sizes.len()];
        each_row(rows, model.metric(), &mut |row, x| centres.add(row, x))?;
        for (centre, size) in centres.values.chunks_exact_mut(dim).zip(sizes) {
            centre.iter_mut().for_each(|sum| *sum /= size);
        }
        each_row(rows, model.metric(), &mut |row, x| centres.measure(row, x))?;
        name(&mut self.root, &centres.nearest);
        Ok(())
    }
}

impl Centres {
    fn slots(&self, row: usize) -> Vec<usize> {
        let slots = self.of_rows.iter().filter_map(|slots| slots.get(row));
        slots.filter(|slot| **slot != NONE).map(|slot| *slot as usize).collect()
    }

    fn add(&mut self, row: usize, x: &[f64]) {
        for slot in self.slots(row) {
            let sums = self.values.iter_mut().skip(slot * self.dim);
            sums.zip(x).for_each(|(sum, x)| *sum += x);
        }
    }

    fn measure(&mut self, row: usize, x: &[f64]) {
        for slot in self.slots(row) {
            let centre = self.values.iter().skip(slot * self.dim);
            let distance: f64 = centre.zip(x).map(|(c, x)| (x - c) * (x - c)).sum();
            let Some(nearest) = self.nearest.get_mut(slot) else { continue };
            // Rows come in ascending order, so a row goes behind rows with an equal distance.
            let place = nearest.partition_point(|(other, _)| *other <= distance);
            if place < MOST {
                nearest.insert(place, (distance, row));
                nearest.truncate(MOST);
            }
        }
    }
}

/// Names prefixes by rows in the order of the centres' numbers.
fn name(node: &mut Node, nearest: &[Vec<(f64, usize)>]) {
    let found = node.central.first().and_then(|slot| nearest.get(*slot));
    node.central = found.map(|nearest| nearest.iter().map(|(_, row)| *row).collect()).unwrap_or_default();
    node.children.iter_mut().for_each(|child| name(child, nearest));
}

/// Calls `use_row` with every row in order; with the cosine metric rows have unit length.
fn each_row(rows: &dyn Rows, metric: Metric, use_row: &mut dyn FnMut(usize, &[f64])) -> Result<()> {
    let (len, dim) = (rows.len(), rows.dim().max(1));
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(len) * dim, "a chunk of rows")?;
    let mut wide = vec![0.0; dim];
    for first in (0..len).step_by(step) {
        buffer.truncate((len - first).min(step) * dim);
        read_finite(rows, first, &mut buffer)?;
        for (i, row) in buffer.chunks_exact(dim).enumerate() {
            let scale = match metric {
                Metric::L2 => 1.0,
                Metric::Cosine => inverse_length(row),
            };
            wide.iter_mut().zip(row).for_each(|(wide, x)| *wide = f64::from(*x) * scale);
            use_row(first + i, &wide);
        }
    }
    Ok(())
}

/// Returns 1 over the length of a row, or 1 for a row of zeros.
fn inverse_length(x: &[f32]) -> f64 {
    let square: f64 = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    if square > 0.0 { 1.0 / square.sqrt() } else { 1.0 }
}
