//! Trainings that diverge say so, and only those.

use super::rows;
use crate::vae::divergence::{FACTOR, Relative, RowSize};
use crate::vae::{Keep, Loss, Reduction};
use crate::{Device, ErrorKind, Matrix, RqVae};
use std::ops::ControlFlow;

fn small() -> RqVae {
    RqVae::new(2, 4).hidden([8]).latent(3).epochs(2).batch(32).held_out(0.0)
}

fn refused(params: RqVae) -> crate::Error {
    let values = rows(129, 6);
    params.fit(&Matrix::new(&values, 6).unwrap(), &Device::cpu()).err().unwrap()
}

/// Sums of twelve even values: close to normal, with variance 1.
fn normal(count: usize, dim: usize) -> Vec<f32> {
    let even = |i: u64| (crate::rng::row_hash(77, i) >> 40) as f32 / (1 << 24) as f32;
    (0..(count * dim) as u64).map(|i| (12 * i..12 * i + 12).map(even).sum::<f32>() - 6.0).collect()
}

#[test]
fn a_diverging_training_says_so() {
    for params in [small().lr(1e30).epochs(50), small().lr(1e4).epochs(200).standardize(false)] {
        let error = refused(params);
        assert!(matches!(error.kind(), ErrorKind::Diverged { .. }), "{error}");
    }
}

/// A loss that is finite, but beyond all bounds; and numbers that only the validation of an epoch meets.
#[test]
fn an_exploding_training_says_so_before_it_is_kept() {
    let exploding = small().lr(10.0).epochs(20);
    let validated = small().batch(129).epochs(1).lr(1e12);
    let codewords = small().beta(0.0).quantization_weight(1e42).epochs(3).keep(Keep::Last);
    for params in [exploding, validated, codewords] {
        let error = refused(params.clone());
        assert!(matches!(error.kind(), ErrorKind::Diverged { .. }), "{params:?}: {error}");
    }
}

/// Codewords may grow within an epoch, or restart at latents that did.
#[test]
fn codebooks_that_outgrow_their_grid_get_another() {
    let values = rows(129, 6);
    let rows = Matrix::new(&values, 6).unwrap();
    for factor in [1e2, 1e3, 1e20] {
        let mut training = small().lr(1e-6).begin(&rows, &Device::cpu()).unwrap();
        let mut steps = 0;
        let stopped = training.next_epoch(|_| {
            steps += 1;
            if steps == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped.unwrap_err().kind(), ErrorKind::Cancelled));
        let before = training.quantizer.exponent;
        training.quantizer.books.iter_mut().flat_map(|book| &mut book.values).for_each(|c| *c *= factor);
        assert!(training.quantizer.has_outgrown());
        training.model().unwrap();
        assert!(training.quantizer.exponent < before && !training.quantizer.has_outgrown());
        training.quantizer.exponent = before;
        // The step finds the new grid too; what the loss then says of such codewords is another matter.
        let outcome = training.next_epoch(|_| ControlFlow::Continue(())).map(drop);
        assert!(training.quantizer.exponent < before, "{factor}: {outcome:?}");
    }
}

/// One row a thousand times as large as the others is in one batch, whose loss is that much larger than the first
/// one's.
#[test]
fn a_batch_with_a_large_row_has_not_diverged() {
    let params = RqVae::new(2, 8).hidden([8]).latent(4).epochs(1).batch(64).held_out(0.0).lr(1e-12);
    for (row, factor) in [(0, 1e3), (1234, 1e3), (3999, 1e3), (1234, 1e6), (1234, 1e18)] {
        let mut values = normal(4000, 16);
        values[row * 16..][..16].iter_mut().for_each(|x| *x *= factor);
        let rows = Matrix::new(&values, 16).unwrap();
        for params in [params.clone(), params.clone().loss(Loss::L1), params.clone().standardize(false).clip(1.0)] {
            if factor > 1e6 && params != params.clone().standardize(true) {
                continue; // Squares of such latents are beyond f32 where nothing scales them.
            }
            let outcome = params.fit(&rows, &Device::cpu());
            assert!(outcome.is_ok(), "row {row} x {factor}: {} {params:?}", outcome.unwrap_err());
        }
    }
}

