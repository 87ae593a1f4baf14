//! First codewords are drawn toward the mean of the rows.

use crate::codebook::Codebook;
use crate::device::Purpose;
use crate::error::Result;
use crate::partial::Partial;
use crate::population::{Ask, Residuals};
use crate::rng::Stream;

/// Rows on which the factors are compared, at most.
pub(super) const ROWS: usize = 1024;
/// How many factors there are: 1, 1/2, 1/4, ...
const FACTORS: u32 = 4;

/// Draws first codewords, which are rows, toward the mean of the rows: the distances to it shrink by a factor of 1,
/// 1/2, 1/4 or 1/8, whichever leaves the smallest squared error, the largest factor on a tie.
///
/// Rows without clear clusters in many dimensions, such as residuals, are nearly orthogonal to each other. The mean
/// is then nearer to a row than any other row is, so a codeword that is a row keeps this row alone, and the rows crowd
/// at the few codewords that are near the mean. Codewords that are short differ in their directions and share the rows.
/// Where there are clear clusters, a factor of 1 leaves the least.
///
/// # Shapes
/// K codewords of D components. The factors are compared on rows drawn with replacement, [`ROWS`] of them, or on all
/// rows where there are no more; the mean is the rounded one of these rows.
///
/// # Exactness
/// Squared errors are exact integers, below 2^10 2^63. Codewords and mean are within 2^24, so their differences are
/// within 2^25, and the sum with the rounding stays within i32. A rounded point between a codeword and the mean lies
/// between them in every component, so the codewords keep their range.
pub(super) fn toward_mean(
    rows: &mut Residuals<'_>,
    codebook: Codebook,
    stream: &mut Stream,
    ask: Ask<'_>,
) -> Result<Codebook> {
    let all = rows.rows() as u64;
    let mut drawn: Vec<u64> = match all <= ROWS as u64 {
        true => (0..all).collect(),
        false => (0..ROWS).map(|_| stream.below(u128::from(all)) as u64).collect(),
    };
    drawn.sort_unstable();
    let values = rows.gather(&drawn, ask)?;
    let mean = mean(&values, rows.dim());
    let mut few = rows.device().engine().table(drawn.len(), rows.dim(), Purpose::Encode)?;
    few.upload(0, &values)?;
    let mut codes = vec![0; drawn.len()];
    let mut best: Option<(u128, Codebook)> = None;
    for halvings in 0..FACTORS {
        ask()?;
        let shrunk = shrink(&codebook, &mean, halvings);
        few.assign_and_codes(&shrunk, &mut codes)?;
        let error = few.assigned_distances(&shrunk)?.into_iter().map(u128::from).sum();
        if best.as_ref().is_none_or(|(least, _)| error < *least) {
            best = Some((error, shrunk));
        }
    }
    Ok(best.map_or(codebook, |(_, best)| best))
}

/// Returns the mean of rows, rounded as a centroid is; zeros without rows.
fn mean(rows: &[i32], dim: usize) -> Vec<i32> {
    let mut sums = Partial::new(1, dim);
    rows.chunks_exact(dim.max(1)).for_each(|row| sums.add(0, row));
    sums.centroid(0).map_or_else(|| vec![0; dim], Iterator::collect)
}

