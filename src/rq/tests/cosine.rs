//! The cosine metric with normalised residuals: rows are scaled to unit length once before level 0.

use crate::grid::quantize_rows_alone;
use crate::kernel::unit_length::unit_length;
use crate::{Device, Matrix, Metric, RqKMeans};

/// One row and one cluster: the codeword is the row as level 0 has it. Scaling twice would move some rows by a grid
/// step.
#[test]
fn rows_are_scaled_once_before_level_0() {
    let mut different = 0;
    for seed in 0..400_u64 {
        let row: Vec<f32> = (0..5).map(|d| (crate::rng::row_hash(seed, d) % 2001) as f32 - 1000.0).collect();
        let mut once = vec![0; 5];
        quantize_rows_alone(&row, 5, &mut once);
        unit_length(&mut once, 5);
        let mut twice = once.clone();
        unit_length(&mut twice, 5);
        different += u32::from(once != twice);
        let params = RqKMeans::new(1, 1).metric(Metric::Cosine);
        for params in [params.clone(), params.normalize_residuals(true)] {
            let model = params.fit(&Matrix::new(&row, 5).unwrap(), &Device::cpu()).unwrap();
            assert_eq!(model.levels()[0].values(), once, "{row:?}");
        }
    }
    assert!(different > 0, "no row tells once from twice");
}
