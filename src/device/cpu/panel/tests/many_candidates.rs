//! Rows with many candidates, more than are compared at a time, among them equally near ones.

use super::near_ties::{codes_of, expected};
use super::{Numbers, panels};
use crate::codebook::Codebook;
use crate::device::cpu::Pool;
use crate::device::cpu::few::Few;
use crate::device::cpu::memory::{History, Mark, Remembered};
use crate::device::{FewRows, NO_CODE};

/// Codewords, some of them equal, that are as far from a centre as rounding to 8 bits moves a vector, and rows among
/// them: zero, the centre, codewords, and others.
fn crowded(numbers: &mut Numbers, rows: usize, dim: usize, clusters: usize) -> (Vec<i32>, Codebook) {
    let centre = numbers.fill(0, dim, 20);
    let mut codewords = Vec::new();
    for k in 0..clusters {
        match k % 5 {
            4 => codewords.extend_from_within((k - 3) * dim..(k - 2) * dim),
            _ => codewords.extend(centre.iter().map(|value| value + numbers.up_to(1 << 12))),
        }
    }
    let mut values = vec![0; dim];
    values.extend(&centre);
    for i in 2..rows {
        let codeword = &codewords[i * 7 % clusters * dim..][..dim];
        let size = [0, 1, 1 << 6, 1 << 12][i % 4];
        values.extend(codeword.iter().map(|value| value + numbers.up_to(size)));
    }
    (values, Codebook::new(codewords, dim))
}

/// Rows and codewords that 8 bits hold exactly, so that bounds are as tight as they can be: a row is equally near to
/// all codewords that differ from it in as many signs.
fn signs(numbers: &mut Numbers, rows: usize, dim: usize, clusters: usize) -> (Vec<i32>, Codebook) {
    let mut flipped = |count: usize| {
        let mut values = vec![127; dim];
        (0..count).for_each(|_| values[numbers.next() as usize % dim] = -127);
        values
    };
    let values = (0..rows).flat_map(|i| flipped(i % 3)).collect();
    let codewords = (0..clusters).flat_map(|k| flipped(2 + k % 2)).collect();
    (values, Codebook::new(codewords, dim))
}

#[test]
fn the_nearest_of_many_candidates_is_found() {
    for (seed, dim) in [1, 2, 7, 16, 17, 100, 384, 1030, 8192].into_iter().enumerate() {
        let (mut numbers, rows) = (Numbers(700 + seed as u64, 0), if dim > 1030 { 8 } else { 30 });
        for clusters in [20, 40, 150] {
            for (rows, codebook) in
                [crowded(&mut numbers, rows, dim, clusters), signs(&mut numbers, rows, dim, clusters)]
            {
                let expected = expected(&rows, &codebook);
                for panel in panels(&codebook) {
                    let (case, mut history) = (format!("{dim}, {clusters}, {:?}", panel.unit), History::default());
                    let mut codes = vec![NO_CODE; expected.len()];
                    let tally = codes_of(&panel, &rows, Remembered::Nothing, &mut codes, &history);
                    assert_eq!(codes, expected, "{case}");
                    if clusters == 150 && dim == 384 {
                        assert!(tally.candidates > 48 * tally.undecided && tally.undecided > 10, "{case}: {tally:?}");
                    }
                    let mut marks = vec![Mark::UNKNOWN; expected.len()];
                    for _ in 0..2 {
                        codes_of(&panel, &rows, Remembered::Lists(&mut marks), &mut codes, &history);
                        history.push(&panel);
                        assert_eq!(codes, expected, "{case}");
                    }
                    let few = Few::new(Pool(None), panel.unit, Default::default(), &[(&codebook, false)]).unwrap();
                    let mut codes = vec![NO_CODE; expected.len()];
                    few.encode_many(&rows, &mut codes);
                    assert_eq!(codes, expected, "{case}");
                }
            }
        }
    }
}
