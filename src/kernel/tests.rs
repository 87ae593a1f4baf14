//! The scalar kernels against the formulas of the contract, computed another way.

use super::{assign, assigned_distances, centroid, residual, unit_length::unit_length, update};
use crate::codebook::Codebook;
use crate::partial::Partial;
use crate::rng::row_hash;
use proptest::prelude::*;

/// Largest s with s^2 <= n, by bisection.
fn root(n: u128) -> u128 {
    let (mut low, mut high) = (0, 1 << 32);
    while high - low > 1 {
        let middle: u128 = (low + high) / 2;
        if middle * middle <= n { low = middle } else { high = middle }
    }
    low
}

/// A row of length 2^20, from the formula alone.
fn unit(row: &[i32]) -> Vec<i32> {
    let n2: u128 = row.iter().map(|q| u128::from(q.unsigned_abs()).pow(2)).sum();
    if n2 == 0 {
        return row.to_vec();
    }
    let mut half = 0;
    while n2 << (2 * half) < 1 << 60 {
        half += 1;
    }
    assert!((1 << 60..1 << 62).contains(&(n2 << (2 * half))));
    let s = root(n2 << (2 * half)) as i128;
    let floor = |a: i128, b: i128| a / b - i128::from(a % b != 0 && a < 0);
    row.iter().map(|q| floor(2 * i128::from(*q) * (1 << (20 + half)) + s, 2 * s) as i32).collect()
}

fn scaled(row: &[i32]) -> Vec<i32> {
    let mut out = row.to_vec();
    unit_length(&mut out, row.len());
    out
}

#[test]
fn unit_length_is_the_formula_at_its_limits() {
    const TOP: i32 = 1 << 24;
    let mut cases: Vec<Vec<i32>> = vec![
        vec![0; 5],
        vec![1],
        vec![-1],
        vec![0, -1, 0],
        vec![1, -1],
        vec![1, 1, 1, -1],
        vec![TOP],
        vec![-TOP],
        vec![TOP; 8192],
        vec![-TOP; 8192],
        vec![TOP - 1; 8191],
        vec![-TOP, 1, -1],
        vec![3, -4],
        vec![1; 8192],
    ];
    // Negative quotients just around a half, where flooring and truncating differ.
    cases.extend((1..400).flat_map(|n| [vec![-1, n], vec![-n, 3 * n + 1], vec![1, -n, 7]]));
    for n in 0..31 {
        cases.extend([vec![1 << (n % 25), 0], vec![(1 << (n % 25)) - 1, -1]]);
    }
    for row in cases {
        let found = scaled(&row);
        assert_eq!(found, unit(&row), "{:?}...", &row[..row.len().min(4)]);
        assert!(found.iter().all(|q| q.abs() <= 1 << 20));
    }
    assert_eq!(scaled(&[3, -4]), [629_146, -838_861]);
    assert_eq!(scaled(&[-1]), [-(1 << 20)]);
}

#[test]
fn a_centroid_is_rounded_half_up() {
    for count in 1..=12_i64 {
        for sum in -60..=60_i64 {
            let partial = Partial::from_parts(vec![count as u64], vec![sum], 1);
            let c = i64::from(partial.centroid(0).unwrap().next().unwrap());
            // c - 1/2 <= sum / count < c + 1/2
            assert!((2 * c - 1) * count <= 2 * sum && 2 * sum < (2 * c + 1) * count, "{sum} / {count} became {c}");
        }
    }
    let partial = Partial::from_parts(vec![2, 0, 2, 1 << 30], vec![-3, 0, 3, -(1 << 54) - (1 << 29)], 1);
    let all: Vec<Option<i32>> = (0..5).map(|k| partial.centroid(k).map(|mut c| c.next().unwrap())).collect();
    assert_eq!(all, [Some(-1), None, Some(2), Some(-(1 << 24)), None]);
}

