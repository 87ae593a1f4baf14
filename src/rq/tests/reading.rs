//! How often a fit reads the caller's rows.

use super::rows;
use crate::error::Result;
use crate::{Device, Matrix, Rows, RqKMeans};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Rows that count how often rows were read.
struct Counted<'a> {
    rows: Matrix<'a>,
    is_decoded: bool,
    read: AtomicUsize,
}

impl Rows for Counted<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.read.fetch_add(out.len() / self.dim(), Relaxed);
        self.rows.read(first, out)
    }
}

#[test]
fn rows_that_are_decoded_are_read_once_and_others_twice() {
    let values = rows(900, 4, 0.3);
    let params = RqKMeans::new(2, 8);
    for params in [params.clone(), params.clone().sample(500), params.n_init(2)] {
        let models = [true, false].map(|is_decoded| {
            let rows = Counted { rows: Matrix::new(&values, 4).unwrap(), is_decoded, read: AtomicUsize::new(0) };
            let model = params.fit_with(&rows, &Device::cpu(), |_| ControlFlow::Continue(())).unwrap().0;
            assert_eq!(rows.read.into_inner(), if is_decoded { 900 } else { 1800 });
            model
        });
        assert_eq!(models[0].fingerprint(), models[1].fingerprint());
    }
}