/// Halves the distances of all codewords to the mean so often, each component rounded, halves up.
fn shrink(codebook: &Codebook, mean: &[i32], halvings: u32) -> Codebook {
    let half = (1 << halvings) >> 1;
    let shrink = |(value, mean): (&i32, &i32)| mean + ((value - mean + half) >> halvings);
    let codewords = codebook.values().chunks_exact(mean.len().max(1));
    Codebook::new(codewords.flat_map(|codeword| codeword.iter().zip(mean).map(shrink)).collect(), mean.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;
    use crate::rng::row_hash;

    fn of(device: &Device, rows: &[i32], dim: usize) -> Residuals<'static> {
        let mut table = device.engine().table(rows.len() / dim, dim, Purpose::Fit).unwrap();
        table.upload(0, rows).unwrap();
        Residuals::of(table, device)
    }

    /// Uniform values from -500 to 499.
    fn noise(count: usize, seed: u64) -> Vec<i32> {
        (0..count as u64).map(|i| (row_hash(seed, i) % 1000) as i32 - 500).collect()
    }

    /// By floating-point division, and sums over all pairs.
    fn expected(rows: &[i32], dim: usize, codewords: &[i32]) -> (u32, Vec<i32>) {
        let n = (rows.len() / dim) as f64;
        let mean = |d: usize| (rows.iter().skip(d).step_by(dim).map(|v| f64::from(*v)).sum::<f64>() / n + 0.5).floor();
        let shrunk = |halvings: u32| -> Vec<i32> {
            let value = |(i, c): (usize, &i32)| {
                let mean = mean(i % dim);
                (mean + ((f64::from(*c) - mean) / 2_f64.powi(halvings as i32) + 0.5).floor()) as i32
            };
            codewords.iter().enumerate().map(value).collect()
        };
        let error = |codewords: &[i32]| -> i64 {
            let distance = |row: &[i32], codeword: &[i32]| -> i64 {
                row.iter().zip(codeword).map(|(a, b)| i64::from(a - b).pow(2)).sum()
            };
            let least = |row: &[i32]| codewords.chunks_exact(dim).map(|codeword| distance(row, codeword)).min();
            rows.chunks_exact(dim).filter_map(least).sum()
        };
        let all: Vec<Vec<i32>> = (0..4).map(shrunk).collect();
        let best = (0..4).min_by_key(|halvings| error(&all[*halvings as usize])).unwrap();
        (best, all[best as usize].clone())
    }

    /// The codewords, as rows of `rows`, after they were drawn toward the mean, and how often their distances were
    /// halved by the specification.
    fn check(rows: &[i32], dim: usize, chosen: &[usize]) -> u32 {
        let codewords: Vec<i32> = chosen.iter().flat_map(|row| &rows[row * dim..(row + 1) * dim]).copied().collect();
        let (halvings, expected) = expected(rows, dim, &codewords);
        for device in [Device::reference(), Device::cpu()] {
            let (codebook, mut stream) = (Codebook::new(codewords.clone(), dim), Stream::new("shrinkage", 1, 0, 0));
            let found = toward_mean(&mut of(&device, rows, dim), codebook, &mut stream, &mut || Ok(())).unwrap();
            assert_eq!(found.values(), expected);
        }
        halvings
    }

    #[test]
    fn the_factor_is_the_one_that_leaves_the_least() {
        // Two distinct values: the codewords are the rows.
        assert_eq!(check(&[-7, 90, -7, 90, 90], 1, &[0, 1]), 0);
        // More dimensions without clusters take smaller factors.
        let halvings: Vec<u32> = [2, 3, 16, 1000].map(|dim| check(&noise(200 * dim, 3), dim, &[0, 3, 50, 199])).into();
        assert_eq!(halvings, [0, 1, 2, 3]);
        // Clusters far from each other keep their codewords, however many dimensions there are.
        let center = |row: usize, d: usize| if d % 4 == row % 4 { 9000 } else { -9000 };
        let rows: Vec<i32> = noise(40 * 100, 5).iter().enumerate().map(|(i, v)| v + center(i / 100, i % 100)).collect();
        assert_eq!(check(&rows, 100, &[0, 1, 2, 3]), 0);
    }

    /// Of more rows than [`ROWS`], as many are drawn, uniformly and with replacement, from the stream: the mean and the
    /// errors are those of the rows drawn, and not of all rows.
    #[test]
    fn of_many_rows_1024_are_drawn() {
        let (dim, count) = (3, 5000);
        // A few rows far away, so that every draw has a mean of its own.
        let values = noise(count * dim, 8).into_iter().enumerate();
        let rows: Vec<i32> = values.map(|(i, v)| if i / dim % 50 == 7 { v + 40_000 } else { v }).collect();
        let codewords = rows[..4 * dim].to_vec();
        let mut wrong = [0; 2];
        for run in 0..4 {
            let mut stream = Stream::new("shrinkage", 1, 0, run);
            let row = |_| stream.below(count as u128) as usize;
            let drawn: Vec<i32> =
                (0..1024).map(row).flat_map(|row| &rows[row * dim..(row + 1) * dim]).copied().collect();
            let (halvings, expected_of_drawn) = expected(&drawn, dim, &codewords);
            for device in [Device::reference(), Device::cpu()] {
                let (codebook, mut stream) =
                    (Codebook::new(codewords.clone(), dim), Stream::new("shrinkage", 1, 0, run));
                let found = toward_mean(&mut of(&device, &rows, dim), codebook, &mut stream, &mut || Ok(())).unwrap();
                assert_eq!(found.values(), expected_of_drawn, "run {run}");
            }
            wrong[0] += usize::from(expected(&rows, dim, &codewords).1 != expected_of_drawn);
            wrong[1] += usize::from(halvings == 0);
        }
        assert_eq!(wrong, [4, 0], "all rows would give the same, or the mean does not matter: too easy");
    }

    #[test]
    fn halves_are_rounded_up() {
        let codebook = Codebook::new(vec![-1, 1, -3, 3, 10, 11], 1);
        assert_eq!(shrink(&codebook, &[0], 0).values(), codebook.values());
        assert_eq!(shrink(&codebook, &[0], 1).values(), [0, 1, -1, 2, 5, 6]);
        assert_eq!(shrink(&codebook, &[10], 2).values(), [7, 8, 7, 8, 10, 10]);
        let far = Codebook::new(vec![1 << 24, -(1 << 24)], 1);
        assert_eq!(shrink(&far, &[-(1 << 24)], 3).values(), [-(3 << 22), -(1 << 24)]);
    }

    #[test]
    fn a_fit_of_noise_leaves_no_clusters_of_single_rows() {
        use crate::{Matrix, RqKMeans};
        let values: Vec<f32> = noise(4000 * 256, 9).iter().map(|value| *value as f32).collect();
        let matrix = Matrix::new(&values, 256).unwrap();
        let model = RqKMeans::new(2, 64).fit(&matrix, &Device::cpu()).unwrap();
        let codes = model.encode(&matrix, &Device::cpu()).unwrap();
        for level in 0..2 {
            let mut counts = [0; 64];
            codes.values().iter().skip(level).step_by(2).for_each(|code| counts[*code as usize] += 1);
            assert!(counts.iter().all(|count| (10..400).contains(count)), "{counts:?}");
        }
    }
}
