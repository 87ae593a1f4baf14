//! Changes of the rows after which theory says what becomes of a fit and of its codes.
//!
//! Rows reach a fit as integers `q = round((x - offset) 2^e)`, where the offset is the middle of each dimension's
//! range, and e the largest exponent at which no value exceeds 2^20 (the rule of
//! [`GridSketch`](crate::shards::GridSketch)). All that follows is a function of these integers and, where something is
//! drawn, of the numbers of the rows. So:
//!
//! | change | what becomes of it |
//! | --- | --- |
//! | all rows + a constant | Where the sums are exact, so is the middle of each range, and q is the same: equal codebooks and codes, the offset is shifted. |
//! | all rows * 2^k | Offsets scale exactly and e becomes e - k; q is the same: equal codebooks and codes, decoded rows scale, unless residuals were normalised. |
//! | cosine: each row * its own 2^k | Each row has a grid of its own, so q is the same: equal models. |
//! | columns permuted | Distances are sums over the dimensions, and e is one for all of them: codebooks with permuted columns, equal codes. The tolerance alone is a float sum over the dimensions in their order, so it is 0 here. |
//! | rows permuted | The grid depends on the set of rows: it is equal, and a fixed model gives every row the same code. What is drawn, is drawn by row number, so a fit may end elsewhere; where groups are so far apart that each start ends in them, the codewords are the same, in another order. |
//! | every row twice | The grid is equal. A centroid is `floor((2 S + n) / 2n)`, which is the same for 2 S and 2 n. So codewords of groups far apart are the same, in another order, and a row has the code of its copy. |
//! | one far row more | The second rule of the grid sets in, whose offset and exponent are quantiles, which do not depend on how far the row is; its values saturate. So the model is equal for every far distance, and with one cluster more, groups far apart stay as they were. |

use super::{coarse_rows, fit};
use crate::rng::row_hash;
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::{Codes, Device, Matrix, Metric, RqKMeans, RqKMeansModel};

const SEEDS: [u64; 4] = [1, 2, 42, 77];
const DIM: usize = 6;

/// Fits of every kind, on few rows.
fn variants() -> Vec<RqKMeans> {
    let base = RqKMeans::new(3, [8, 5, 4]).max_iter(12).tol(0.0);
    let small = MiniBatch { batch: 60, init_buffer: 90, layer_wise: false };
    vec![
        base.clone(),
        base.clone().init(Init::Random).n_init(2),
        base.clone().normalize_residuals(true),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone().max_iter(3).balanced(),
        base.max_iter(3).sinkhorn(0.01, 30),
    ]
}

fn fitted(params: &RqKMeans, values: &[f32]) -> (RqKMeansModel, Codes) {
    let device = Device::cpu();
    let (model, _) = fit(params, values, DIM, &device).unwrap();
    let codes = model.encode(&Matrix::new(values, DIM).unwrap(), &device).unwrap();
    (model, codes)
}

/// The codewords of every level, with their columns in this order.
fn codewords(model: &RqKMeansModel, columns: &[usize]) -> Vec<Vec<Vec<i32>>> {
    let of_level = |level: &crate::rq::Codebook| {
        let codewords = level.values().chunks_exact(DIM);
        codewords.map(|codeword| columns.iter().map(|column| codeword[*column]).collect()).collect()
    };
    model.levels().iter().map(of_level).collect()
}

const IN_ORDER: [usize; DIM] = [0, 1, 2, 3, 4, 5];

/// Calls `check` with every variant and seed, the rows, and the model and codes of them.
fn each_fit(mut check: impl FnMut(&RqKMeans, &[f32], &RqKMeansModel, &Codes)) {
    for params in variants() {
        for seed in SEEDS {
            let params = params.clone().seed(seed);
            let values = coarse_rows(260 + seed as usize, DIM, 0.0);
            let (model, codes) = fitted(&params, &values);
            check(&params, &values, &model, &codes);
        }
    }
}

#[test]
fn a_constant_added_to_all_rows_moves_the_offset_alone() {
    each_fit(|params, values, model, codes| {
        // Multiples of 1/64, of a size at which all sums are exact.
        let constant: Vec<f32> = (0..DIM).map(|d| [300.0, -17.5, 0.015_625, 0.0, -1000.0, 64.25][d]).collect();
        let shifted: Vec<f32> = values.iter().enumerate().map(|(i, x)| x + constant[i % DIM]).collect();
        let (other, found) = fitted(params, &shifted);
        assert_eq!((other.levels(), &found), (model.levels(), codes), "{params:?}");
        assert_eq!(other.grid().exponent(), model.grid().exponent());
        let offset: Vec<f32> = model.grid().offset().iter().zip(&constant).map(|(offset, c)| offset + c).collect();
        assert_eq!(other.grid().offset(), offset);
        assert_ne!(other.fingerprint(), model.fingerprint());
    });
}

