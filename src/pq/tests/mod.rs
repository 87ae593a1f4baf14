//! Product codes as a whole: the same bits on every device, and every promise of the model.

mod costs;
mod devices;
mod encode;
mod file;
mod fit;
mod golden;
mod refused;

use crate::quantizer::{TrainOptions, Trainer, TrainingProgress};
use crate::rng::row_hash;
use crate::rq::FitReport;
use crate::{Device, Error, Matrix, PqKMeans, PqKMeansModel};
use std::ops::ControlFlow;

/// Rows whose every dimension reaches from -1 to 1 and has no far values. So the grid of all dimensions together is the
/// grid of any of them, and has no offset.
fn even_rows(count: usize, dim: usize) -> Vec<f32> {
    let group = |row: usize, d: usize| row_hash(5, (row % 23 * dim + d) as u64) % 1600;
    let noise = |row: usize, d: usize| row_hash(6, (row * dim + d) as u64) % 400;
    let value = |row: usize, d: usize| match row {
        0 => -1.0,
        1 => 1.0,
        _ => (group(row, d) + noise(row, d)) as f32 / 1024.0 - 0.977,
    };
    (0..count).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

/// The columns of some dimensions, as rows of their own.
fn columns<T: Copy>(values: &[T], dim: usize, range: std::ops::Range<usize>) -> Vec<T> {
    values.chunks(dim).flat_map(|row| row[range.clone()].to_vec()).collect()
}

fn fit(params: &PqKMeans, values: &[f32], dim: usize, device: &Device) -> Result<(PqKMeansModel, FitReport), Error> {
    let rows = Matrix::new(values, dim)?;
    let mut tell = |_: &TrainingProgress<'_>| ControlFlow::Continue(());
    let mut training = params.begin(&rows, device, &TrainOptions::default(), &mut tell)?;
    while training.advance(&mut tell)? {}
    let model = crate::Model::from(training.model()?);
    let report = training.report()?.details.downcast::<FitReport>().unwrap();
    Ok((model.downcast::<PqKMeansModel>().unwrap().clone(), *report))
}
