//! Refinements follow their rule on every device, and never raise the error of the rows.

use super::{coarse_rows, fit, same_everywhere};
use crate::codebook::{CODEWORDS_MAX, Codebook};
use crate::quantizer::{Parameters, TrainOptions};
use crate::rng::{Stream, row_hash};
use crate::rq::{Algorithm, MiniBatch, Progress, WarmStart};
use crate::{Device, ErrorKind, LabelledFit, Labels, Matrix, Metric, RqKMeans, RqKMeansModel, Weights};
use std::ops::ControlFlow;

/// The rows on the grid of a model, as its first level sees them.
fn on_grid(model: &RqKMeansModel, values: &[f32]) -> Vec<Vec<i64>> {
    let (dim, mut q) = (model.dim(), vec![0; values.len()]);
    match model.metric() {
        Metric::L2 => drop(model.grid().quantize(values, &mut q)),
        Metric::Cosine => {
            crate::grid::quantize_rows_alone(values, dim, &mut q);
            crate::kernel::unit_length::unit_length(&mut q, dim);
        }
    }
    q.chunks_exact(dim).map(|row| row.iter().map(|value| i64::from(*value)).collect()).collect()
}

/// The codewords of a model as i64, level by level.
type Books = Vec<Vec<Vec<i64>>>;

fn books(model: &RqKMeansModel) -> Books {
    let wide = |codeword: &[i32]| codeword.iter().map(|value| i64::from(*value)).collect();
    model.levels().iter().map(|level| level.values().chunks_exact(level.dim()).map(wide).collect()).collect()
}

fn with_books(model: &RqKMeansModel, books: &Books) -> RqKMeansModel {
    let level = |level: &Vec<Vec<i64>>| Codebook::new(level.concat().iter().map(|v| *v as i32).collect(), model.dim());
    RqKMeansModel::new(model.quantization.clone(), books.iter().map(level).collect(), model.seed()).unwrap()
}

/// What the levels but `without` leave of a row.
fn left(row: &[i64], books: &Books, codes: &[u32], without: usize) -> Vec<i64> {
    let mut left = row.to_vec();
    for (level, (book, code)) in books.iter().zip(codes).enumerate().filter(|(level, _)| *level != without) {
        assert!(level < books.len());
        left.iter_mut().zip(&book[*code as usize]).for_each(|(left, c)| *left -= c);
    }
    left
}

/// Refines as the contract says, with nothing but the rows: codebooks, the round they are of, and the errors before
/// the first round and after each.
fn by_the_rule(
    plain: &RqKMeansModel,
    values: &[f32],
    (rounds, beam, frozen): (usize, usize, usize),
) -> (Books, usize, Vec<u128>) {
    let (rows, matrix) = (on_grid(plain, values), Matrix::new(values, plain.dim()).unwrap());
    let encode = |books: &Books| {
        let model = with_books(plain, books);
        let codes = model.encoder().beam(beam).encode(&matrix, &Device::reference()).unwrap();
        let codes: Vec<Vec<u32>> = codes.rows().map(<[u32]>::to_vec).collect();
        let square = |(row, codes): (&Vec<i64>, &Vec<u32>)| -> u128 {
            left(row, books, codes, usize::MAX).iter().map(|value| (value * value) as u128).sum()
        };
        let error = rows.iter().zip(&codes).map(square).sum::<u128>();
        (codes, error)
    };
    let mut of_round = vec![books(plain)];
    let (mut codes, error) = encode(&of_round[0]);
    let mut errors = vec![error];
    for round in 1..=rounds {
        let mut next = of_round[round - 1].clone();
        for level in frozen..next.len() {
            let room = room(&next, level);
            for k in 0..next[level].len() {
                let members = rows.iter().zip(&codes).filter(|(_, codes)| codes[level] as usize == k);
                let left: Vec<Vec<i64>> = members.map(|(row, codes)| left(row, &next, codes, level)).collect();
                let n = left.len() as i64;
                for d in (0..plain.dim()).filter(|_| n > 0) {
                    let sum: i64 = left.iter().map(|row| row[d]).sum();
                    next[level][k][d] = (2 * sum + n).div_euclid(2 * n).clamp(-room, room);
                }
            }
        }
        let left = (rounds - round).min(19) as u128;
        let noise = (errors[round - 1] / (160 * values.len() as u128) * left).isqrt() as i64;
        if next == of_round[round - 1] && (noise == 0 || frozen == next.len()) {
            break;
        }
        for level in frozen..next.len() {
            let (room, mut stream) = (room(&next, level), Stream::new("refinement", plain.seed(), level, round));
            for value in next[level].iter_mut().flatten() {
                *value = (*value + stream.below(2 * noise as u128 + 1) as i64 - noise).clamp(-room, room);
            }
        }
        let (found, error) = encode(&next);
        of_round.push(next);
        errors.push(error);
        codes = found;
    }
    let best = (0..errors.len()).min_by_key(|round| errors[*round]).unwrap();
    (of_round[best].clone(), best, errors)
}

