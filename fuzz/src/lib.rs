//! One function per kind of input that semid reads. Each takes any bytes, and panics where a promise is broken: reading
//! gives a value or an error, and a value that was read can be used, written and read again.

mod file;
mod registry;
mod shards;
mod training;

pub use registry::{database, ids};
pub use shards::{shards, values};
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

/// A table of numbers as text, with item keys in the column `id` or without.
pub fn csv(bytes: &[u8]) {
    let mut keyed = ReadOptions::default();
    keyed.beside = vec!["id".to_owned()];
    for options in [ReadOptions::default(), keyed] {
        read("x.csv", bytes, options);
        texts("x.csv", bytes);
    }
}

/// Json lines, with item keys in the field `id` or without.
pub fn jsonl(bytes: &[u8]) {
    rows("x.jsonl", bytes);
    texts("x.jsonl", bytes);
}

/// An .npz file.
pub fn npz(bytes: &[u8]) {
    rows("x.npz", bytes);
    let mut named = ReadOptions::default();
    named.tensor = Some("x".to_owned());
    read("x.npz", bytes, named);
}

/// Reads the item keys of a file.
fn texts(name: &str, bytes: &[u8]) {
    with_file(name, bytes, |path| {
        if let Ok(rows) = io::open(path, &ReadOptions::default())
            && let Ok(texts) = rows.strings("id")
        {
            assert_eq!(texts.len(), rows.len());
        }
    });
}

/// Reads embeddings, refusing bad rows and leaving them out.
fn rows(name: &str, bytes: &[u8]) {
    read(name, bytes, ReadOptions::default());
}

/// Opens embeddings and reads all of them, some rows at a time; without bad rows they have to be finite.
fn read(name: &str, bytes: &[u8], mut options: ReadOptions) {
    read_all(name, bytes, &options);
    options.bad_rows = io::BadRows::Skip;
    read_all(name, bytes, &options);
}

fn read_all(name: &str, bytes: &[u8], options: &ReadOptions) {
    with_file(name, bytes, |path| {
        let Ok(rows) = io::open(path, options) else { return };
        let (len, dim) = (rows.len(), rows.dim());
        assert!(dim > 0, "rows have dimensions");
        let step = (4096 / dim).max(1);
        let mut buffer = vec![0.0; step * dim];
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if rows.read(first, &mut buffer[..count * dim]).is_err() {
                return;
            }
            assert!(buffer[..count * dim].iter().all(|value| value.is_finite()), "a bad row was read");
        }
    });
}
