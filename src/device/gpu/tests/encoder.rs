//! Tests that chunks which are in progress at the same time get the codes of the reference, each its own.

use crate::codebook::Codebook;
use crate::device::gpu::adapter;
use crate::device::gpu::context::Context;
use crate::device::gpu::encoder::GpuEncoder;
use crate::device::tests::{Case, Random, data, reference};
use crate::device::{ChunkEncoder, Engine, Purpose};
use std::sync::Arc;

const DIM: usize = 36;
const CHUNK: usize = 700;
/// Two whole chunks, and a part of one.
const ROWS: usize = 1659;

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
    GpuEncoder::new(&Arc::new(context), (ROWS, CHUNK), levels).expect("an encoder")
}

#[test]
fn chunks_in_progress_get_their_own_codes() {
    let sample = |rows, clusters, kind| data(&Case { rows, dim: DIM, clusters, data: kind }, &mut Random(kind as u64));
    // Codewords of a level that is scaled to unit length are on its grid.
    let books = [(130, 0), (64, 0), (1, 7), (300, 0)].map(|(k, kind)| Codebook::new(sample(1, k, kind).1, DIM));
    let levels: Vec<(&Codebook, bool)> = books.iter().zip([false, true, false, true]).collect();
    // Some begin one chunk and end another.
    let parts = [(600, 0), (99, 3), (1, 0), (699, 7), (131, 0), (129, 3)].map(|(rows, kind)| sample(rows, 1, kind).0);
    let rows: Vec<i32> = parts.concat();
    let expected: Vec<Vec<u32>> = rows.chunks(CHUNK * DIM).map(|rows| expected(rows, &levels)).collect();
    for found in adapter::all() {
        let Some(mut encoder) = found.open().ok().and_then(|context| open(context, &levels)) else { continue };
        let begun: Vec<bool> = parts.iter().map(|rows| encoder.add(rows).expect("add")).collect();
        assert_eq!(begun, [false, false, true, false, true, true]);
        let codes: Vec<Vec<u32>> = finished(&mut encoder);
        assert!(codes == expected, "{}", found.info.description);
        assert!(!encoder.add(&parts[0]).expect("add"), "there are no more rows");
    }
}

fn finished(encoder: &mut GpuEncoder) -> Vec<Vec<u32>> {
    let finish = || encoder.finish().expect("finish").map(|chunk| chunk.codes);
    std::iter::from_fn(finish).collect()
}

/// Where the rows end early, those added before have their codes, and a table that was full before has none left over.
#[test]
fn a_part_of_a_chunk_is_encoded_too() {
    let book = Codebook::new(data(&Case { rows: 1, dim: DIM, clusters: 90, data: 3 }, &mut Random(5)).1, DIM);
    let levels = [(&book, false), (&book, false)];
    let rows = data(&Case { rows: 3 * CHUNK, dim: DIM, clusters: 1, data: 0 }, &mut Random(6)).0;
    let parts = [&rows[..CHUNK * DIM], &rows[CHUNK * DIM..][..10 * DIM]];
    for found in adapter::all() {
        let Some(mut encoder) = found.open().ok().and_then(|context| open(context, &levels)) else { continue };
        let mut codes = Vec::new();
        for part in parts {
            encoder.add(part).expect("add");
            codes.extend(finished(&mut encoder));
        }
        assert!(codes == parts.map(|rows| expected(rows, &levels)), "{}", found.info.description);
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