/// What the other levels leave to the largest component of a level.
fn room(books: &Books, level: usize) -> i64 {
    let largest = |book: &Vec<Vec<i64>>| book.iter().flatten().map(|value| value.abs()).max().unwrap();
    CODEWORDS_MAX - books.iter().enumerate().filter(|(other, _)| *other != level).map(|(_, b)| largest(b)).sum::<i64>()
}

fn squared(error: u128, model: &RqKMeansModel, rows: usize) -> f64 {
    error as f64 * 2.0_f64.powi(-2 * model.codebook_exponent()) / rows as f64
}

/// Rows of which values lie on the grid, so that the errors are those of the grid alone.
#[test]
fn every_device_refines_by_the_rule() {
    let values = coarse_rows(120, 5, 3.0);
    let few: Vec<f32> = values.iter().map(|value| value.round() / 16.0).collect();
    let mini = Algorithm::MiniBatch(MiniBatch { batch: 40, init_buffer: 60, layer_wise: false });
    let (mut ended, mut rose, mut last) = (0, 0, 0);
    let bases = [
        (RqKMeans::new(3, [7, 5, 6]), &values),
        (RqKMeans::new(4, [2, 9, 1, 4]).max_iter(2), &values),
        (RqKMeans::new(3, 6).metric(Metric::Cosine).max_iter(3), &values),
        (RqKMeans::new(1, 9).max_iter(1), &values),
        (RqKMeans::new(3, 16).max_iter(2), &few),
        (RqKMeans::new(2, 12).algorithm(mini).max_iter(5), &few),
        // No row is left, so there is no noise.
        (RqKMeans::new(1, 120), &few),
    ];
    for (case, (base, values)) in bases.into_iter().enumerate() {
        let (plain, _) = fit(&base, values, 5, &Device::reference()).unwrap();
        for (number, (rounds, beam)) in [(2, 3), (4, 1), (30, 8)].into_iter().enumerate() {
            let (expected, best, errors) = by_the_rule(&plain, values, (rounds, beam, 0));
            let params = base.clone().refine(rounds).refine_beam(beam);
            // Devices take long, so each beam meets all of them once; shards have tests of their own.
            let (model, report) = match (case + number) % 6 {
                0 => same_everywhere(&params, values, 5),
                _ => fit(&params, values, 5, &Device::cpu()).unwrap(),
            };
            assert_eq!(books(&model), expected, "{params:?}");
            let refinement = report.refinement.unwrap();
            assert_eq!((refinement.rounds, refinement.beam, model.beam()), (best, beam, beam), "{params:?}");
            let told = (refinement.before, refinement.squared_error);
            let of = |round: usize| squared(errors[round], &model, 120);
            assert_eq!(told, (of(0), of(best)), "{params:?}");
            ended += usize::from(errors.len() <= rounds);
            rose += errors.windows(2).filter(|pair| pair[1] > pair[0]).count();
            last += usize::from(best == rounds);
        }
    }
    assert!(
        ended > 0 && rose > 20 && last > 5,
        "{ended} ended early, {rose} errors rose, {last} last rounds were best"
    );
}

