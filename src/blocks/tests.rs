//! Blocks beside an independent account of them: sums in whole numbers, joined rows made by hand.

use super::*;
use crate::rng::row_hash;
use crate::rows::{Matrix, Rows};
use crate::{Concat, Device, Model, RqKMeans, Weights};

const DIM: usize = 9;

/// A value of row `row`: whole numbers, times a power of two per block so that the blocks are of different sizes.
fn value(row: usize, column: usize) -> f32 {
    let whole = (row_hash(5, (row % 41 * DIM + column) as u64) % 2001) as f32 - 700.0;
    whole * [1.0, 1.0 / 1024.0, 64.0][if column < 3 { 0 } else { usize::from(column >= 5) + 1 }]
}

/// Whether a row lacks a block; no row lacks the last one.
fn lacks(row: usize, block: usize) -> bool {
    block < 2 && row_hash(6, row as u64) % 7 == block as u64
}

/// Rows of three blocks, of which some are missing.
fn values(rows: usize) -> Vec<f32> {
    let block = |column: usize| if column < 3 { 0 } else { usize::from(column >= 5) + 1 };
    let of = |row, column| if lacks(row, block(column)) { f32::NAN } else { value(row, column) };
    (0..rows).flat_map(|row| (0..DIM).map(move |column| of(row, column))).collect()
}

fn fit(rows: &dyn Rows, weights: Option<&Weights>) -> Result<Blocks> {
    Blocks::fit(rows, [("a", 3, 1.0), ("b", 2, 0.25), ("c", 4, 2.0)], weights)
}

fn read(rows: &dyn Rows) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out).unwrap();
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn scaled_blocks_have_their_weights_as_mean_squares_and_missing_ones_are_the_mean() {
    let values = values(500);
    let rows = Matrix::new(&values, DIM).unwrap();
    let blocks = fit(&rows, None).unwrap();
    let scaled = blocks.rows(&rows).unwrap();
    let out = read(&scaled);
    let mut start = 0;
    for (i, block) in blocks.iter().enumerate() {
        let has: Vec<usize> = (0..500).filter(|row| !lacks(*row, i)).collect();
        let mut square = 0.0;
        for d in start..start + block.width() {
            // Whole numbers: the exact mean in f64, and the squares around it.
            let mean = has.iter().map(|row| f64::from(value(*row, d))).sum::<f64>() / has.len() as f64;
            assert!((f64::from(block.mean()[d - start]) - mean).abs() <= mean.abs() * 1e-6, "{i}, column {d}");
            square += has.iter().map(|row| (f64::from(value(*row, d)) - mean).powi(2)).sum::<f64>();
            for row in 0..500 {
                let x = if lacks(row, i) { block.mean()[d - start] } else { value(row, d) };
                let exact = f64::from(x) * block.scale();
                assert_eq!(out[row * DIM + d].to_bits(), (exact as f32).to_bits(), "{i}, row {row}");
            }
        }
        let square = square / has.len() as f64 * block.scale().powi(2);
        assert!((square / block.weight() - 1.0).abs() < 1e-5, "{i}: {square} for {}", block.weight());
        start += block.width();
    }
    let imputed: Vec<u64> = (0..3).map(|i| (0..500).filter(|row| lacks(*row, i)).count() as u64).collect();
    assert!(imputed[0] > 20 && imputed[1] > 20);
    // Rows that are read again count once.
    read(&scaled);
    assert_eq!(scaled.imputed(), imputed);
    let mut back = out;
    blocks.unscale(&mut back);
    for (row, (x, y)) in values.chunks_exact(DIM).zip(back.chunks_exact(DIM)).enumerate() {
        let near = |(x, y): (&f32, &f32)| x.is_nan() || (x - y).abs() <= x.abs() * 1e-6;
        assert!(x.iter().zip(y).all(near), "row {row}");
    }
}

