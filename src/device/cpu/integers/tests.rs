//! Rounding is measured right, and every multiplier does what the portable one does.

use super::multiply::{Multiply, Portable};
use super::{Packed, Scaled, Width, round};
use crate::codebook::Codebook;
use crate::device::cpu::Pool;
use crate::device::cpu::bounds::{GROUP, up};
use crate::device::cpu::pairs::Group;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::table_rows::TableRows;
use crate::device::cpu::unit::Unit;
use crate::rng::row_hash;

/// Words of integers of a row, or of codewords as they are stored: random ones, or all at a limit.
fn words(seed: u64, kind: u64, width: Width, len: usize, columns: bool) -> Vec<i32> {
    let byte = |hash: u64| match (kind % 3, columns) {
        (0, false) => (hash % 255) as u8 as i8 as u8,
        (0, true) => 1 + (hash % 255) as u8,
        (1, false) => [127_i8, -127][(hash % 2) as usize] as u8,
        (1, true) => [1, 255][(hash % 2) as usize],
        (_, false) => 127,
        (_, true) => 255,
    };
    // Vectors of 16-bit integers are at most 46,046 long.
    let most = (32_000 / (2 * len.max(1)).isqrt().max(1)) as i64;
    let half = |hash: u64| match kind % 3 {
        0 => ((hash % (2 * most as u64 + 1)) as i64 - most) as i16,
        1 => [most, -most][(hash % 2) as usize] as i16,
        _ => most as i16,
    };
    let word = |i: usize| {
        let hash = |part: u64| row_hash(seed, 4 * i as u64 + part) >> 7;
        match width {
            Width::Bits8 => i32::from_ne_bytes([0, 1, 2, 3].map(|part| byte(hash(part)))),
            Width::Bits16 => bytemuck::cast([half(hash(0)), half(hash(1))]),
        }
    };
    (0..len).map(word).collect()
}

