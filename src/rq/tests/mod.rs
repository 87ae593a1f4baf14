//! Residual k-means as a whole: the same bits on every device, and every promise of the model.

mod balanced;
mod beam;
mod cosine;
mod decode;
mod devices;
mod encode;
mod encoder;
mod extremes;
mod golden;
mod labels;
mod metamorphic;
mod outliers;
mod progress;
mod reading;
mod refine;
mod row_distances;
mod sinkhorn;
mod variants;
mod warm_start;
mod weights;

use crate::device::tests::adapters;
use crate::rng::row_hash;
use crate::rq::FitReport;
use crate::{Device, Error, Matrix, RqKMeans, RqKMeansModel};
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// Rows in loose groups with a few exact duplicates, from integers alone.
pub(crate) fn rows(count: usize, dim: usize, shift: f32) -> Vec<f32> {
    let value = |row: usize, d: usize| {
        let group = (row_hash(1, (row % 37 * dim + d) as u64) % 4001) as f32 / 250.0;
        let row = if row.is_multiple_of(29) { row % 58 } else { row };
        let noise = (row_hash(2, (row * dim + d) as u64) % 2001) as f32 / 1000.0;
        group + noise + shift
    };
    (0..count).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

/// Multiples of 1/64 within 32 of `shift`: sums with a shift of 300 are exact in f32.
fn coarse_rows(count: usize, dim: usize, shift: f32) -> Vec<f32> {
    let value = |i: usize| {
        let group = row_hash(3, (i / dim % 11 * dim + i % dim) as u64) % 3000;
        (group + row_hash(4, i as u64) % 1000) as f32 / 64.0 - 32.0 + shift
    };
    (0..count * dim).map(value).collect()
}

/// The CPU with different numbers of threads, and every adapter that can be opened.
pub(crate) fn devices() -> &'static [Device] {
    static DEVICES: OnceLock<Vec<Device>> = OnceLock::new();
    DEVICES.get_or_init(|| {
        let mut devices =
            vec![Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()];
        devices.extend(adapters().iter().cloned());
        let others: Vec<_> = adapters().iter().cloned().chain([Device::reference()]).collect();
        devices.push(Device::several(Device::cpu(), others));
        devices
    })
}

fn fit(params: &RqKMeans, values: &[f32], dim: usize, device: &Device) -> Result<(RqKMeansModel, FitReport), Error> {
    params.fit_with(&Matrix::new(values, dim).unwrap(), device, |_| ControlFlow::Continue(()))
}

/// Fits and encodes on the reference and demands the same of every other device.
fn same_everywhere(params: &RqKMeans, values: &[f32], dim: usize) -> (RqKMeansModel, FitReport) {
    let rows = Matrix::new(values, dim).unwrap();
    let (model, report) = fit(params, values, dim, &Device::reference()).unwrap();
    let codes = model.encode(&rows, &Device::reference()).unwrap();
    for device in devices() {
        let (other, found) = fit(params, values, dim, device).unwrap();
        assert_eq!(other.fingerprint(), model.fingerprint(), "{params:?} on {device:?}");
        assert_eq!(found, report, "{params:?} on {device:?}");
        assert_eq!(other.encode(&rows, device).unwrap(), codes, "{params:?} on {device:?}");
    }
    (model, report)
}
