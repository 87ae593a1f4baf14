//! Holds what passes between the host and a device to known numbers: more of it is slower on every GPU.

use crate::codebook::Codebook;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::{Gpu, adapter};
use crate::device::{Device, Purpose, TransferCounts};
use crate::kernel::nearer::BlockDraw;
use crate::rng::Stream;
use crate::rows::Matrix;
use crate::vae::Estimator;
use crate::{RqKMeans, RqKMeansModel, RqVae};
use std::ops::ControlFlow;
use std::sync::Arc;

const ROWS: usize = 600;
const DIM: usize = 24;
const CLUSTERS: usize = 16;

/// Returns the counts of a fit of two levels with five iterations per level, and of an encode. Bytes are rounded by two
/// kernels, which the host gives parameters.
fn known(filter: Filter) -> (TransferCounts, TransferCounts) {
    let [of_fit, of_encode] = match filter {
        Filter::F32 => [687_304, 115_204],
        Filter::Bytes => [694_472, 115_716],
    };
    (
        TransferCounts { submissions: 58, read_backs: 58, read_bytes: 379_824, written_bytes: of_fit },
        TransferCounts { submissions: 1, read_backs: 1, read_bytes: 4828, written_bytes: of_encode },
    )
}

/// Bytes that the host writes for a step of training: rows, codewords twice, and parameters.
const WRITTEN: u64 = 60_260;

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
        let known = known(Filter::unmeasured(&device.info().backend));
        assert_eq!((fit, encode), known, "{}", device.info().description);
        assert_eq!(device.transfer_counts(), TransferCounts::default());
    }
}

/// All pairs of rows, for k-means++ over few of them, and codes with their distances, for k-means|| over rows with
/// weights, are one read-back each, and those of the twin.
#[test]
fn first_codewords_wait_once_for_many_distances() {
    let rows: Vec<i32> = rows().into_iter().map(|value| value as i32).collect();
    let codebook = Codebook::new(rows[..CLUSTERS * DIM].to_vec(), DIM);
    let on = |device: &Device| {
        let mut table = device.engine().table(ROWS, DIM, Purpose::Fit).expect("a table");
        table.upload(0, &rows).expect("upload");
        table
    };
    let expected = on(&Device::reference()).min_distances(&rows, &[u64::MAX; ROWS]).expect("min_distances");
    for device in devices() {
        let mut table = on(&device);
        device.transfer_counts();
        assert!(table.min_distances(&rows, &[u64::MAX; ROWS]).expect("min_distances") == expected, "{device:?}");
        let pairs = device.transfer_counts();
        assert_eq!((pairs.read_backs, pairs.read_bytes), (1, 8 * (ROWS * ROWS) as u64 + 4), "{device:?}");
        table.assign_and_distances(&codebook, &mut [0; ROWS]).expect("assign_and_distances");
        let nearest = device.transfer_counts();
        assert_eq!((nearest.read_backs, nearest.read_bytes), (1, 12 * ROWS as u64 + 12 + 4), "{device:?}");
    }
}

/// A round of k-means|| reads the sums of blocks of 256 rows, its draws a row each, and the counts a number for each
/// candidate.
#[test]
fn candidates_wait_once_for_a_few_bytes() {
    let rows: Vec<i32> = rows().into_iter().map(|value| value as i32).collect();
    let codebook = Codebook::new(rows[..CLUSTERS * DIM].to_vec(), DIM);
    for device in devices() {
        let mut table = device.engine().table(ROWS, DIM, Purpose::Fit).expect("a table");
        table.upload(0, &rows).expect("upload");
        device.transfer_counts();
        let counted = |what: &str, bytes: u64| {
            let counts = device.transfer_counts();
            assert_eq!((counts.read_backs, counts.read_bytes), (1, bytes + 4), "{what}, {device:?}");
        };
        let sums = table.add_candidates(&codebook, 0).expect("sums").expect("on the device");
        counted("sums", 16 * ROWS.div_ceil(256) as u64 + 12);
        let draws: Vec<BlockDraw> = (0..3).map(|block| BlockDraw { block, value: sums[block] - 1 }).collect();
        table.draw_candidates(&draws).expect("rows");
        counted("draws", 4 * 3);
        table.candidate_counts(CLUSTERS).expect("counts");
        counted("counts", 4 * CLUSTERS as u64);
    }
}