/// The errors that the model leaves are those of its own encode, and never those of a plain fit or more.
#[test]
fn no_refinement_raises_the_error() {
    let mut lower = 0;
    for case in 0..40 {
        let hash = |i: u64| row_hash(case + 900, i) as usize;
        let (count, dim) = (30 + hash(0) % 60, 1 + hash(1) % 3);
        let far = |i: usize| if hash(5000 + i as u64) % 29 == 0 { 1e6 } else { 1.0 };
        let values: Vec<f32> =
            (0..count * dim).map(|i| (hash(10 + i as u64) % (2 + hash(2) % 60)) as f32 * far(i)).collect();
        let clusters: Vec<usize> = (3..5 + hash(3) as u64 % 2).map(|level| 1 + hash(level) % 9).collect();
        let base = RqKMeans::new(clusters.len(), clusters).seed(case).max_iter(1 + hash(8) % 7);
        let beam = 1 + hash(9) % 5;
        let (plain, _) = fit(&base, &values, dim, &Device::cpu()).unwrap();
        let (model, report) = fit(&base.refine(3).refine_beam(beam), &values, dim, &Device::cpu()).unwrap();
        let rows = Matrix::new(&values, dim).unwrap();
        let error = |model: &RqKMeansModel, codes: &crate::Codes| -> u128 {
            let books = books(model);
            let left = on_grid(model, &values)
                .into_iter()
                .zip(codes.rows())
                .map(|(row, codes)| left(&row, &books, codes, usize::MAX));
            left.flatten().map(|value| (value * value) as u128).sum()
        };
        let before = error(&plain, &plain.encoder().beam(beam).encode(&rows, &Device::cpu()).unwrap());
        let after = error(&model, &model.encode(&rows, &Device::cpu()).unwrap());
        let rounds = report.refinement.unwrap().rounds;
        assert!(if rounds == 0 { after == before } else { after < before }, "{case}: {after} {before}");
        lower += usize::from(after < before);
    }
    assert!(lower > 20, "{lower}");
}

#[test]
fn frozen_levels_stay_and_weights_are_repetitions() {
    let (old_rows, new_rows) = (coarse_rows(200, 5, 0.0), coarse_rows(150, 5, 2.5));
    let (params, device) = (RqKMeans::new(3, [7, 5, 4]).max_iter(4), Device::cpu());
    let old = fit(&params, &old_rows, 5, &device).unwrap().0;
    let rows = Matrix::new(&new_rows, 5).unwrap();
    for frozen in 0..=3 {
        let start = WarmStart::new(&old).freeze_levels(frozen);
        let plain = params.fit_from(&start, &rows, &device).unwrap();
        let refined = params.clone().refine(4).refine_beam(3);
        let new = refined.fit_from(&start, &rows, &device).unwrap();
        assert_eq!(books(&new), by_the_rule(&plain, &new_rows, (4, 3, frozen)).0, "{frozen} frozen");
        assert_eq!(books(&new)[..frozen], books(&old)[..frozen]);
        assert_ne!(new.fingerprint(), plain.fingerprint(), "the beam is part of the fingerprint");
        let weights: Vec<u64> = (0..150).map(|row| row_hash(8, row) % 4).collect();
        let copies: Vec<f32> =
            new_rows.chunks_exact(5).zip(&weights).flat_map(|(row, weight)| row.repeat(*weight as usize)).collect();
        let expected = refined.fit_from(&start, &Matrix::new(&copies, 5).unwrap(), &device).unwrap();
        let weights = Weights::new(weights).unwrap();
        let options = TrainOptions {
            warm_start: Some(&old),
            freeze_levels: frozen,
            weights: Some(&weights),
            ..Default::default()
        };
        let found =
            Parameters::from(refined).fit_with(&rows, &device, &options, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.0.fingerprint(), expected.fingerprint(), "{frozen} frozen");
    }
}

