//! Levels whose codes labels give.

use super::{devices, rows};
use crate::labels::{LabelledFit, Labels, UnknownLabel};
use crate::metrics::drift_labelled;
use crate::quantizer::{TrainOptions, TrainingProgress, train};
use crate::rng::row_hash;
use crate::rq::{Algorithm, Init, MiniBatch, WarmStart};
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans, RqKMeansModel, RqVae, Weights};
use std::ops::ControlFlow;

const DIM: usize = 4;

fn values() -> Vec<f32> {
    rows(240, DIM, 0.0)
}

/// A category for nearly every row, and one of two brands.
fn labels() -> Labels {
    let category = (0..240_u64).map(|row| match row_hash(1, row) % 9 {
        0 => None,
        kind => Some(format!("kind {}", kind % 4)),
    });
    let brand = (0..240_u64).map(|row| Some(["left", "right"][row_hash(2, row) as usize % 2].to_owned()));
    Labels::new([("category", category.collect::<Vec<_>>()), ("brand", brand.collect())]).unwrap()
}

/// Codes of the first levels of rows on the grid, and what the levels leave of them: the specification, one row after
/// the other.
fn expected(model: &RqKMeansModel, labels: &Labels, values: &[f32]) -> (Vec<Vec<u32>>, Vec<Vec<i32>>) {
    let mut all = (Vec::new(), Vec::new());
    for (row, values) in values.chunks_exact(DIM).enumerate() {
        let mut q = vec![0; DIM];
        model.grid().quantize(values, &mut q);
        let mut codes = Vec::new();
        for (level, table) in model.label_tables().iter().enumerate() {
            let distance =
                |codeword: &[i32]| -> i64 { q.iter().zip(codeword).map(|(a, b)| i64::from(a - b).pow(2)).sum() };
            let codewords = || model.levels()[level].values().chunks_exact(DIM);
            let nearest = || codewords().map(distance).enumerate().min_by_key(|(k, of)| (*of, *k)).unwrap().0;
            let given = table.codes(&labels.part(row..row + 1), level)[0].or(table.reserved());
            let code = given.unwrap_or_else(|| nearest() as u32);
            let codeword = codewords().nth(code as usize).unwrap();
            q.iter_mut().zip(codeword).for_each(|(q, c)| *q -= c);
            codes.push(code);
        }
        all.0.push(codes);
        all.1.push(q);
    }
    all
}

#[test]
fn labels_give_the_first_codes_and_their_means_the_codewords_on_every_device() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    for unknown in [UnknownLabel::Nearest, UnknownLabel::Reserve] {
        let fit = LabelledFit::new(&labels).unknown(unknown);
        let params = RqKMeans::new(2, [6, 5]).max_iter(6);
        let model = params.fit_labelled(&rows, &fit, &Device::reference()).unwrap();
        let reserved = usize::from(unknown == UnknownLabel::Reserve);
        assert_eq!(model.clusters(), [4 + reserved, 2 + reserved, 6, 5]);
        let (first, _) = expected(&model, &labels, &values);
        let codes = model.encoder().labels(&labels).encode(&rows, &Device::reference()).unwrap();
        assert!(codes.rows().zip(&first).all(|(codes, first)| &codes[..2] == first), "{unknown:?}");
        // Every category's codeword is the rounded mean of its rows on the grid.
        for (k, codeword) in model.levels()[0].values().chunks_exact(DIM).enumerate() {
            let table = &model.label_tables()[0];
            let given = table.codes(&labels, 0).into_iter().map(|code| code.or(table.reserved()));
            let members: Vec<Vec<i32>> = (values.chunks_exact(DIM).zip(given))
                .filter(|(_, code)| *code == Some(k as u32))
                .map(|(row, _)| {
                    let mut q = vec![0; DIM];
                    model.grid().quantize(row, &mut q);
                    q
                })
                .collect();
            let n = members.len() as i64;
            for d in 0..DIM {
                let sum: i64 = members.iter().map(|row| i64::from(row[d])).sum();
                assert_eq!(i64::from(codeword[d]), (2 * sum + n).div_euclid(2 * n), "{unknown:?}, label {k}");
            }
        }
        for device in devices() {
            let found = params.fit_labelled(&rows, &fit, device).unwrap();
            assert_eq!(found.fingerprint(), model.fingerprint(), "{unknown:?} on {device:?}");
            let found = found.encoder().labels(&labels).encode(&rows, device).unwrap();
            assert_eq!(found, codes, "{unknown:?} on {device:?}");
        }
    }
}

