//! A row's codes depend on the row and the model alone.

use super::{coarse_rows, devices, fit};
use crate::rows::out_of_range;
use crate::{Device, Error, ErrorKind, Matrix, Metric, Result, Rows, RqKMeans, RqKMeansModel};

/// Codes of `rows` encoded in pieces of `batch` rows.
fn in_batches(model: &RqKMeansModel, values: &[f32], batch: usize, device: &Device) -> Vec<u32> {
    let pieces = values.chunks(batch * model.dim()).map(|piece| Matrix::new(piece, model.dim()).unwrap());
    pieces.flat_map(|piece| model.encode(&piece, device).unwrap().values().to_vec()).collect()
}

#[test]
fn every_batch_size_gives_the_same_codes() {
    let values = coarse_rows(10_000, 3, 0.0);
    for params in [RqKMeans::new(2, [11, 5]).sample(300), RqKMeans::new(2, 7).metric(Metric::Cosine).sample(300)] {
        let (model, _) = fit(&params, &values, 3, &Device::cpu()).unwrap();
        let expected = in_batches(&model, &values, 10_000, &Device::reference());
        for (device, few) in devices().iter().map(|device| (device, device.info().name.contains("gpu"))) {
            for batch in [1, 7, 4096, 10_000] {
                // A software adapter takes its time for every batch, alone or beside other devices.
                let count = if few { (30 * batch).min(3000) } else { 10_000 };
                let codes = in_batches(&model, &values[..count * 3], batch, device);
                assert_eq!(codes, expected[..count * 2], "{batch} rows at a time on {device:?}");
            }
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let values = coarse_rows(500, 3, 0.0);
    let (model, _) = fit(&RqKMeans::new(2, [11, 5]), &values, 3, &Device::cpu()).unwrap();
    let backwards: Vec<f32> = values.rchunks(3).flatten().copied().collect();
    let expected = in_batches(&model, &values, 500, &Device::reference());
    let reversed: Vec<u32> = expected.rchunks(2).flatten().copied().collect();
    for device in devices() {
        assert_eq!(in_batches(&model, &backwards, 500, device), reversed, "{device:?}");
    }
}

/// Rows that cannot all be read, and whose reads are counted in rows.
struct Failing<'a>(Matrix<'a>, usize);

impl Rows for Failing<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        match first + out.len() / self.dim() > self.1 {
            true => Err(out_of_range(first, self.1)),
            false => self.0.read(first, out),
        }
    }
}

#[test]
fn chunks_arrive_in_order_and_errors_end_an_encode() {
    let values = coarse_rows(2500, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    let device = Device::reference();
    let (model, _) = fit(&RqKMeans::new(2, 3).sample(100), &values, 2, &Device::cpu()).unwrap();
    let (mut next, mut all) = (0, Vec::new());
    let report = model.encode_with(&rows, &device, |first, codes| {
        assert_eq!(first, next);
        next += codes.len() / 2;
        all.extend_from_slice(codes);
        Ok(())
    });
    assert_eq!((report.unwrap().rows, next), (2500, 2500));
    assert_eq!(all, model.encode(&rows, &Device::cpu()).unwrap().values());
    let mut sunk = 0;
    let failed = model.encode_with(&Failing(rows, 2000), &device, |_, codes| {
        sunk += codes.len() / 2;
        Ok(())
    });
    assert!(matches!(failed.unwrap_err().kind(), ErrorKind::Parameter { .. }));
    assert_eq!(sunk, 1024);
    let refused = model.encode_with(&rows, &device, |_, _| Err(Error::damaged("the sink")));
    assert!(matches!(refused.unwrap_err().kind(), ErrorKind::Damaged { .. }));
}

#[test]
fn bad_rows_are_named_and_values_outside_the_grid_are_counted() {
    let mut values = coarse_rows(1500, 2, 0.0);
    let (model, _) = fit(&RqKMeans::new(2, 3), &values, 2, &Device::cpu()).unwrap();
    let encode = |values: &[f32], dim, device: &Device| model.encode(&Matrix::new(values, dim).unwrap(), device);
    for device in devices().iter().chain([&Device::reference()]) {
        assert!(encode(&[], 2, device).unwrap().is_empty());
        let wrong = encode(&values, 3, device).unwrap_err();
        assert!(matches!(wrong.kind(), ErrorKind::DimMismatch { expected: 2, found: 3 }));
    }
    let far = [1e30, 0.0, -1e30, f32::MAX];
    for device in devices() {
        let report = model.encode_with(&Matrix::new(&far, 2).unwrap(), device, |_, _| Ok(())).unwrap();
        assert_eq!((report.rows, report.saturated_values), (2, 3));
        assert_eq!(encode(&far, 2, device).unwrap(), encode(&far, 2, &Device::reference()).unwrap());
    }
    values[2 * 1200 + 1] = f32::NEG_INFINITY;
    values[2 * 1300] = f32::NAN;
    for device in devices() {
        let bad = encode(&values, 2, device).unwrap_err();
        assert!(matches!(bad.kind(), ErrorKind::NotFinite { row: 1200, column: 1, .. }), "{bad}");
        let bad = RqKMeans::new(1, 2).sample(50).fit(&Matrix::new(&values, 2).unwrap(), device).unwrap_err();
        assert!(matches!(bad.kind(), ErrorKind::NotFinite { row: 1200, column: 1, .. }), "{bad}");
    }
}
