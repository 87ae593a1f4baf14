//! Codes and decoded rows, recomputed from the codebooks alone.

use super::fit;
use crate::kernel::assign::squared_distance;
use crate::rq::tests::{devices, rows};
use crate::{Codes, Device, ErrorKind, Matrix, Metric, PqKMeans, PqKMeansModel};

const DIM: usize = 10;

fn model(residual: usize, metric: Metric) -> PqKMeansModel {
    let params = PqKMeans::new(residual + 3, 9).residual_levels(residual).metric(metric);
    fit(&params, &rows(250, DIM, 2.0), DIM, &Device::cpu()).unwrap().0
}

/// The codes of a row of integers, by comparing all codewords.
fn codes_of(model: &PqKMeansModel, row: &[i32]) -> Vec<u32> {
    let (mut row, mut codes) = (row.to_vec(), Vec::new());
    for (level, book) in model.codebooks().enumerate() {
        let place = match level.checked_sub(model.residual_levels()) {
            Some(slice) => [0..4, 4..7, 7..10][slice].clone(),
            None => 0..DIM,
        };
        let part = &mut row[place];
        let distances = book.values().chunks(part.len()).map(|c| squared_distance(part, c));
        let code = distances.enumerate().min_by_key(|(k, distance)| (*distance, *k)).unwrap().0;
        let codeword = book.codeword(code).unwrap();
        part.iter_mut().zip(codeword).for_each(|(q, c)| *q -= c);
        codes.push(code as u32);
    }
    codes
}

#[test]
fn codes_are_those_of_the_nearest_codewords_of_every_slice() {
    let values = rows(333, DIM, 2.5);
    let matrix = Matrix::new(&values, DIM).unwrap();
    for residual in [0, 2] {
        let model = model(residual, Metric::L2);
        let mut q = vec![0; values.len()];
        model.grid().quantize(&values, &mut q);
        let expected: Vec<u32> = q.chunks(DIM).flat_map(|row| codes_of(&model, row)).collect();
        for device in devices() {
            assert_eq!(model.encode(&matrix, device).unwrap().values(), expected, "{device:?}");
        }
    }
}

#[test]
fn a_few_rows_at_a_time_get_the_same_codes() {
    let values = rows(60, DIM, 2.5);
    for (residual, metric) in [(0, Metric::L2), (2, Metric::L2), (0, Metric::Cosine), (1, Metric::Cosine)] {
        let model = model(residual, metric);
        let expected = model.encode(&Matrix::new(&values, DIM).unwrap(), &Device::reference()).unwrap();
        for device in [Device::cpu(), Device::reference()] {
            let mut encoder = model.encoder().prepare(&device).unwrap().clone();
            for count in [1, 7, 60] {
                let mut codes = vec![u32::MAX; 60 * model.levels()];
                let parts = values.chunks(count * DIM).zip(codes.chunks_mut(count * model.levels()));
                parts.for_each(|(rows, codes)| encoder.encode_into(rows, codes).unwrap());
                assert_eq!(codes, expected.values(), "{count} rows, {metric:?}, {device:?}");
            }
        }
        let mut nan = values[..DIM].to_vec();
        nan[3] = f32::NAN;
        let error = model.encoder().encode_into(&nan, &mut vec![0; model.levels()]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotFinite { row: 0, column: 3, .. }));
    }
}

/// Decoding adds the codewords of residual levels and puts those of slices side by side.
#[test]
fn decoding_concatenates() {
    for residual in [0, 1] {
        let model = model(residual, Metric::L2);
        let books: Vec<_> = model.codebooks().cloned().collect();
        let codes = Codes::new([vec![5; residual], vec![0, 8, 3]].concat(), residual + 3).unwrap();
        let step = 2.0_f64.powi(-model.codebook_exponent());
        for levels in 1..=residual + 3 {
            let mut sum = [0_i32; DIM];
            for (level, code) in codes.values().iter().enumerate().take(levels) {
                let codeword = books[level].codeword(*code as usize).unwrap();
                let start = if level < residual { 0 } else { [0, 4, 7][level - residual] };
                sum[start..].iter_mut().zip(codeword).for_each(|(sum, value)| *sum += value);
            }
            let offset = model.grid().offset();
            let expected = sum.iter().zip(offset).map(|(q, o)| (f64::from(*q) * step + f64::from(*o)) as f32);
            assert_eq!(model.decode_levels(&codes, levels).unwrap(), expected.collect::<Vec<f32>>());
        }
        assert_eq!(model.decode(&codes).unwrap(), model.decode_levels(&codes, residual + 3).unwrap());
        for (levels, name) in [(0, "levels"), (residual + 4, "levels")] {
            let error = model.decode_levels(&codes, levels).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Parameter { name: found, .. } if *found == name));
        }
        let wrong = Codes::new([vec![5; residual], vec![0, 9, 3]].concat(), residual + 3).unwrap();
        let error = model.decode(&wrong).unwrap_err();
        let level = residual + 1;
        assert!(matches!(error.kind(), ErrorKind::Code { row: 0, level: l, code: 9, clusters: 9 } if *l == level));
    }
}

#[test]
fn other_labels_rename_codes() {
    let values = rows(80, DIM, 2.0);
    let matrix = Matrix::new(&values, DIM).unwrap();
    let model = crate::Model::from(model(1, Metric::L2));
    let labels: Vec<Vec<u32>> = (0..4).map(|level| (0..9).map(|k| (k * 2 + level) % 9).collect()).collect();
    let renamed = model.relabelled(&labels).unwrap();
    let (before, after) = (model.encode(&matrix, &Device::cpu()), renamed.encode(&matrix, &Device::cpu()));
    for (before, after) in before.unwrap().rows().zip(after.unwrap().rows()) {
        let expected: Vec<u32> = before.iter().zip(&labels).map(|(code, labels)| labels[*code as usize]).collect();
        assert_eq!(after, expected);
    }
    assert_ne!(renamed.fingerprint(), model.fingerprint());
}
