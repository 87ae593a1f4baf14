//! Holds what passes between the host and a device to known numbers: more of it is slower on every GPU.

use crate::device::gpu::{Gpu, adapter};
use crate::device::{Device, TransferCounts};
use crate::rows::Matrix;
use crate::{RqKMeans, RqKMeansModel};
use std::sync::Arc;

const ROWS: usize = 600;
const DIM: usize = 24;
const CLUSTERS: usize = 16;

/// Counts of a fit of two levels with five iterations per level, and of an encode.
const FIT: TransferCounts =
    TransferCounts { submissions: 76, read_backs: 66, read_bytes: 379_744, written_bytes: 681_448 };
const ENCODE: TransferCounts =
    TransferCounts { submissions: 3, read_backs: 1, read_bytes: 4820, written_bytes: 114_948 };

fn rows() -> Vec<f32> {
    (0..ROWS * DIM).map(|i| ((i * i + 7 * i) % 1009) as f32).collect()
}

fn fit(values: &[f32], device: &Device, levels: usize, iterations: usize) -> (RqKMeansModel, TransferCounts) {
    let rows = Matrix::new(values, DIM).expect("rows");
    let params = RqKMeans::new(levels, CLUSTERS).max_iter(iterations).tol(0.0);
    let model = params.fit(&rows, device).expect("a model");
    (model, device.transfer_counts())
}

fn devices() -> impl Iterator<Item = Device> {
    adapter::all().filter_map(|found| Some(Device::of(Arc::new(Gpu::open(found).ok()?))))
}

#[test]
fn fit_and_encode_are_as_known() {
    let values = rows();
    for device in devices() {
        let (model, fit) = fit(&values, &device, 2, 5);
        model.encode(&Matrix::new(&values, DIM).expect("rows"), &device).expect("codes");
        let encode = device.transfer_counts();
        assert_eq!((fit, encode), (FIT, ENCODE), "{}", device.info().description);
        assert_eq!(device.transfer_counts(), TransferCounts::default());
    }
}

/// An iteration is one submission and one read-back of a few bytes, however large rows, codewords and sums are.
#[test]
fn an_iteration_waits_once_for_a_few_bytes() {
    let values = rows();
    for device in devices() {
        let [five, six] = [5, 6].map(|iterations| fit(&values, &device, 1, iterations).1);
        // A summary has 11 words, and a read-back ends with an epoch.
        let read_bytes = 4 * 11 + 4;
        let of = |count: fn(&TransferCounts) -> u64| count(&six) - count(&five);
        let more = (of(|c| c.submissions), of(|c| c.read_backs), of(|c| c.read_bytes));
        assert_eq!(more, (1, 1, read_bytes), "{}", device.info().description);
    }
}