/// Rounding the sums is a change of the rows, and may change codes: the promise is about exact sums.
#[test]
fn a_constant_too_large_for_exact_sums_changes_the_grid() {
    let values = coarse_rows(300, DIM, 0.0);
    let rounded: Vec<f32> = values.iter().map(|x| x + 1e7).collect();
    assert_ne!(rounded.iter().map(|x| x - 1e7).collect::<Vec<_>>(), values);
    let (params, device) = (RqKMeans::new(2, 8), Device::cpu());
    let (model, _) = fit(&params, &rounded, DIM, &device).unwrap();
    // The rounded rows are what was given: whole numbers, whose middle is whole or half.
    let decoded = model.decode(&model.encode(&Matrix::new(&rounded, DIM).unwrap(), &device).unwrap()).unwrap();
    assert!(rounded.iter().zip(decoded).all(|(x, y)| (x - y).abs() < 64.0));
}

#[test]
fn a_power_of_two_scales_the_grid_alone() {
    for k in [-60, -1, 1, 7, 90] {
        each_fit(|params, values, model, codes| {
            let scale = (f64::from(k)).exp2() as f32;
            let scaled: Vec<f32> = values.iter().map(|x| x * scale).collect();
            let (other, found) = fitted(params, &scaled);
            assert_eq!((other.levels(), &found), (model.levels(), codes), "{params:?} 2^{k}");
            assert_eq!(other.grid().exponent(), model.grid().exponent() - k);
            let offset: Vec<f32> = model.grid().offset().iter().map(|offset| offset * scale).collect();
            assert_eq!(other.grid().offset(), offset);
            // Sums of residuals of unit length know no unit of the embeddings.
            if !model.normalize_residuals() {
                let expected: Vec<f32> = model.decode(codes).unwrap().iter().map(|x| x * scale).collect();
                assert!(other.decode(codes).unwrap() == expected, "{params:?} 2^{k}");
            }
        });
    }
}

#[test]
fn under_cosine_each_row_may_have_a_power_of_two_of_its_own() {
    for seed in SEEDS {
        for normalize in [false, true] {
            let params = RqKMeans::new(3, [8, 5, 4]).metric(Metric::Cosine).normalize_residuals(normalize).seed(seed);
            let values = coarse_rows(300, DIM, 0.0);
            let power = |row: usize| ((row_hash(seed, row as u64) % 41) as f64 - 20.0).exp2() as f32;
            let scaled: Vec<f32> = values.iter().enumerate().map(|(i, x)| x * power(i / DIM)).collect();
            let ((model, codes), (other, found)) = (fitted(&params, &values), fitted(&params, &scaled));
            assert_eq!((other.levels(), found), (model.levels(), codes), "{params:?}");
            assert_eq!(other.fingerprint(), model.fingerprint());
        }
    }
}

#[test]
fn permuted_columns_permute_the_codewords() {
    const COLUMNS: [usize; DIM] = [3, 0, 5, 1, 4, 2];
    each_fit(|params, values, model, codes| {
        let permuted: Vec<f32> = values.chunks(DIM).flat_map(|row| COLUMNS.map(|column| row[column])).collect();
        let (other, found) = fitted(params, &permuted);
        assert_eq!(found, *codes, "{params:?}");
        assert_eq!(codewords(&other, &IN_ORDER), codewords(model, &COLUMNS), "{params:?}");
    });
}

/// Six groups far apart, and in each of them the same four parts, 20 rows each and in no order: a start anywhere ends
/// in them.
fn groups(seed: u64) -> (Vec<f32>, Vec<[usize; 2]>) {
    const SPREAD: [[f32; DIM]; 6] = [
        [60.0, 0.0, 0.0, 9.0, 0.0, 0.0],
        [-60.0, 0.0, 0.0, 0.0, 9.0, 0.0],
        [0.0, 60.0, 0.0, 0.0, 0.0, 9.0],
        [0.0, -60.0, 0.0, -9.0, 0.0, 0.0],
        [0.0, 0.0, 60.0, 0.0, -9.0, 0.0],
        [0.0, 0.0, -60.0, 0.0, 0.0, -9.0],
    ];
    let mut places: Vec<usize> = (0..480).collect();
    places.sort_by_key(|place| row_hash(seed, *place as u64));
    let of = |place: &usize| [place % 6, place / 6 % 4];
    let value = |place: usize, d: usize| {
        let [group, part] = of(&place);
        let noise = (row_hash(seed + 1000, (place * DIM + d) as u64) % 9) as f32 / 64.0 - 1.0 / 16.0;
        SPREAD[group][d] + if d == part { 2.0 } else { 0.0 } + noise
    };
    let values = places.iter().flat_map(|place| (0..DIM).map(|d| value(*place, d))).collect();
    (values, places.iter().map(of).collect())
}

/// Whether equal codes of a level are equal groups, and different ones different.
fn is_partition<T: PartialEq>(codes: &[u32], groups: &[T]) -> bool {
    let pairs = codes.iter().zip(groups);
    pairs.clone().all(|(code, group)| pairs.clone().all(|(other, its)| (code == other) == (group == its)))
}

