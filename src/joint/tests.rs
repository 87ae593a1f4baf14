//! Sums by the codes of all levels, against sums over rows that know nothing of them.

use super::*;
use crate::rng::row_hash;

/// Rows with codes, and codebooks, all of which are numbers up to a size.
struct Case {
    rows: Vec<Vec<i64>>,
    codes: Vec<Vec<u32>>,
    weights: Vec<u64>,
    codebooks: Vec<Arc<Codebook>>,
}

impl Case {
    fn new(seed: u64, rows: u64, clusters: &[u64], size: u64) -> Self {
        let number = |stream: u64, at: u64| (row_hash(seed * 31 + stream, at) % (2 * size + 1)) as i64 - size as i64;
        let row = |row| (0..3).map(|d| number(1, row * 3 + d)).collect();
        // Some codes belong to no row.
        let codes = |(level, k): (usize, &u64)| {
            (0..rows)
                .map(|row| (row_hash(seed + 50 + level as u64, row) % k.max(&2)) as u32)
                .map(|code| code.min(1 + (*k as u32) / 2).min(*k as u32 - 1))
                .collect()
        };
        let book = |(level, k): (usize, &u64)| {
            let values = (0..k * 3).map(|at| (number(9 + level as u64, at) / (2 + level as i64)) as i32).collect();
            Arc::new(Codebook::new(values, 3))
        };
        Self {
            rows: (0..rows).map(row).collect(),
            codes: clusters.iter().enumerate().map(codes).collect(),
            weights: (0..rows).map(|row| 1 + row_hash(seed + 7, row) % 3).collect(),
            codebooks: clusters.iter().enumerate().map(book).collect(),
        }
    }

    /// What levels leave of a row.
    fn left(&self, row: usize, levels: impl Fn(usize) -> bool) -> Vec<i64> {
        let mut left = self.rows[row].clone();
        for (level, (codebook, codes)) in self.codebooks.iter().zip(&self.codes).enumerate() {
            let codeword = codebook.codeword(codes[row] as usize).unwrap();
            if levels(level) {
                left.iter_mut().zip(codeword).for_each(|(left, c)| *left -= i64::from(*c));
            }
        }
        left
    }

    fn squared_error(&self) -> u128 {
        let square = |row: usize| {
            let square: i64 = self.left(row, |_| true).iter().map(|value| value * value).sum();
            square as u128 * u128::from(self.weights[row])
        };
        (0..self.rows.len()).map(square).sum()
    }

    /// The sums of some of the rows.
    fn sums(&self, rows: impl Fn(usize) -> bool) -> JointSums {
        let rows: Vec<usize> = (0..self.rows.len()).filter(|row| rows(*row)).collect();
        let energy = rows.iter().map(|row| {
            let square: i64 = self.left(*row, |_| true).iter().map(|value| value * value).sum();
            square as u128 * u128::from(self.weights[*row])
        });
        let energy: u128 = energy.sum();
        let level = |(codebook, codes): (&Arc<Codebook>, &Vec<u32>)| {
            let mut sums = Partial::new(codebook.clusters(), 3);
            for row in &rows {
                let left: Vec<i32> = self.left(*row, |_| true).iter().map(|value| *value as i32).collect();
                sums.add_times(codes[*row] as usize, &left, self.weights[*row] as i64);
            }
            sums.with(energy, 0)
        };
        let levels = self.codebooks.iter().zip(&self.codes).map(level).collect();
        let of = |codes: &[u32]| rows.iter().map(|row| codes[*row]).collect::<Vec<u32>>();
        let pair = |(a, b): (usize, usize)| {
            let times = |place: usize| self.weights[rows[place]];
            CodePairCounts::of(&of(&self.codes[a]), &of(&self.codes[b]), self.codebooks[b].clusters(), times)
        };
        JointSums::from_parts(levels, pairs_of(self.codebooks.len()).into_iter().map(pair).collect()).unwrap()
    }

    /// One level after the other: the mean of what the other levels leave of the rows, straight from the rows.
    fn moved(mut self, frozen: usize) -> Self {
        for level in frozen..self.codebooks.len() {
            let largest: i64 = (0..self.codebooks.len())
                .filter(|other| *other != level)
                .map(|other| self.codebooks[other].largest())
                .sum();
            let mut values = self.codebooks[level].values().to_vec();
            for k in 0..self.codebooks[level].clusters() {
                let members = || (0..self.rows.len()).filter(|row| self.codes[level][*row] as usize == k);
                let count: i64 = members().map(|row| self.weights[row] as i64).sum();
                for (d, value) in values[k * 3..][..3].iter_mut().enumerate().filter(|_| count > 0) {
                    let left =
                        members().map(|row| self.left(row, |other| other != level)[d] * self.weights[row] as i64);
                    let mean = (2 * left.sum::<i64>() + count).div_euclid(2 * count);
                    *value = mean.clamp(largest - CODEWORDS_MAX, CODEWORDS_MAX - largest) as i32;
                }
            }
            self.codebooks[level] = Arc::new(Codebook::new(values, 3));
        }
        self
    }
}

