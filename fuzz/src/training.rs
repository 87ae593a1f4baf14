//! What long work leaves behind to go on from: checkpoints and the lines of sweeps.

use crate::file::with_file;
use semid::sweep::SweepRecord;
use semid::{Device, Matrix, RqVae};

/// A checkpoint of the training that made the seed: 64 rows of 4 values, one level of 4 codewords.
pub fn checkpoint(bytes: &[u8]) {
    let values: Vec<f32> = (0..256).map(|i| ((i * 37) % 101) as f32 / 16.0).collect();
    let rows = Matrix::new(&values, 4).expect("whole rows");
    with_file("checkpoint", bytes, |path| {
        if let Ok(training) = small_training().resume(path, &rows, &Device::reference()) {
            let _ = training.finish();
        }
    });
}

/// The parameters of the seed.
pub fn small_training() -> RqVae {
    RqVae::new(1, 4).hidden([4]).latent(2).batch(16).epochs(2).held_out(0.0)
}

/// The file of a sweep.
pub fn sweep(bytes: &[u8]) {
    with_file("sweep.jsonl", bytes, |path| drop(SweepRecord::read(path)));
}