#[test]
fn a_fit_of_blocks_is_the_fit_of_rows_joined_by_hand_on_every_device() {
    let values = values(300);
    let rows = Matrix::new(&values, DIM).unwrap();
    let blocks = fit(&rows, None).unwrap();
    let by_hand: Vec<f32> = values
        .chunks_exact(DIM)
        .flat_map(|row| {
            let mut start = 0;
            blocks
                .iter()
                .flat_map(move |block| {
                    let part = &row[start..start + block.width()];
                    start += block.width();
                    let part = if part[0].is_nan() { block.mean() } else { part };
                    part.iter().map(|x| (f64::from(*x) * block.scale()) as f32).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let by_hand = Matrix::new(&by_hand, DIM).unwrap();
    let params = RqKMeans::new(2, 12).max_iter(8);
    let expected = Model::from(params.fit(&by_hand, &Device::reference()).unwrap());
    for device in [Device::reference(), Device::cpu(), Device::cpu_with_threads(3).unwrap()] {
        let scaled = blocks.rows(&rows).unwrap();
        let model = Model::from(params.fit(&scaled, &device).unwrap());
        assert_eq!(model.fingerprint(), expected.fingerprint());
        assert_eq!(model.encode(&scaled, &device).unwrap(), expected.encode(&by_hand, &device).unwrap());
        let model = model.with_blocks(blocks.clone()).unwrap();
        assert_eq!(model.fingerprint(), blocks.fingerprint(&expected.fingerprint()));
    }
}

#[test]
fn blocks_depend_on_the_set_of_rows_alone() {
    let values = values(200);
    let rows = Matrix::new(&values, DIM).unwrap();
    let expected = fit(&rows, None).unwrap();
    let mut order: Vec<usize> = (0..200).collect();
    order.sort_by_key(|row| row_hash(9, *row as u64));
    let pick = |rows: &[usize]| rows.iter().flat_map(|row| values[row * DIM..][..DIM].to_vec()).collect::<Vec<f32>>();
    assert_eq!(fit(&Matrix::new(&pick(&order), DIM).unwrap(), None).unwrap(), expected);
    let parts = [0..70, 70..71, 71..200].map(|part| pick(&part.collect::<Vec<_>>()));
    let parts = Concat::new(parts.iter().map(|part| Matrix::new(part, DIM).unwrap())).unwrap();
    assert_eq!(fit(&parts, None).unwrap(), expected);
    // A row of weight w counts as w equal rows.
    let weights: Vec<u64> = (0..200).map(|row| row_hash(10, row) % 4).collect();
    let copies: Vec<usize> = (0..200).flat_map(|row| std::iter::repeat_n(row, weights[row] as usize)).collect();
    let copies = fit(&Matrix::new(&pick(&copies), DIM).unwrap(), None).unwrap();
    assert_eq!(fit(&rows, Some(&Weights::new(weights).unwrap())).unwrap(), copies);
    assert_ne!(copies, expected);
    // One far value moves no scale by much.
    let mut far = values.clone();
    let place = far.iter().rposition(|x| x.is_finite()).unwrap();
    far[place] = 1e30;
    let moved = fit(&Matrix::new(&far, DIM).unwrap(), None).unwrap();
    let scales = |blocks: &Blocks| blocks.iter().map(Block::scale).collect::<Vec<f64>>();
    let near = |(a, b): (&f64, &f64)| (a / b - 1.0).abs() < 0.05;
    assert!(scales(&moved).iter().zip(&scales(&expected)).all(near), "{moved:?}");
}

/// Rows that do not fit into memory take turns, and are scaled whenever they are read.
#[test]
fn rows_that_take_turns_change_nothing() {
    let value = |i: u64| (row_hash(7, i) % 3001) as f32;
    let missing = |i: u64| i % 2 == 1 && row_hash(8, i).is_multiple_of(5);
    let values: Vec<f32> = (0..40_000).map(|i| if missing(i) { f32::NAN } else { value(i) }).collect();
    let rows = Matrix::new(&values, 2).unwrap();
    let blocks = Blocks::fit(&rows, [("a", 1, 1.0), ("b", 1, 0.5)], None).unwrap();
    let scaled = blocks.rows(&rows).unwrap();
    let params = RqKMeans::new(2, [8, 4]).max_iter(4);
    let expected = params.fit(&scaled, &Device::cpu()).unwrap();
    assert_eq!(params.fit(&scaled, &Device::cpu().with_memory(66_600 << 10)).unwrap(), expected);
    let lacking = (0..40_000).filter(|i| missing(*i)).count() as u64;
    assert_eq!(scaled.imputed(), [0, lacking]);
}

/// Rows are read in pieces of 2^20 values, which have no influence on what each row counts or lacks.
#[test]
fn more_rows_than_are_read_at_a_time_are_all_counted() {
    let (rows, late) = (130_000, 125_000);
    // Rows that count for nothing are far away.
    let early = |row: usize| if row.is_multiple_of(1000) { 1.0 } else { 1e30 };
    let value = |row: usize, d: usize| if row < late { early(row) } else { [5.0, 9.0][(row + d) % 2] };
    let mut values: Vec<f32> = (0..rows * DIM).map(|i| value(i / DIM, i % DIM)).collect();
    values[(rows - 1) * DIM..][..3].fill(f32::NAN);
    let weights: Vec<u64> = (0..rows).map(|row| if row < late { u64::from(row % 1000 == 0) } else { 1 }).collect();
    let counted: Vec<f32> = values
        .chunks_exact(DIM)
        .zip(&weights)
        .filter(|(_, weight)| **weight > 0)
        .flat_map(|(row, _)| row.to_vec())
        .collect();
    let expected = fit(&Matrix::new(&counted, DIM).unwrap(), None).unwrap();
    let weights = Weights::new(weights).unwrap();
    assert_eq!(fit(&Matrix::new(&values, DIM).unwrap(), Some(&weights)).unwrap(), expected);
    values[(rows - 2) * DIM + 4] = f32::INFINITY;
    let error = fit(&Matrix::new(&values, DIM).unwrap(), Some(&weights)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFinite { row, column: 4, .. } if *row == rows - 2), "{error}");
}

/// The bytes that the documentation of the fingerprint lists, by hand.
#[test]
fn a_fingerprint_covers_widths_scales_and_means() {
    let values = values(100);
    let blocks = fit(&Matrix::new(&values, DIM).unwrap(), None).unwrap();
    let inner = "ab".repeat(32);
    let mut bytes = [&b"semid blocks 1\0"[..], inner.as_bytes(), &[3, 0, 0, 0]].concat();
    for (block, width) in blocks.iter().zip([3_u32, 2, 4]) {
        bytes.extend(width.to_le_bytes());
        bytes.extend(block.scale().to_le_bytes());
        block.mean().iter().for_each(|mean| bytes.extend(mean.to_le_bytes()));
    }
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(blocks.fingerprint(&inner), digest);
}

#[test]
fn stored_blocks_that_no_fit_gives_are_refused() {
    let blocks = Blocks::fit(&Matrix::new(&[1.0, 2.0, 4.0, 8.0], 1).unwrap(), [("x", 1, 1.0)], None).unwrap();
    let stored = serde_json::to_value(&blocks).unwrap();
    assert_eq!(serde_json::from_value::<Blocks>(stored.clone()).unwrap(), blocks);
    for (field, value) in [
        ("scale", serde_json::json!(1.0 + 2.0_f64.powi(-30))),
        ("scale", serde_json::json!(0.0)),
        ("scale", serde_json::json!(1e-310)),
        ("mean", serde_json::json!([0.1])),
        ("mean", serde_json::json!([1e39])),
        ("mean", serde_json::json!([])),
        ("mean", serde_json::json!(vec![0.0; MAX_DIM + 1])),
        ("weight", serde_json::json!(0.0)),
        ("weight", serde_json::json!(-1.0)),
        ("other", serde_json::json!(1)),
    ] {
        let mut changed = stored.clone();
        changed[0][field] = value.clone();
        assert!(serde_json::from_value::<Blocks>(changed).is_err(), "{field}: {value}");
    }
    let twice = serde_json::json!([stored[0], stored[0]]);
    assert!(serde_json::from_value::<Blocks>(twice).is_err());
    assert!(serde_json::from_value::<Blocks>(serde_json::json!([])).is_err());
}

#[test]
fn extreme_blocks_are_scaled_without_loss() {
    for (largest, weight) in [(f32::MAX, 1.0), (f32::from_bits(1), 1.0), (1.0, 1e300), (1.0, 1e-300), (1e-30, 4.0)] {
        let values = [largest, -largest, 0.0, largest, 0.0, -largest];
        let rows = Matrix::new(&values, 2).unwrap();
        let blocks = Blocks::fit(&rows, [("x", 1, weight), ("y", 1, weight)], None).unwrap();
        let found = read(&blocks.rows(&rows).unwrap());
        for (i, block) in blocks.iter().enumerate() {
            assert_eq!(fit::short(block.scale()), block.scale());
            let expected = f64::from(values[i]) * block.scale();
            assert_eq!(found[i], expected.clamp(f32::MIN.into(), f32::MAX.into()) as f32, "{largest} {weight}");
        }
    }
    // A block that is the same everywhere keeps its scale.
    let blocks = Blocks::fit(&Matrix::new(&[1.0, 7.0, 2.0, 7.0], 2).unwrap(), [("x", 1, 1.0), ("y", 1, 1.0)], None);
    assert_eq!(blocks.unwrap().iter().map(Block::scale).nth(1), Some(1.0));
}

#[test]
fn scales_have_24_bits_and_ties_go_to_even() {
    let unit = 2.0_f64.powi(-24);
    assert_eq!(fit::short(1.0 + unit), 1.0);
    assert_eq!(fit::short(1.0 + 3.0 * unit), 1.0 + 4.0 * unit);
    assert_eq!(fit::short(1.0 + unit * 1.5), 1.0 + 2.0 * unit);
    assert_eq!(fit::short((2.0 - unit / 4.0) * 2.0_f64.powi(500)), 2.0_f64.powi(501));
}

#[test]
fn bad_blocks_and_rows_are_refused() {
    let values = values(20);
    let rows = Matrix::new(&values, DIM).unwrap();
    let refused = |blocks: &[(&str, usize, f64)]| Blocks::fit(&rows, blocks.iter().copied(), None).unwrap_err();
    assert!(matches!(
        refused(&[("a", 3, 1.0), ("b", 2, 1.0)]).kind(),
        ErrorKind::DimMismatch { expected: 9, found: 5 }
    ));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = refused(&[("a", 3, weight), ("b", 6, 1.0)]);
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "weight", .. }), "{error}");
    }
    assert!(refused(&[("a", 5, 1.0), ("a", 4, 1.0)]).to_string().contains("\"a\""));
    let weights = Weights::new(vec![1; 19]).unwrap();
    assert!(matches!(fit(&rows, Some(&weights)).unwrap_err().kind(), ErrorKind::RowCount { found: 19, rows: 20, .. }));
    let row = |first: f32, second: f32| {
        let values = [1.0, 2.0, 3.0, first, second, 5.0];
        Blocks::fit(&Matrix::new(&values, 3).unwrap(), [("a", 1, 1.0), ("b", 2, 1.0)], None).unwrap_err()
    };
    // A block with some NaN is no missing one, and a row needs a block.
    let place = |error: Error| match error.kind() {
        ErrorKind::NotFinite { row, column, .. } => (*row, *column),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(row(1.0, f32::NAN)), (1, 1));
    assert_eq!(place(row(f32::INFINITY, 1.0)), (1, 0));
    let all = Matrix::new(&[f32::NAN; 2], 2).unwrap();
    let none = |rows: &dyn Rows| Blocks::fit(rows, [("a", 1, 1.0), ("b", 1, 1.0)], None).unwrap_err();
    assert_eq!(place(none(&all)), (0, 0));
    assert!(matches!(none(&Matrix::new(&[], 2).unwrap()).kind(), ErrorKind::Empty));
    let unweighted = Weights::new(vec![0; 20]).unwrap();
    assert!(matches!(fit(&rows, Some(&unweighted)).unwrap_err().kind(), ErrorKind::NoWeight));
    assert!(refused(&[("a", 9, 1.0), ("b", 0, 1.0)]).to_string().contains("\"b\": must have dimensions"));
    let error = none(&Matrix::new(&[f32::NAN, 1.0, f32::NAN, 2.0], 2).unwrap());
    assert!(error.to_string().contains("every row that counts lacks it"), "{error}");
    // Rows that are scaled later keep what is bad in them, for whoever reads them.
    let blocks =
        Blocks::fit(&Matrix::new(&[1.0, 2.0, 3.0, 5.0], 2).unwrap(), [("a", 1, 1.0), ("b", 1, 1.0)], None).unwrap();
    let bad = [f32::INFINITY, 1.0, f32::NAN, f32::NAN];
    let found = read(&blocks.rows(&Matrix::new(&bad, 2).unwrap()).unwrap());
    assert!(found[0] == f32::INFINITY && found[2].is_nan() && found[3].is_nan(), "{found:?}");
    assert!(blocks.rows(&rows).is_err());
}