/// Rows with weights and labels are fitted as copies are of which there are as many.
#[test]
fn weights_stand_for_copies_of_rows_with_labels() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    // The rows of one label do not count.
    let of_kind_2 = |row: usize| labels.part(row..row + 1) == labels.part(2..3);
    let times = |row: usize| if of_kind_2(row) { 0 } else { row_hash(3, row as u64) % 4 };
    let weights = Weights::new((0..240).map(times)).unwrap();
    let copies: Vec<usize> = (0..240).flat_map(|row| std::iter::repeat_n(row, times(row) as usize)).collect();
    let copied: Vec<f32> = copies.iter().flat_map(|row| values[row * DIM..(row + 1) * DIM].to_vec()).collect();
    let (copied, labels_of_copies) = (Matrix::new(&copied, DIM).unwrap(), labels.of_rows(&copies));
    let base = RqKMeans::new(2, [6, 5]).max_iter(6);
    for params in [base.clone(), base.clone().sample(150), base.clone().metric(Metric::Cosine), base.init(Init::Random)]
    {
        for unknown in [UnknownLabel::Nearest, UnknownLabel::Reserve] {
            let fit = LabelledFit::new(&labels_of_copies).unknown(unknown);
            let expected = params.fit_labelled(&copied, &fit, &Device::reference()).unwrap();
            for device in devices() {
                let labels = Some(LabelledFit::new(&labels).unknown(unknown));
                let options = TrainOptions { weights: Some(&weights), labels, ..TrainOptions::default() };
                let mut tell = |_: &TrainingProgress<'_>| ControlFlow::Continue(());
                let (found, _) = train(&params, &rows, device, &options, &mut tell).unwrap();
                assert_eq!(found.fingerprint(), expected.fingerprint(), "{params:?}, {unknown:?} on {device:?}");
            }
        }
    }
}

/// The levels after those of labels are the levels of a fit of what these leave.
#[test]
fn later_levels_are_fitted_to_residuals() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    let params = RqKMeans::new(1, 7).init(Init::Random).tol(0.0);
    let model = params.fit_labelled(&rows, &LabelledFit::new(&labels), &Device::cpu()).unwrap();
    let (_, residuals) = expected(&model, &labels, &values);
    let codes = model.encoder().labels(&labels).encode(&rows, &Device::cpu()).unwrap();
    // Without a tolerance every codeword is the mean of its residuals, and each row has the nearest one.
    let book: Vec<&[i32]> = model.levels()[2].values().chunks_exact(DIM).collect();
    for (k, codeword) in book.iter().enumerate() {
        let members = residuals.iter().zip(codes.rows()).filter(|(_, codes)| codes[2] == k as u32);
        let members: Vec<&Vec<i32>> = members.map(|(row, _)| row).collect();
        let n = members.len() as i64;
        let mean = |d: usize| (2 * members.iter().map(|row| i64::from(row[d])).sum::<i64>() + n).div_euclid(2 * n);
        assert!(n > 0 && (0..DIM).all(|d| mean(d) == i64::from(codeword[d])), "codeword {k}");
    }
    for (row, codes) in residuals.iter().zip(codes.rows()) {
        let distance = |k: usize| -> i64 { row.iter().zip(book[k]).map(|(a, b)| i64::from(a - b).pow(2)).sum() };
        assert_eq!((0..7).min_by_key(|k| (distance(*k), *k)), Some(codes[2] as usize));
    }
}

