//! What races leave, against the nearest codewords themselves.

use super::{Left, MOST, SHARES, left, nearest_of, share_of};
use crate::kernel::assign::bytes::{self, Range, ranges};
use crate::kernel::assign::{gap, is_duplicate, squared_distance};
use crate::rng::row_hash;

/// Returns the codes among which the nearest codeword of a row is.
fn among(left: Left, clusters: usize) -> Vec<usize> {
    match left {
        Left::Code(code) => vec![code],
        Left::Candidates(codes) => codes,
        Left::Shares(shares) => (0..clusters).filter(|code| shares.contains(&share_of(*code))).collect(),
    }
}

/// The ranges of the filter of f32, which are exact scores.
fn scores(row: &[i32], codewords: &[i32]) -> Vec<Range> {
    let zeros = vec![0; row.len()];
    let score = |(code, codeword): (usize, &[i32])| {
        let twice = squared_distance(row, codeword) as i64 - squared_distance(row, &zeros) as i64;
        Range { code, low: twice as f64 / 2.0, width: 0.0 }
    };
    let all = codewords.chunks_exact(row.len()).enumerate();
    all.filter(|(code, _)| !is_duplicate(codewords, row.len(), *code)).map(score).collect()
}

/// Returns what is left of a row by f32 and by bytes.
fn both(row: &[i32], codewords: &[i32]) -> [Left; 2] {
    let squared = |vector: &[i32]| squared_distance(vector, &vec![0; row.len()]);
    let longest = codewords.chunks_exact(row.len()).map(squared).max().unwrap_or(0);
    let length = (squared(row) as f64).sqrt();
    let rounding = |(slope, base): (f32, f32)| f64::from(slope) * length + f64::from(base);
    let f32 = left(&scores(row, codewords), rounding(gap(row.len(), longest)));
    // What rounding takes of a row is no longer than the row, so its reach is at most twice its length.
    [f32, left(&ranges(row, codewords), 2.0 * rounding(bytes::gap(longest)))]
}

/// A row and codewords, many of which are about as near as the nearest one, some exactly, and some twice there.
fn near(seed: u64, dim: usize, clusters: usize) -> (Vec<i32>, Vec<i32>) {
    let value = |at: usize, range: u64| (row_hash(seed, at as u64) % range) as i32;
    let row: Vec<i32> = (0..dim).map(|at| value(at, 1 << 21) - (1 << 20)).collect();
    let codeword = |k: usize| -> Vec<i32> {
        // Few are near, all of them if there are few.
        let spread = [1, 2, 1000, 1 << 14].get(value(1_000_000 + k, 5 + clusters as u64) as usize);
        let spread = spread.copied().unwrap_or(1 << 20);
        let step = |at: usize| value((k % 97 + 1) * 10_000 + at, 2 * spread + 1) - spread as i32;
        row.iter().enumerate().map(|(at, value)| (value + step(at)).clamp(-(1 << 23), 1 << 23)).collect()
    };
    let codewords = (0..clusters).flat_map(codeword).collect();
    (row, codewords)
}

#[test]
fn what_is_left_has_the_nearest_codeword() {
    let mut kinds = [0; 3];
    for seed in 0..600_u64 {
        let (dim, clusters) = ([1, 5, 17, 40][seed as usize % 4], [1, 3, 16, 70, 200][seed as usize % 5]);
        let (row, codewords) = near(seed, dim, clusters);
        let nearest = nearest_of(&row, &codewords, 0..clusters);
        for left in both(&row, &codewords) {
            kinds[match &left {
                Left::Code(_) => 0,
                Left::Candidates(codes) => {
                    assert!((2..=MOST).contains(&codes.len()), "{codes:?}");
                    1
                }
                Left::Shares(_) => 2,
            }] += 1;
            let name = format!("{seed}: {left:?}");
            assert_eq!(nearest_of(&row, &codewords, among(left, clusters).into_iter()), nearest, "{name}");
        }
    }
    println!("{kinds:?} codes, candidates, shares");
    assert!(kinds.iter().all(|kind| *kind > 80), "{kinds:?}");
}

/// A row that is equally far from `codes`, and all the other codewords farther.
fn left_between(codes: &[usize]) -> [Left; 2] {
    let dim = 24;
    let mut codewords: Vec<i32> = (0..200 * dim).map(|at| (row_hash(3, at as u64) % (1 << 21)) as i32).collect();
    let row: Vec<i32> = (0..dim).map(|at| (row_hash(5, at as u64) % (1 << 21)) as i32 - (1 << 20)).collect();
    for (axis, code) in codes.iter().enumerate() {
        let codeword = &mut codewords[code * dim..][..dim];
        codeword.copy_from_slice(&row);
        codeword[axis] += 100;
    }
    both(&row, &codewords)
}

#[test]
fn rows_between_codewords_keep_them() {
    let all: Vec<usize> = (0..SHARES).collect();
    let twice = |left: Left| [left.clone(), left];
    assert_eq!(left_between(&[70]), twice(Left::Code(70)));
    for few in [vec![1, 4], vec![3, 60, 72, 140], vec![0, 4, 8, 12, 16, 20]] {
        assert_eq!(left_between(&few), twice(Left::Candidates(few.clone())));
    }
    assert_eq!(left_between(&[0, 4, 8, 12, 16, 20, 24]), twice(Left::Shares((0..7).collect())));
    // Neighbours, and codes with 64 between them, have one share.
    for one in [vec![4, 5], vec![4, 68]] {
        assert_eq!(left_between(&one), twice(Left::Shares(all.clone())), "{one:?}");
    }
    assert_eq!(left_between(&(40..60).collect::<Vec<_>>())[0], Left::Shares(all));
}

#[test]
fn the_lowest_code_wins_a_tie() {
    let codewords = [5, -3, 3, 3, 9];
    assert_eq!(nearest_of(&[0], &codewords, [4, 3, 2, 1].into_iter()), Some(1));
    assert_eq!(nearest_of(&[0], &codewords, [0, 3, 2].into_iter()), Some(2));
    assert_eq!(nearest_of(&[0], &codewords, std::iter::empty()), None);
}