#[test]
fn models_keep_their_blocks() {
    let values = values(100);
    let rows = Matrix::new(&values, DIM).unwrap();
    let blocks = fit(&rows, None).unwrap();
    let scaled = blocks.rows(&rows).unwrap();
    let plain = Model::from(RqKMeans::new(1, 4).fit(&scaled, &Device::cpu()).unwrap());
    let model = plain.clone().with_blocks(blocks.clone()).unwrap();
    let bytes = model.to_bytes().unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains(r#""format_version":"4""#), "{text}");
    let read = Model::from_bytes(&bytes).unwrap();
    assert_eq!(read.blocks(), Some(&blocks));
    assert_eq!(read.fingerprint(), model.fingerprint());
    assert!(plain.blocks().is_none() && plain.fingerprint() != model.fingerprint());
    let parameters = read.parameters().unwrap();
    assert_eq!(parameters["column"], serde_json::json!(["a", "b", "c"]));
    assert_eq!(parameters["column_weight"], serde_json::json!([1.0, 0.25, 2.0]));
    // Other codes for the same codewords keep the blocks, and scales are part of the fingerprint.
    assert_eq!(model.relabelled(&[vec![1, 0, 2, 3]]).unwrap().blocks(), Some(&blocks));
    let other = fit(&Matrix::new(&values[..80 * DIM], DIM).unwrap(), None).unwrap();
    assert_ne!(plain.clone().with_blocks(other).unwrap().fingerprint(), model.fingerprint());
    assert!(
        plain.with_blocks(Blocks::fit(&Matrix::new(&[1.0, 2.0], 1).unwrap(), [("a", 1, 1.0)], None).unwrap()).is_err()
    );
    // A version without blocks, or numbers that no fit gives.
    let damaged = |from: &str, to: &str| Model::from_bytes(text_of(&bytes, from, to).as_slice()).unwrap_err();
    for (from, to) in [(r#""format_version":"4""#, r#""format_version":"3""#), (r#"\"scale\":"#, r#"\"scale\":-"#)] {
        let error = damaged(from, to);
        assert!(matches!(error.kind(), ErrorKind::Damaged { .. }), "{error}");
    }
}

/// The bytes of a model file in whose header `from` is `to`.
fn text_of(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    assert!(header.contains(from), "{header}");
    let mut header = header.replacen(from, to, 1).trim_end().to_owned();
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes[8 + length..]].concat()
}

#[test]
fn sources_lie_side_by_side() {
    let (a, b): (Vec<f32>, Vec<f32>) = ((0..20).map(|i| i as f32).collect(), (0..30).map(|i| -(i as f32)).collect());
    let rows = Beside::new([Matrix::new(&a, 2).unwrap(), Matrix::new(&b, 3).unwrap()]).unwrap();
    assert_eq!((rows.len(), rows.dim(), rows.widths()), (10, 5, vec![2, 3]));
    let whole: Vec<f32> = a.chunks(2).zip(b.chunks(3)).flat_map(|(a, b)| [a, b].concat()).collect();
    for first in 0..=10 {
        for count in 0..=10 - first {
            let mut out = vec![0.0; count * 5];
            rows.read(first, &mut out).unwrap();
            assert_eq!(bits(&out), bits(&whole[first * 5..][..count * 5]));
        }
    }
    rows.read(9, &mut [0.0; 10]).unwrap_err();
    let error = Beside::new([Matrix::new(&a, 2).unwrap(), Matrix::new(&a, 4).unwrap()]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { found: 5, rows: 10, .. }), "{error}");
    assert!(Beside::new([] as [Matrix<'_>; 0]).is_err());
}