/// Candidates have the codes that labels give, and the others are those of the smallest distances of all.
#[test]
fn candidates_keep_the_codes_of_labels() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    for unknown in [UnknownLabel::Nearest, UnknownLabel::Reserve] {
        let fit = LabelledFit::new(&labels).unknown(unknown);
        let params = RqKMeans::new(2, [6, 5]).max_iter(6);
        let model = params.fit_labelled(&rows, &fit, &Device::cpu()).unwrap();
        let (first, residuals) = expected(&model, &labels, &values);
        let book = |level: usize| model.levels()[level].values().chunks_exact(DIM);
        // The distances of all 30 codes of each row, in order.
        let all: Vec<Vec<(u64, Vec<u32>)>> = (first.iter().zip(&residuals))
            .map(|(first, row)| {
                let codes = (0..6).flat_map(|a| (0..5).map(move |b| [a, b]));
                let mut all: Vec<(u64, Vec<u32>)> = codes
                    .map(|[a, b]| {
                        let words = book(2).nth(a).unwrap().iter().zip(book(3).nth(b).unwrap());
                        let left = row.iter().zip(words).map(|(q, (a, b))| i64::from(q - a - b).pow(2));
                        (left.sum::<i64>() as u64, [&first[..], &[a as u32, b as u32]].concat())
                    })
                    .collect();
                all.sort();
                all
            })
            .collect();
        for device in devices() {
            let encoder = model.encoder().labels(&labels).beam(6);
            let best = encoder.encode(&rows, device).unwrap();
            let found = encoder.candidates(30, &rows, device).unwrap();
            for (row, all) in all.iter().enumerate() {
                assert_eq!(best.rows().nth(row), Some(&all[0].1[..]), "{unknown:?}, row {row} on {device:?}");
                let found: Vec<(u64, Vec<u32>)> = found.row(row).map(|(codes, d)| (d, codes.to_vec())).collect();
                assert_eq!(found, *all, "{unknown:?}, row {row} on {device:?}");
            }
            // A beam of one gives the codes of an encode without one, also to a part of the rows.
            let greedy = model.encoder().labels(&labels).encode(&rows, device).unwrap();
            let one = model.encoder().labels(&labels).beam(1).candidates(1, &rows, device).unwrap();
            assert_eq!(one.codes(), greedy.values(), "{unknown:?} on {device:?}");
            let without = model.encoder().beam(1).candidates(1, &rows, device).unwrap();
            assert_eq!(without.codes(), model.encoder().encode(&rows, device).unwrap().values());
        }
    }
}

#[test]
fn unknown_labels_have_the_nearest_or_the_reserved_code() {
    let (values, device) = ([0.0, 2.0, 100.0, 102.0, 40.0], Device::cpu());
    let rows = Matrix::new(&values, 1).unwrap();
    let own = Labels::new([("kind", ["low", "low", "up", "up", ""].map(Some))]).unwrap();
    let other = Labels::new([("kind", ["new", "up", "", "low", "low"].map(Some))]).unwrap();
    let codes = |unknown, labels: Option<&Labels>| -> Vec<u32> {
        let fit = LabelledFit::new(&own).unknown(unknown);
        let model = RqKMeans::new(1, 1).fit_labelled(&rows, &fit, &device).unwrap();
        let encoder = match labels {
            Some(labels) => model.encoder().labels(labels),
            None => model.encoder(),
        };
        encoder.encode(&rows, &device).unwrap().rows().map(|codes| codes[0]).collect()
    };
    let (nearest, reserve) = (UnknownLabel::Nearest, UnknownLabel::Reserve);
    assert_eq!(codes(nearest, Some(&own)), [0, 0, 1, 1, 0]);
    assert_eq!(codes(reserve, Some(&own)), [0, 0, 1, 1, 2]);
    assert_eq!(codes(nearest, Some(&other)), [0, 1, 1, 0, 0]);
    assert_eq!(codes(reserve, Some(&other)), [2, 1, 2, 0, 0]);
    assert_eq!(codes(nearest, None), [0, 0, 1, 1, 0]);
    assert_eq!(codes(reserve, None), [2; 5]);
}

#[test]
fn fits_of_every_kind_take_labels() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    let fit = LabelledFit::new(&labels).unknown(UnknownLabel::Reserve);
    let base = RqKMeans::new(2, [6, 5]).max_iter(5);
    let batches = MiniBatch { batch: 40, init_buffer: 60, layer_wise: true };
    let all = [
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().sample(150).n_init(2),
        base.clone().algorithm(Algorithm::MiniBatch(batches)),
        base.init(Init::Hierarchical),
    ];
    for params in all {
        let model = params.fit_labelled(&rows, &fit, &Device::reference()).unwrap();
        let codes = model.encoder().labels(&labels).encode(&rows, &Device::reference()).unwrap();
        for device in devices() {
            let found = params.fit_labelled(&rows, &fit, device).unwrap();
            assert_eq!(found.fingerprint(), model.fingerprint(), "{params:?} on {device:?}");
            assert_eq!(found.encoder().labels(&labels).encode(&rows, device).unwrap(), codes, "{params:?}");
        }
    }
}