/// Small numbers, for ties of rounding, and such that codewords meet their limit.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for seed in 0..40 {
        let clusters: &[&[u64]] = &[&[5, 4, 3], &[7, 2], &[1, 6, 1, 4], &[9]];
        for size in [2, 1000, 3 << 21] {
            cases.push(Case::new(seed, 1 + row_hash(seed, 5) % 30, clusters[seed as usize % 4], size));
        }
    }
    cases
}

#[test]
fn codewords_become_the_mean_of_what_other_levels_leave() {
    let mut limited = 0;
    for case in cases() {
        for frozen in 0..=case.codebooks.len() {
            let (found, moved) = case.sums(|_| true).means(&case.codebooks, frozen).unwrap();
            let (before, error) = (case.codebooks.clone(), case.squared_error());
            let again = Case {
                rows: case.rows.clone(),
                codes: case.codes.clone(),
                weights: case.weights.clone(),
                codebooks: before.clone(),
            };
            let expected = again.moved(frozen);
            assert_eq!(found, expected.codebooks);
            assert_eq!(moved, found != before);
            assert!(expected.squared_error() <= error && (!moved || frozen > 0 || expected.squared_error() < error));
            let largest: i64 = found.iter().map(|level| level.largest()).sum();
            assert!(largest <= CODEWORDS_MAX);
            limited += usize::from(largest == CODEWORDS_MAX);
        }
    }
    assert!(limited > 10, "{limited} cases met the limit of codewords");
}

#[test]
fn parts_of_the_rows_merge_in_any_order() {
    for case in cases() {
        let part = |part: usize| case.sums(|row| row_hash(3, row as u64) % 3 == part as u64);
        let mut all = part(0);
        all.merge(&part(1)).unwrap();
        all.merge(&part(2)).unwrap();
        let mut other = part(2);
        other.merge(&part(0)).unwrap();
        other.merge(&part(1)).unwrap();
        let whole = case.sums(|_| true);
        assert_eq!((&all, &other), (&whole, &whole));
        assert_eq!(whole.squared_error(), case.squared_error());
        assert_eq!(whole.rows(), case.weights.iter().sum::<u64>());
        let mut none = JointSums::new(&case.codebooks);
        none.merge(&whole).unwrap();
        assert_eq!(none, whole);
    }
}

#[test]
fn sums_of_different_rows_are_refused() {
    let case = Case::new(4, 20, &[5, 4, 3], 1000);
    let (whole, part) = (case.sums(|_| true), case.sums(|row| row > 0));
    let refused = |edit: fn(&mut Vec<Partial>, &mut Vec<CodePairCounts>, &JointSums)| {
        let (mut levels, mut pairs) = (whole.levels.clone(), whole.pairs.clone());
        edit(&mut levels, &mut pairs, &part);
        assert!(matches!(JointSums::from_parts(levels, pairs).unwrap_err().kind(), ErrorKind::Message { .. }));
    };
    refused(|levels, _, part| levels[1] = part.levels[1].clone());
    refused(|_, pairs, part| pairs[2] = part.pairs[2].clone());
    refused(|_, pairs, _| drop(pairs.pop()));
    refused(|_, pairs, _| pairs[0].keys.swap(0, 1));
    refused(|_, pairs, _| pairs[0].counts[0] += 1);
    refused(|_, pairs, _| pairs[1].keys[0] = u32::MAX);
    refused(|levels, _, _| levels[0] = levels[0].clone().with(7, 0));
    let mut other = case.sums(|_| true);
    assert!(other.merge(&Case::new(4, 20, &[5, 4], 1000).sums(|_| true)).is_err());
}

/// Sums that no rows have, as a broken worker may send them, end in an error.
#[test]
fn sums_that_no_rows_have_are_refused() {
    let codebooks = [Arc::new(Codebook::new(vec![1 << 22, 5], 1)), Arc::new(Codebook::new(vec![-(1 << 22)], 1))];
    let level = |counts: Vec<u64>, sums: Vec<i64>| Partial::from_parts(counts, sums, 1).with(9, 0);
    let pairs = || vec![CodePairCounts { keys: vec![0, 1], counts: vec![1 << 36, 1 << 36] }];
    let sums = |sum: i64| vec![level(vec![1 << 36; 2], vec![sum, -sum]), level(vec![1 << 37], vec![0])];
    assert!(JointSums::from_parts(sums(1 << 60), pairs()).unwrap().means(&codebooks, 0).is_ok());
    for sum in [(1 << 60) + 1, i64::MAX, i64::MIN + 1] {
        let error = JointSums::from_parts(sums(sum), pairs()).unwrap().means(&codebooks, 0).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Overflow { .. }), "{error}");
    }
}

#[test]
fn pairs_of_codes_are_bounded() {
    assert_eq!(JointSums::most_pairs(10, &[4]), 0);
    assert_eq!(JointSums::most_pairs(1000, &[4, 5, 6]), 20 + 24 + 30);
    assert_eq!(JointSums::most_pairs(25, &[4, 5, 6]), 20 + 24 + 25);
    assert_eq!(JointSums::most_pairs(usize::MAX, &[65_536, 65_536]), 1 << 32);
}