/// Steps of k-means++ with distances on the device are 64 to a read-back of a few bytes.
#[test]
fn steps_of_seeding_wait_once_for_many() {
    let rows: Vec<i32> = rows().into_iter().map(|value| value as i32).collect();
    for device in devices() {
        let mut table = device.engine().table(ROWS, DIM, Purpose::Fit).expect("a table");
        table.upload(0, &rows).expect("upload");
        let mut seeding = table.seeding(&[1; ROWS]).expect("seeding").expect("on the device");
        let first = seeding.start(0).expect("start");
        device.transfer_counts();
        let mut stream = Stream::new("traffic", 1, 0, 0);
        let steps = seeding.steps(first.potential, 100, 4, &mut stream).expect("steps");
        let counts = device.transfer_counts();
        let read_bytes = 16 * (1 + 64) + 4;
        assert_eq!((steps.len(), counts.read_backs, counts.read_bytes), (64, 1, read_bytes), "{device:?}");
    }
}

/// An iteration is one submission and one read-back of a few bytes, however large rows, codewords and sums are.
#[test]
fn an_iteration_waits_once_for_a_few_bytes() {
    let values = rows();
    for device in devices() {
        let [five, six] = [5, 6].map(|iterations| fit(&values, &device, 1, iterations).1);
        // A summary has 12 words, and a read-back ends with an epoch.
        let read_bytes = 4 * 12 + 4;
        let of = |count: fn(&TransferCounts) -> u64| count(&six) - count(&five);
        let more = (of(|c| c.submissions), of(|c| c.read_backs), of(|c| c.read_bytes));
        assert_eq!(more, (1, 1, read_bytes), "{}", device.info().description);
    }
}

/// Rows, dimensions of a latent, levels and codewords of each level in a step of training.
const STEP: [usize; 4] = [100, 5, 3, 8];

/// Returns the counts of each step of one epoch; before the first of them there is the preparation.
fn steps(values: &[f32], device: &Device, change: fn(RqVae) -> RqVae) -> Vec<TransferCounts> {
    let [batch, latent, levels, clusters] = STEP;
    let params = RqVae::new(levels, clusters).hidden([16]).latent(latent).batch(batch).epochs(1).held_out(0.0);
    let rows = Matrix::new(values, DIM).expect("rows");
    let mut training = change(params).begin(&rows, device).expect("a training");
    let mut counts = Vec::new();
    let more = training.next_epoch(|_| {
        counts.push(device.transfer_counts());
        ControlFlow::Continue(())
    });
    more.expect("an epoch");
    counts
}

/// A step is two submissions, and the host waits once: for the losses of rows and latents, the magnitudes of latents,
/// and the counts and gradients of codewords. The first step also reads the latents and chooses a grid.
#[test]
fn a_step_of_training_waits_once() {
    let values = rows();
    let [batch, latent, levels, clusters] = STEP;
    let codewords = levels * clusters;
    let read_bytes = 4 * (batch * (2 + levels) + codewords + 1 + codewords * latent) as u64 + 4;
    let latents = 4 * (batch * latent) as u64 + 4;
    for device in devices() {
        let steps = |change| steps(&values, &device, change);
        let of = |count: &TransferCounts| (count.submissions, count.read_backs, count.read_bytes);
        let plain = steps(|params| params);
        assert_eq!(plain.len(), ROWS / batch);
        for count in &plain[1..] {
            assert_eq!(of(count), (2, 1, read_bytes), "{}", device.info().description);
            assert_eq!(count.written_bytes, WRITTEN, "{}", device.info().description);
        }
        // The norm of the gradients is one more wait.
        let clipped = steps(|params| params.clip(1e-3));
        assert_eq!((clipped[1].submissions, clipped[1].read_backs), (3, 2));
        // So are the latents and what the decoder sees of them, and the gradient that turns.
        let turned = steps(|params| params.estimator(Estimator::Rotation));
        assert_eq!(of(&turned[1]), (4, 3, read_bytes + 3 * latents - 4));
    }
}