/// Compares a multiplier with the portable one on a tile of R rows and G groups.
#[cfg(target_arch = "x86_64")]
fn compare<M: Multiply, const R: usize, const G: usize>(multiplier: M, width: Width) {
    for (len, kind) in [1, 2, 3, 25, 96, 97, 2048].into_iter().flat_map(|len| (0..3).map(move |kind| (len, kind))) {
        let rows: Vec<Vec<i32>> = (0..R as u64).map(|r| words(r, kind, width, len, false)).collect();
        let columns: Vec<Vec<Group>> = (0..G as u64)
            .map(|g| {
                let words = words(100 + g, kind, width, GROUP * len, true);
                words.as_chunks::<GROUP>().0.iter().map(|words| Group(*words)).collect()
            })
            .collect();
        let starts = std::array::from_fn(|r| -(r as i32) * 1000);
        let rows: [&[i32]; R] = std::array::from_fn(|r| &rows[r][..]);
        let columns: [&[Group]; G] = std::array::from_fn(|g| &columns[g][..]);
        let expected = Portable(width).multiply(rows, starts, columns);
        assert_eq!(multiplier.multiply(rows, starts, columns), expected, "{R} x {G}, {len} words, {kind}");
        for (r, g) in (0..R).flat_map(|r| (0..G).map(move |g| (r, g))) {
            let column: Vec<i32> = columns[g].iter().map(|group| group.0[3]).collect();
            assert_eq!(multiplier.dot(rows[r], &column, starts[r]), expected[r][g][3], "{len} words, {kind}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn compare_tiles<M: Multiply>(multiplier: M, width: Width) {
    compare::<M, 6, 4>(multiplier, width);
    compare::<M, 1, 4>(multiplier, width);
    compare::<M, 6, 1>(multiplier, width);
    compare::<M, 1, 1>(multiplier, width);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn every_multiplier_does_what_the_portable_one_does() {
    use super::vnni::{Evex256, Evex512, Vex256};
    if let Some(multiplier) = Evex512::here() {
        compare_tiles(multiplier, Width::Bits8);
    }
    if let Some(multiplier) = Evex256::here() {
        compare_tiles(multiplier, Width::Bits8);
    }
    if let Some(multiplier) = Vex256::here() {
        compare_tiles(multiplier, Width::Bits8);
    }
    if let Some(multiplier) = pulp::x86::V3::try_new() {
        compare_tiles(multiplier, Width::Bits16);
    }
}

/// The portable multiplier by the definition of a product, in another order.
#[test]
fn the_portable_multiplier_multiplies() {
    for width in [Width::Bits8, Width::Bits16] {
        let (row, columns) = (words(1, 0, width, 25, false), words(2, 0, width, GROUP * 25, true));
        let groups: Vec<Group> = columns.as_chunks::<GROUP>().0.iter().map(|words| Group(*words)).collect();
        let [[sums]] = Portable(width).multiply([&row], [7], [&groups]);
        for (k, sum) in sums.into_iter().enumerate() {
            let column: Vec<i32> = groups.iter().rev().map(|group| group.0[k]).collect();
            let reversed: Vec<i32> = row.iter().rev().copied().collect();
            let product = |(r, c): (&i32, &i32)| -> i64 {
                let of = |r: i64, c: i64| r * c;
                match width {
                    Width::Bits8 => {
                        (0..4).map(|b| of((r.to_ne_bytes()[b] as i8).into(), c.to_ne_bytes()[b].into())).sum()
                    }
                    Width::Bits16 => {
                        let [r, c]: [[i16; 2]; 2] = [bytemuck::cast(*r), bytemuck::cast(*c)];
                        of(r[0].into(), c[0].into()) + of(r[1].into(), c[1].into())
                    }
                }
            };
            assert_eq!(i64::from(sum), 7 + reversed.iter().zip(&column).map(product).sum::<i64>());
        }
    }
}

/// Rows of every kind: random, spread over all magnitudes, saturated, equal, one large component, zero.
fn row(seed: u64, dim: usize) -> Vec<f32> {
    let limit = 1_i64 << (seed / 6 % 25);
    let value = |d: usize| {
        let hash = row_hash(seed, d as u64);
        let uniform = (hash % (2 * limit as u64 + 1)) as i64 - limit;
        match seed % 6 {
            0 => uniform,
            1 => uniform >> (hash >> 59).min(24),
            2 => [limit, -limit][(hash % 2) as usize],
            3 => limit - 1,
            4 => {
                if d == dim / 2 {
                    1 << 24
                } else {
                    uniform
                }
            }
            _ => 0,
        }
    };
    (0..dim).map(|d| value(d) as f32).collect()
}

/// The integers of a row.
fn integers(width: Width, words: &[i32], dim: usize) -> Vec<i64> {
    let of_word = |word: &i32| match width {
        Width::Bits8 => word.to_ne_bytes().map(|byte| i64::from(byte as i8)).to_vec(),
        Width::Bits16 => bytemuck::cast::<i32, [i16; 2]>(*word).map(i64::from).to_vec(),
    };
    let all: Vec<i64> = words.iter().flat_map(of_word).collect();
    assert!(all[dim..].iter().all(|integer| *integer == 0), "what fills up a word");
    all[..dim].to_vec()
}

/// Length of a row, and of what rounding took from it; every value is exact in f64, or off by far less than counts.
fn measured(width: Width, row: &[f32]) -> (f64, f64, Scaled, Vec<i64>) {
    let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let mut words = vec![-1; width.words(row.len())];
    let scaled = round(width, row, up(length), &mut words);
    let integers = integers(width, &words, row.len());
    let rest = |(value, integer): (&f32, &i64)| f64::from(*value) - *integer as f64 * f64::from(scaled.inverse);
    let rest = row.iter().zip(&integers).map(rest).map(|rest| rest * rest).sum::<f64>().sqrt();
    (length, rest, scaled, integers)
}

#[test]
fn what_rounding_takes_is_measured() {
    for (width, dim) in
        [1, 3, 16, 17, 100, 384, 1031, 8192].map(|dim| [(Width::Bits8, dim), (Width::Bits16, dim)]).as_flattened()
    {
        let mut nearly = 0;
        for seed in 0..150 {
            let (length, rest, scaled, integers) = measured(*width, &row(seed, *dim));
            let error = f64::from(scaled.error);
            assert!(rest <= error, "{rest} beyond {error}, {width:?}, {dim} dimensions, row {seed}");
            // What is added to the measured length is small beside a step of each integer.
            assert!(error <= 1.01 * rest + 0.02 * f64::from(scaled.inverse), "{error} for {rest}");
            nearly += usize::from(error < 1.1 * rest);
            let square: i64 = integers.iter().map(|integer| integer * integer).sum();
            match width {
                Width::Bits8 => {
                    assert!(integers.iter().all(|integer| integer.abs() <= 127));
                    assert!(length == 0.0 || integers.iter().any(|integer| integer.abs() == 127));
                    assert_eq!(i64::from(scaled.start), -128 * integers.iter().sum::<i64>());
                }
                Width::Bits16 => assert!(square <= 46_046_i64.pow(2) && scaled.start == 0),
            }
        }
        assert!(nearly > 0 || *dim == 1, "nothing was rounded");
    }
}

/// Lower bounds of scores do not depend on the instructions, for shapes that fit no tile.
#[test]
fn scores_are_the_same_bits_for_all_instructions() {
    for (case, (rows, dim, clusters)) in
        [(1, 1, 1), (7, 63, 17), (13, 64, 64), (6, 65, 80), (20, 384, 130), (5, 1030, 15), (3, 8192, 66), (12, 2, 300)]
            .into_iter()
            .enumerate()
    {
        let values: Vec<f32> = (0..rows as u64).flat_map(|r| row(r + 40 * case as u64, dim)).collect();
        let codewords = (0..clusters as u64).flat_map(|k| row(6 * k + k % 5 + 72, dim));
        let codebook = Codebook::new(codewords.map(|value| value as i32 / 2).collect(), dim);
        let mut expected: [Option<Vec<u32>>; 2] = [None, None];
        for unit in Unit::all() {
            let Some(width) = unit.products.width() else { continue };
            let panel = Panel::new(unit, &codebook).unwrap();
            let packed = Packed::new(unit.instructions(width), width, &panel.values, dim).unwrap();
            let mut held = TableRows::new(rows, dim).unwrap();
            held.change().copy_from_slice(&values);
            held.measure(&Pool(None), unit).unwrap();
            let mut scores = vec![0.0; rows * packed.stride()];
            packed.scores(held.rows(0, rows).integers(), &panel.coefficients, &mut scores);
            let of_rows = scores.chunks_exact(packed.stride()).flat_map(|scores| &scores[..clusters]);
            let bits: Vec<u32> = of_rows.map(|score: &f32| score.to_bits()).collect();
            let (all, mut one) = ((0..clusters as u16).collect::<Vec<u16>>(), vec![0.0; clusters]);
            for row in 0..rows {
                packed.few(held.rows(0, rows).integers(), row, &all, &panel.coefficients, &mut one);
                let one: Vec<u32> = one.iter().map(|score: &f32| score.to_bits()).collect();
                assert_eq!(one, bits[row * clusters..(row + 1) * clusters], "{unit:?}, row {row}");
            }
            let expected = &mut expected[usize::from(width == Width::Bits16)];
            assert_eq!(&bits, expected.get_or_insert_with(|| bits.clone()), "{unit:?}, {rows} x {dim}, {clusters}");
        }
    }
}