/// The other way round: all rows but a few are nearly zero, and a batch of these costs more than they weigh.
#[test]
fn a_batch_of_tiny_rows_has_not_diverged() {
    let mut values = normal(1000, 8);
    values.iter_mut().skip(20 * 8).for_each(|x| *x *= 1e-5);
    let params = RqVae::new(2, 8).hidden([8]).latent(4).epochs(20).batch(50).held_out(0.0).lr(1e-2);
    params.fit(&Matrix::new(&values, 8).unwrap(), &Device::cpu()).unwrap();
    let zeros = vec![0.0; 1000 * 8];
    params.kmeans_init(false).fit(&Matrix::new(&zeros, 8).unwrap(), &Device::cpu()).unwrap();
}

/// The sizes of all batches once more, from their rows.
#[test]
fn the_first_step_beyond_a_thousand_times_its_rows_is_the_last() {
    let values = rows(129, 6);
    let rows = Matrix::new(&values, 6).unwrap();
    let device = Device::cpu();
    let params = small().lr(10.0).epochs(20).quantization_weight(0.0);
    let training = params.begin(&rows, &device).unwrap();
    let square = |rows: &[f32]| rows.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / rows.len() as f64;
    let mut batches = Vec::new();
    for epoch in 0..20 {
        for batch in training.data.order(42, epoch).chunks(32) {
            let mut gathered = Vec::new();
            training.data.gather(batch, &mut gathered);
            batches.push(square(&gathered) + square(&training.data.train));
        }
    }
    let mut losses = Vec::new();
    let error = params.fit_with(&rows, &device, |step| {
        losses.push(step.loss);
        ControlFlow::Continue(())
    });
    let text = error.unwrap_err().to_string();
    let numbers = text.split([' ', ',', ';']).filter_map(|word| word.parse::<f64>().ok());
    let &[step, last, most] = numbers.collect::<Vec<f64>>().as_slice() else { panic!("{text}") };
    let untrained = (losses[0] / batches[0]).max(1.0);
    assert_eq!(step, losses.len() as f64 + 1.0, "{text}");
    assert!((most / (1000.0 * untrained) - 1.0).abs() < 1e-3 && last > most, "{text} {untrained}");
    assert!(losses.iter().zip(&batches).all(|(loss, size)| *loss <= 1000.0 * untrained * size), "{losses:?}");
}

#[test]
fn sizes_of_rows_are_the_losses_of_zeros() {
    let rows = [3.0, -4.0, 0.0, 1.0, 2.0, -2.0];
    let size = |params: RqVae| RowSize::of(&rows, 3, &params);
    let square = 34.0 / 6.0;
    assert_eq!(size(small()), RowSize { loss: square, square });
    assert_eq!(size(small().loss(Loss::L1)), RowSize { loss: 2.0, square });
    assert_eq!(size(small().reduction(Reduction::Sum)), RowSize { loss: 17.0, square });
    assert_eq!(size(small().loss(Loss::L1).reduction(Reduction::Sum)), RowSize { loss: 6.0, square });
}

#[test]
fn losses_may_grow_a_thousandfold_beyond_rows_and_untrained_networks() {
    let one = RowSize { loss: 0.5, square: 0.5 };
    let goes_on = |params: RqVae, untrained: [f64; 2], then: [f64; 2]| {
        let relative = |[reconstruction, distance]: [f64; 2]| Relative::new(reconstruction, distance, one, one);
        match relative(then).check(relative(untrained), &params, 7).map_err(|error| error.to_string()) {
            Ok(()) => true,
            Err(text) => !text.contains("step 7"),
        }
    };
    assert!(goes_on(small(), [0.0, 0.0], [FACTOR, FACTOR]));
    assert!(!goes_on(small(), [0.0, 0.0], [FACTOR * 1.01, 0.0]));
    assert!(!goes_on(small(), [0.0, 0.0], [0.0, FACTOR * 1.01]));
    // What untrained networks have is the measure where it is more.
    assert!(goes_on(small(), [5.0, 7.0], [4999.0, 6999.0]));
    assert!(!goes_on(small(), [5.0, 7.0], [5001.0, 0.0]) && !goes_on(small(), [5.0, 7.0], [0.0, 7001.0]));
    // A quantization loss that weighs a hundredth may be a hundred times as large, one that does not count anything.
    let light = || small().beta(0.0).quantization_weight(0.01);
    assert!(goes_on(light(), [0.0, 0.0], [0.0, 99_999.0]) && !goes_on(light(), [0.0, 0.0], [0.0, 100_001.0]));
    assert!(goes_on(small().quantization_weight(0.0), [0.0, 0.0], [0.0, 1e300]));
}
