//! How often a fit reads the caller's rows.

use super::rows;
use crate::first_reading::tests::CountedRows;
use crate::{Device, Matrix, RqKMeans};
use std::ops::ControlFlow;

#[test]
fn rows_that_are_decoded_are_read_once_and_others_twice() {
    let values = rows(900, 4, 0.3);
    let params = RqKMeans::new(2, 8);
    for params in [params.clone(), params.clone().sample(500), params.n_init(2)] {
        let models = [true, false].map(|is_decoded| {
            let rows = CountedRows { rows: Matrix::new(&values, 4).unwrap(), is_decoded, read: 0.into() };
            let model = params.fit_with(&rows, &Device::cpu(), |_| ControlFlow::Continue(())).unwrap().0;
            assert_eq!(rows.read.into_inner(), if is_decoded { 900 } else { 1800 });
            model
        });
        assert_eq!(models[0].fingerprint(), models[1].fingerprint());
    }
}