/// A model encodes by the beam of its refinement, in every way, and keeps it in its file.
#[test]
fn the_beam_goes_with_the_model() {
    let (values, device) = (coarse_rows(200, 5, 0.0), Device::cpu());
    let rows = Matrix::new(&values, 5).unwrap();
    let (model, _) = fit(&RqKMeans::new(3, 6).max_iter(3).refine(2).refine_beam(4), &values, 5, &device).unwrap();
    let (plain, wide) =
        (model.encoder().beam(1).encode(&rows, &device), model.encoder().beam(4).encode(&rows, &device));
    let (plain, wide) = (plain.unwrap(), wide.unwrap());
    assert_ne!(plain, wide);
    let again = RqKMeansModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(again, model);
    for model in [&model, &again] {
        assert_eq!(model.encode(&rows, &device).unwrap(), wide);
        let mut codes = vec![0; wide.values().len()];
        model.encoder().prepare(&device).unwrap().encode_into(&values, &mut codes).unwrap();
        assert_eq!(codes, wide.values());
        assert_eq!(model.encoder().candidates(1, &rows, &device).unwrap().codes(), wide.values());
    }
    let greedy = again.clone().with_beam(1).unwrap();
    assert_eq!(greedy.encode(&rows, &device).unwrap(), plain);
    assert_ne!(greedy.fingerprint(), model.fingerprint());
    let labels: Vec<Vec<u32>> = vec![(0..6).rev().collect(); 3];
    assert_eq!(model.relabelled(&labels).unwrap().beam(), 4);
}

/// The rounds are told with their errors, and can be stopped.
#[test]
fn rounds_are_told_and_can_be_cancelled() {
    let values = coarse_rows(200, 5, 0.0);
    let rows = Matrix::new(&values, 5).unwrap();
    let params = RqKMeans::new(3, 6).max_iter(3).refine(3).refine_beam(2);
    let run = |stop: usize| {
        let (mut count, mut told) = (0, Vec::new());
        let result = params.fit_with(&rows, &Device::cpu(), |progress: &Progress| {
            if progress.refinement {
                count += 1;
                told.push((progress.iteration, progress.squared_error, progress.to_string()));
            }
            if progress.refinement && count == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (told, result)
    };
    let (told, result) = run(usize::MAX);
    let report = result.unwrap().1;
    let refinement = report.refinement.unwrap();
    let (last, _, text) = told.last().unwrap();
    assert_eq!(*last, 3);
    assert!(text.contains("squared error"), "{text}");
    let mut of_best = told.iter().filter(|(round, ..)| *round == refinement.rounds).map(|(_, error, _)| *error);
    assert_eq!(of_best.next_back(), Some(refinement.squared_error));
    for stop in 1..=told.len() {
        let (_, result) = run(stop);
        assert!(matches!(result.unwrap_err().kind(), ErrorKind::Cancelled));
    }
}

#[test]
fn refinements_that_make_no_sense_are_refused() {
    let (values, device) = (coarse_rows(100, 5, 0.0), Device::cpu());
    let rows = Matrix::new(&values, 5).unwrap();
    let refused = |params: RqKMeans, name: &str, says: &str| {
        let error = params.fit(&rows, &device).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: found, .. } if *found == name), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    let base = RqKMeans::new(2, 4);
    refused(base.clone().refine(1).balanced(), "refine", "must be 0 with balance");
    refused(base.clone().refine(1).sinkhorn(0.05, 5), "refine", "Sinkhorn");
    refused(base.clone().refine(1).normalize_residuals(true), "refine", "normalised");
    refused(base.clone().refine(1).refine_beam(0), "refine_beam", "1 to 1024");
    refused(base.clone().refine(1).refine_beam(1025), "refine_beam", "1 to 1024");
    refused(base.clone().refine_beam(4), "refine_beam", "ask for rounds");
    let many = RqKMeans::new(256, 256).refine(1).check(1 << 20, 2).unwrap_err();
    assert!(many.to_string().contains("pairs of codes"), "{many}");
    let texts: Vec<String> = (0..100).map(|row| (row % 3).to_string()).collect();
    let labels = Labels::new([("kind", texts.iter().map(|text| Some(text.as_str())))]).unwrap();
    let error = base.refine(1).fit_labelled(&rows, &LabelledFit::new(&labels), &device).unwrap_err();
    assert!(error.to_string().contains("other codes"), "{error}");
}