fn column(codes: &Codes, level: usize) -> Vec<u32> {
    codes.rows().map(|row| row[level]).collect()
}

fn sorted(model: &RqKMeansModel) -> Vec<Vec<Vec<i32>>> {
    let mut levels = codewords(model, &IN_ORDER);
    levels.iter_mut().for_each(|level| level.sort());
    levels
}

fn far_apart(seed: u64) -> RqKMeans {
    RqKMeans::new(2, [6, 4]).seed(seed).n_init(4).tol(0.0)
}

#[test]
fn permuted_rows_have_the_same_codes_and_groups_the_same_codewords() {
    for seed in SEEDS {
        let (values, groups) = groups(seed);
        let (model, codes) = fitted(&far_apart(seed), &values);
        assert!(is_partition(&column(&codes, 0), &groups.iter().map(|of| of[0]).collect::<Vec<_>>()));
        assert!(is_partition(&column(&codes, 1), &groups.iter().map(|of| of[1]).collect::<Vec<_>>()));
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|row| row_hash(seed + 5, *row as u64));
        let permuted: Vec<f32> = order.iter().flat_map(|row| &values[row * DIM..][..DIM]).copied().collect();
        let matrix = Matrix::new(&permuted, DIM).unwrap();
        let found = model.encode(&matrix, &Device::cpu()).unwrap();
        let expected: Vec<&[u32]> = order.iter().map(|row| codes.get(*row).unwrap()).collect();
        assert_eq!(found.rows().collect::<Vec<_>>(), expected, "a fixed model");
        let (other, _) = fitted(&far_apart(seed), &permuted);
        assert_eq!(other.grid(), model.grid());
        assert_eq!(sorted(&other), sorted(&model), "seed {seed}");
    }
    // In general a fit is one of an order: draws are by row number.
    let values = coarse_rows(300, DIM, 0.0);
    let reversed: Vec<f32> = values.chunks(DIM).rev().flatten().copied().collect();
    let params = RqKMeans::new(1, 40).max_iter(2);
    assert_eq!(fitted(&params, &values).0.grid(), fitted(&params, &reversed).0.grid());
    assert_ne!(sorted(&fitted(&params, &values).0), sorted(&fitted(&params, &reversed).0));
}

#[test]
fn rows_that_are_there_twice_leave_centroids_as_they_are() {
    for seed in SEEDS {
        let (values, _) = groups(seed);
        let (model, codes) = fitted(&far_apart(seed), &values);
        let behind = [values.clone(), values.clone()].concat();
        let beside: Vec<f32> = values.chunks(DIM).flat_map(|row| [row, row]).flatten().copied().collect();
        for (twice, copy) in [(behind, groups_len(&values)), (beside, 1)] {
            let (other, found) = fitted(&far_apart(seed), &twice);
            assert_eq!(other.grid(), model.grid());
            assert_eq!(sorted(&other), sorted(&model), "seed {seed}");
            let all: Vec<&[u32]> = found.rows().collect();
            let step = if copy == 1 { 2 } else { 1 };
            let row = |i: usize| i * step;
            assert!((0..codes.len()).all(|i| all[row(i)] == all[row(i) + copy]), "a row has the code of its copy");
        }
        // With one cluster a level, no draw matters: the models are equal, whatever the rows.
        let values = coarse_rows(301, DIM, 0.0);
        let one = RqKMeans::new(2, 1).seed(seed);
        let twice = [values.clone(), values.clone()].concat();
        assert_eq!(fitted(&one, &twice).0.fingerprint(), fitted(&one, &values).0.fingerprint());
    }
}

fn groups_len(values: &[f32]) -> usize {
    values.len() / DIM
}

#[test]
fn how_far_a_far_row_is_does_not_matter() {
    let with = |values: &[f32], far: f32| [values, [far; DIM].as_slice()].concat();
    for params in variants() {
        for seed in SEEDS {
            let params = params.clone().seed(seed);
            let values = coarse_rows(300, DIM, 0.0);
            for sign in [1.0, -1.0] {
                let (near, near_codes) = fitted(&params, &with(&values, sign * 1e9));
                for far in [3e12, 1e30, f32::MAX] {
                    let (model, codes) = fitted(&params, &with(&values, sign * far));
                    assert_eq!(model.fingerprint(), near.fingerprint(), "{params:?} {far}");
                    assert_eq!(codes, near_codes, "{params:?} {far}");
                }
            }
        }
    }
}

#[test]
fn with_one_cluster_more_a_far_row_leaves_all_groups_as_they_are() {
    for seed in SEEDS {
        let (values, groups) = groups(seed);
        let groups: Vec<usize> = groups.iter().map(|of| of[0]).chain([6]).collect();
        for far in [1e5, 1e9, -1e20] {
            let all = [values.as_slice(), &[far; DIM]].concat();
            let (_, codes) = fitted(&RqKMeans::new(1, 7).seed(seed).n_init(4), &all);
            assert!(is_partition(&column(&codes, 0), &groups), "seed {seed}, {far}");
        }
    }
}
