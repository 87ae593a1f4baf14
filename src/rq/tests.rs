//! Fits and encodes on every device of this machine give the same bits.

use crate::rng::row_hash;
use crate::{Algorithm, Device, Init, Matrix, Metric, MiniBatch, RqKMeans, RqKMeansModel};

/// Rows in loose groups with a few exact duplicates, from integers alone.
fn rows(count: usize, dim: usize, shift: f32) -> Vec<f32> {
    let value = |row: usize, d: usize| {
        let group = (row_hash(1, (row % 37 * dim + d) as u64) % 4001) as f32 / 250.0;
        let row = if row.is_multiple_of(29) { row % 58 } else { row };
        let noise = (row_hash(2, (row * dim + d) as u64) % 2001) as f32 / 1000.0;
        group + noise + shift
    };
    (0..count).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

/// The CPU with different numbers of threads, and every adapter that can be opened.
fn devices() -> Vec<Device> {
    let mut devices = vec![Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()];
    for info in Device::list().iter().filter(|info| info.name.starts_with("gpu:")) {
        match Device::named(&info.name) {
            Ok(device) => devices.push(device),
            Err(error) => println!("SKIPPED {} ({}): {error}", info.name, info.description),
        }
    }
    devices
}

#[test]
fn every_device_fits_and_encodes_the_same() {
    let values = rows(1500, 100, 0.0);
    let rows = Matrix::new(&values, 100).unwrap();
    let base = RqKMeans::new(2, [70, 9]).max_iter(12);
    let small = MiniBatch { batch: 200, init_buffer: 300, layer_wise: true };
    let variants = [
        base.clone(),
        base.clone().init(Init::Random).n_init(2).seed(3),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().sample(700).tol(0.0),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone().algorithm(Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..small })),
    ];
    let devices = devices();
    for params in variants {
        let expected = params.fit(&rows, &Device::reference()).unwrap();
        let codes = expected.encode(&rows, &Device::reference()).unwrap();
        for device in &devices {
            let model = params.fit(&rows, device).unwrap();
            assert_eq!(model.fingerprint(), expected.fingerprint(), "{params:?} on {device:?}");
            assert_eq!(model.encode(&rows, device).unwrap(), codes, "{params:?} on {device:?}");
        }
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_model_file_is_noticed() {
    let values = rows(40, 3, 0.0);
    let rows = Matrix::new(&values, 3).unwrap();
    for metric in [Metric::L2, Metric::Cosine] {
        let model = RqKMeans::new(2, [4, 2]).metric(metric).fit(&rows, &Device::reference()).unwrap();
        let mut bytes = model.to_bytes().unwrap();
        assert_eq!(RqKMeansModel::from_bytes(&bytes).unwrap(), model);
        for len in 0..bytes.len() {
            assert!(RqKMeansModel::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
        }
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(RqKMeansModel::from_bytes(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