#[test]
fn partial_sums_take_rows_out_again_and_merge() {
    let mut a = Partial::new(2, 2);
    a.add(0, &[1, -2]);
    a.add(1, &[5, 5]);
    a.add(9, &[1, 1]);
    let before = a.clone();
    a.add(1, &[-(1 << 24), 1 << 24]);
    a.remove(1, &[-(1 << 24), 1 << 24]);
    assert_eq!(a, before);
    a.merge(&before).unwrap();
    assert_eq!((a.counts(), a.sums()), (&[2, 2][..], &[2, -4, 10, 10][..]));
}

/// Rows or codewords of every magnitude up to 2^bits.
fn values(seed: u64, len: usize, bits: u32) -> Vec<i32> {
    let value = |i| {
        let hash = row_hash(seed, i as u64);
        let limit = 1_i64 << (bits - (hash >> 60) as u32 % bits);
        ((hash % (2 * limit as u64 + 1)) as i64 - limit) as i32
    };
    (0..len).map(value).collect()
}

proptest! {
    #[test]
    fn unit_length_is_the_formula(seed: u64, dim in 1_usize..40, bits in 1_u32..=24) {
        let row = values(seed, dim, bits);
        prop_assert_eq!(scaled(&row), unit(&row));
    }

    /// Nearest codeword, distances, sums and squared error, each by its definition.
    #[test]
    fn a_level_is_what_its_definition_says(
        seed: u64, rows in 0_usize..30, dim in 1_usize..6, clusters in 1_usize..7, bits in 1_u32..=24,
    ) {
        let q = values(seed, rows * dim, bits);
        let codebook = Codebook::new(values(seed ^ 1, clusters * dim, bits.min(23)), dim);
        let mut codes = vec![9; rows];
        assign::assign(&q, codebook.values(), dim, &mut codes);
        let mut own = vec![0; rows];
        assigned_distances::assigned_distances(&q, codebook.values(), dim, &codes, &mut own);
        let distance = |row: &[i32], k: usize| -> i128 {
            let pairs = row.iter().zip(codebook.codeword(k).unwrap());
            pairs.map(|(a, b)| (i128::from(*a) - i128::from(*b)).pow(2)).sum()
        };
        let (mut error, mut energy) = (0, 0);
        for ((row, code), own) in q.chunks_exact(dim).zip(&codes).zip(&own) {
            let all: Vec<i128> = (0..clusters).map(|k| distance(row, k)).collect();
            let nearest = *all.iter().min().unwrap();
            prop_assert_eq!(*code as usize, all.iter().position(|d| *d == nearest).unwrap());
            prop_assert_eq!(i128::from(*own), nearest);
            error += nearest;
            energy += row.iter().map(|q| i128::from(*q).pow(2)).sum::<i128>();
        }
        let partial = centroid::sums(&q, dim, &codes, clusters).with(energy as u128, 0);
        prop_assert_eq!(partial.squared_error(&codebook), error as u128);
        let mut moved = codebook.values().to_vec();
        let room = 1 << (bits / 2);
        let update = update::update(partial.sums(), partial.counts(), dim, &mut moved, room);
        prop_assert_eq!(energy - update.gain, error);
        let squared = |a: &[i32], b: &[i32]| -> u128 {
            a.iter().zip(b).map(|(a, b)| u128::from(a.abs_diff(*b)).pow(2)).sum()
        };
        prop_assert_eq!(update.moved, squared(&moved, codebook.values()));
        let zeros = vec![0; dim];
        let longest = moved.chunks_exact(dim).map(|codeword| squared(codeword, &zeros)).max().unwrap();
        prop_assert_eq!(u128::from(update.longest), longest);
        prop_assert_eq!(update.empty, partial.counts().iter().filter(|n| **n == 0).count() as u64);
        for (k, codeword) in moved.chunks_exact(dim).enumerate() {
            match partial.centroid(k) {
                Some(centroid) => prop_assert!(centroid.map(|c| c.clamp(-room, room)).eq(codeword.iter().copied())),
                None => prop_assert_eq!(codeword, codebook.codeword(k).unwrap()),
            }
        }
        let mut left = q.clone();
        residual::subtract(&mut left, codebook.values(), dim, &codes);
        let left: i128 = left.iter().map(|q| i128::from(*q).pow(2)).sum();
        prop_assert_eq!(left, error);
    }
}
