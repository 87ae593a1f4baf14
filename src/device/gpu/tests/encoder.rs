//! Tests that chunks which are in progress at the same time get the codes of the reference, each its own.

use crate::codebook::Codebook;
use crate::device::gpu::adapter;
use crate::device::gpu::context::Context;
use crate::device::gpu::encoder::GpuEncoder;
use crate::device::tests::{Case, Random, data, reference};
use crate::device::{ChunkEncoder, Engine, Purpose};
use std::sync::Arc;

const DIM: usize = 36;

/// Codes (n, L) by the kernels of the reference, one after the other.
fn expected(rows: &[i32], levels: &[(&Codebook, bool)]) -> Vec<u32> {
    let count = rows.len() / DIM;
    let mut table = reference().table(count, DIM, Purpose::Encode).expect("a table");
    table.upload(0, rows).expect("upload");
    let mut codes = vec![0; count * levels.len()];
    let mut of_level = vec![0; count];
    for (level, (codebook, scales)) in levels.iter().enumerate() {
        if *scales {
            table.unit_length().expect("unit_length");
        }
        table.assign_and_codes(codebook, &mut of_level).expect("assign_and_codes");
        table.subtract(codebook).expect("subtract");
        codes.iter_mut().skip(level).step_by(levels.len()).zip(&of_level).for_each(|(to, code)| *to = *code);
    }
    codes
}

fn open(context: Context, levels: &[(&Codebook, bool)]) -> Option<GpuEncoder> {
    GpuEncoder::new(&Arc::new(context), 700, levels).expect("an encoder")
}

#[test]
fn chunks_in_progress_get_their_own_codes() {
    let sample = |rows, clusters, kind| data(&Case { rows, dim: DIM, clusters, data: kind }, &mut Random(kind as u64));
    // Codewords of a level that is scaled to unit length are on its grid.
    let books = [(130, 0), (64, 0), (1, 7), (300, 0)].map(|(k, kind)| Codebook::new(sample(1, k, kind).1, DIM));
    let levels: Vec<(&Codebook, bool)> = books.iter().zip([false, true, false, true]).collect();
    let chunks = [(700, 0), (700, 3), (1, 0), (700, 7), (129, 0)].map(|(rows, kind)| sample(rows, 1, kind).0);
    let expected: Vec<Vec<u32>> = chunks.iter().map(|rows| expected(rows, &levels)).collect();
    for found in adapter::all() {
        let Some(mut encoder) = found.open().ok().and_then(|context| open(context, &levels)) else { continue };
        let mut codes = Vec::new();
        for (at, rows) in chunks.iter().enumerate() {
            encoder.begin(rows).expect("begin");
            if at >= 2 {
                codes.extend(encoder.finish().expect("finish"));
            }
        }
        codes.extend(std::iter::from_fn(|| encoder.finish().expect("finish")));
        let codes: Vec<Vec<u32>> = codes.into_iter().map(|(codes, _)| codes).collect();
        assert!(codes == expected, "{}", found.info.description);
    }
}

/// What does not fit one buffer is left to tables.
#[test]
fn chunks_have_to_fit() {
    let Some(found) = adapter::all().next() else { return };
    let book = Codebook::new(vec![1; 1000 * DIM], DIM);
    let fits = |binding: u64| Some(open(found.open().ok()?.for_tests(binding, 1 << 16), &[(&book, false)]).is_some());
    assert_eq!([1 << 20, 128 << 10].map(fits), [Some(true), Some(false)]);
    let empty = found.open().ok().and_then(|context| open(context, &[]));
    assert!(empty.is_none());
}
