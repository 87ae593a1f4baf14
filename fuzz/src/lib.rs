//! One function per kind of input that semid reads. Each takes any bytes, and panics where a promise is broken: reading
//! gives a value or an error, and a value that was read can be used, written and read again.

mod file;
mod registry;
mod training;

pub use registry::{database, ids};
pub use training::{checkpoint, sweep};

use file::with_file;
use semid::io::{self, ReadOptions};
use semid::{Codes, Device, Matrix, Model, Rows};

/// A model file.
///
/// # Panics
/// A model that loads has to encode, decode, and come back from its own bytes as the same model.
pub fn model(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes(bytes) else { return };
    let device = Device::reference();
    let zeros = vec![0.0; model.dim()];
    let rows = Matrix::new(&zeros, model.dim()).expect("a model has dimensions");
    // An error is an answer here: a network may take zeros beyond f32.
    if let Ok(codes) = model.encode(&rows, &device) {
        let _ = model.decode(&codes, &device);
    }
    let highest: Vec<u32> = model.clusters().iter().map(|clusters| *clusters as u32 - 1).collect();
    let codes = Codes::new(highest.clone(), highest.len()).expect("one code per level");
    if let Ok(values) = model.decode(&codes, &device) {
        assert!(values.iter().all(|value| value.is_finite()), "decoding gave a value that is not finite");
    }
    let written = model.to_bytes().expect("a model that was read can be written");
    let again = Model::from_bytes(&written).expect("a model that was written can be read");
    assert_eq!(again.fingerprint(), model.fingerprint());
    assert!(again == model, "the model came back as another one");
}

/// A matrix in a .npy file, as embeddings and as codes.
pub fn npy(bytes: &[u8]) {
    rows("x.npy", bytes);
    with_file("codes.npy", bytes, |path| {
        if let Ok((codes, levels)) = io::read_codes(path) {
            assert!(levels > 0 && codes.len() % levels == 0);
        }
    });
}

/// A .parquet file: its embeddings, the names of its columns, and its strings.
pub fn parquet(bytes: &[u8]) {
    rows("x.parquet", bytes);
    with_file("x.parquet", bytes, |path| {
        for column in io::columns(path).unwrap_or_default() {
            let _ = io::read_strings(path, &column);
        }
    });
}

/// A matrix in a .safetensors file.
pub fn safetensors(bytes: &[u8]) {
    rows("x.safetensors", bytes);
}

/// A .fvecs file.
pub fn fvecs(bytes: &[u8]) {
    rows("x.fvecs", bytes);
}

/// Opens embeddings and reads all of them, some rows at a time.
fn rows(name: &str, bytes: &[u8]) {
    with_file(name, bytes, |path| {
        let Ok(rows) = io::open(path, &ReadOptions::default()) else { return };
        let (len, dim) = (rows.len(), rows.dim());
        assert!(dim > 0, "rows have dimensions");
        let step = (4096 / dim).max(1);
        let mut buffer = vec![0.0; step * dim];
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if rows.read(first, &mut buffer[..count * dim]).is_err() {
                return;
            }
        }
    });
}