#[test]
fn files_keep_the_labels() {
    let (values, labels) = (values(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    let fit = LabelledFit::new(&labels).unknown(UnknownLabel::Reserve);
    let model = RqKMeans::new(1, 4).fit_labelled(&rows, &fit, &Device::cpu()).unwrap();
    let bytes = model.to_bytes().unwrap();
    assert_eq!(RqKMeansModel::from_bytes(&bytes).unwrap(), model);
    // The version before had no labels.
    let (mut old, version) = (bytes.clone(), br#""format_version":"4""#);
    let at = old.windows(version.len()).position(|window| window == version).unwrap();
    old[at + version.len() - 2] = b'3';
    let error = RqKMeansModel::from_bytes(&old).unwrap_err().to_string();
    assert!(error.contains("its version"), "{error}");
    // A label is part of what identifies the model.
    let renamed = model.label_tables()[0].labels().map(|label| label.map(|label| label.replace("kind 3", "kind 4")));
    let table = serde_json::json!({ "column": "category", "labels": renamed.collect::<Vec<_>>() });
    let tables = vec![serde_json::from_value(table).unwrap(), model.label_tables()[1].clone()];
    assert_ne!(model.clone().with_tables(tables).unwrap().fingerprint(), model.fingerprint());
    assert!(model.clone().with_tables(vec![model.label_tables()[1].clone()]).is_err());
    // Other numbers of codes take their labels along.
    let order: Vec<Vec<u32>> = model.clusters().iter().map(|k| (0..*k as u32).rev().collect()).collect();
    let turned = model.relabelled(&order).unwrap();
    let codes = model.encoder().labels(&labels).encode(&rows, &Device::cpu()).unwrap();
    let other = turned.encoder().labels(&labels).encode(&rows, &Device::cpu()).unwrap();
    for (codes, other) in codes.rows().zip(other.rows()) {
        assert!(codes.iter().zip(other).zip(&order).all(|((code, other), order)| order[*code as usize] == *other));
    }
}

#[test]
fn labels_that_make_no_sense_are_refused() {
    let (values, labels, device) = (values(), labels(), Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    let fit = LabelledFit::new(&labels);
    let kind =
        |params: RqKMeans, fit: &LabelledFit<'_>| params.fit_labelled(&rows, fit, &device).unwrap_err().into_kind();
    let plain = RqKMeans::new(1, 4);
    let joint = Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..MiniBatch::default() });
    for params in [plain.clone().balanced(), plain.clone().sinkhorn(0.05, 5), plain.clone().algorithm(joint)] {
        assert!(matches!(kind(params, &fit), ErrorKind::Parameter { name: "labels", .. }));
    }
    let few = labels.part(0..100);
    assert!(matches!(kind(plain.clone(), &LabelledFit::new(&few)), ErrorKind::RowCount { what: "labels", .. }));
    let none = Labels::new([("kind", vec![None::<&str>; 240])]).unwrap();
    assert!(matches!(kind(plain.clone(), &LabelledFit::new(&none)), ErrorKind::Parameter { name: "labels", .. }));
    let model = plain.clone().fit_labelled(&rows, &fit, &device).unwrap();
    let refused = |encoder: crate::Encoder| encoder.encode(&rows, &device).unwrap_err().into_kind();
    assert!(matches!(refused(model.encoder().labels(&few)), ErrorKind::RowCount { .. }));
    assert!(matches!(refused(model.encoder().capacity(100)), ErrorKind::Parameter { name: "capacity", .. }));
    let wide = model.encoder().labels(&labels).beam(2).candidates(5, &rows, &device).unwrap_err();
    assert!(wide.to_string().contains("1 to 4"), "{wide}");
    let few = drift_labelled(&model, (&rows, Some(&few)), (&rows, None), 10, 1, &device).unwrap_err().into_kind();
    assert!(matches!(few, ErrorKind::RowCount { what: "labels", .. }));
    let start = WarmStart::new(&model);
    let refit = RqKMeans::new(3, model.clusters()).fit_from(&start, &rows, &device).unwrap_err().into_kind();
    assert!(matches!(refit, ErrorKind::Parameter { name: "warm_start", .. }));
    let network = RqVae::new(3, model.clusters()).epochs(1).begin_from(&model, &rows, &device).err().unwrap();
    assert!(matches!(network.into_kind(), ErrorKind::Parameter { name: "warm_start", .. }));
    let without = plain.fit(&rows, &device).unwrap();
    assert!(matches!(refused(without.encoder().labels(&labels)), ErrorKind::Parameter { name: "labels", .. }));
}
