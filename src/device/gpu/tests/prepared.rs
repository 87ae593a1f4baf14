//! The kernels that are compiled before a fit are those that it runs, and only fits of many rows on hardware begin so.

use crate::RqKMeans;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::{Kernel, of_fits};
use crate::device::gpu::{Gpu, MANY_ROWS, adapter};
use crate::device::{Device, Engine, Purpose};
use crate::rows::Matrix;
use std::collections::HashSet;
use std::sync::Arc;

/// SwiftShader takes as long as the rest of a test for one kernel.
fn open() -> Option<Gpu> {
    Gpu::open(adapter::find("llvmpipe").or_else(|| adapter::all().next())?).ok()
}

fn prepared(filter: Filter) -> HashSet<Kernel> {
    of_fits(filter).into_iter().collect()
}

#[test]
fn a_fit_runs_the_kernels_that_are_compiled_before_it() {
    // Bytes pay from 17 dimensions on.
    for (dim, filter) in [(2, Filter::F32), (17, Filter::Bytes)] {
        let values: Vec<f32> = (0..4200 * dim as u64).map(|i| ((i * i + 7 * i) % 1009) as f32).collect();
        let rows = Matrix::new(&values, dim).expect("rows");
        let Some(mut gpu) = open() else { return };
        // Of these rows bytes decide so few that the table would go back to f32.
        let context = Arc::get_mut(&mut gpu.context).expect("the only owner");
        context.filter = Ok(Some(filter));
        context.tiles.software = false;
        // A software adapter compiles each kernel when the fit first runs it.
        let context = Arc::clone(&gpu.context);
        assert!(context.compiled().is_empty());
        // First codewords by k-means++ over all rows, and over candidates of k-means||.
        let device = Device::of(Arc::new(gpu));
        for clusters in [300, 200] {
            RqKMeans::new(2, clusters).max_iter(1).fit(&rows, &device).expect("a model");
        }
        assert_eq!(context.compiled(), prepared(filter), "{dim} dimensions");
    }
}

#[test]
fn tables_of_fits_have_their_kernels_compiled() {
    let Some(mut gpu) = open() else { return };
    let table = |gpu: &Gpu, rows, purpose| gpu.table(rows, 4, purpose).map(drop).expect("a table");
    table(&gpu, MANY_ROWS, Purpose::Fit);
    gpu.info.hardware = true;
    table(&gpu, MANY_ROWS - 1, Purpose::Fit);
    table(&gpu, MANY_ROWS, Purpose::Encode);
    assert!(gpu.context.compiled().is_empty());
    table(&gpu, MANY_ROWS, Purpose::Fit);
    assert_eq!(gpu.context.compiled(), prepared(Filter::F32));
}
