//! Tests `pieces`, which cuts the rows of clusters into pieces, against a loop on the host.

use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::centroid::{PIECE_ROWS, most_pieces};
use crate::device::gpu::params::Params;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::{Gpu, adapter};
use crate::device::tests::Random;

/// Returns the place of each cluster in the list, and the pieces.
fn expected(counts: &[u32]) -> (Vec<u32>, Vec<[u32; 4]>) {
    let (mut starts, mut pieces, mut start) = (Vec::new(), Vec::new(), 0);
    for (cluster, count) in counts.iter().enumerate() {
        starts.push(start);
        let end = start + count;
        while start < end {
            let next = end.min(start + PIECE_ROWS as u32);
            pieces.push([cluster as u32, start, next, 0]);
            start = next;
        }
    }
    (starts, pieces)
}

fn cases() -> Vec<Vec<u32>> {
    let mut random = Random(3);
    let mut cases = vec![vec![0], vec![1], vec![0; 700], vec![256; 256], vec![257; 257], vec![1_000_000, 0, 1]];
    for clusters in [2, 255, 256, 257, 1000, 3000] {
        for most in [2, 300, 5000] {
            cases.push((0..clusters).map(|_| (random.next() % most) as u32).collect());
        }
    }
    cases
}

#[test]
fn pieces_are_those_of_a_loop() {
    for found in adapter::all() {
        let Ok(Gpu { context, .. }) = Gpu::open(found) else { continue };
        let mut batch = CommandBatch::new(&context).expect("a batch");
        for counts in cases() {
            let rows: u32 = counts.iter().sum();
            let most = most_pieces(rows as usize, counts.len());
            let (starts, mut pieces) = expected(&counts);
            assert!(pieces.len() <= most, "{} pieces of at most {most}", pieces.len());
            pieces.resize(most, [0; 4]);
            let on_device = context.filled("counts", &counts).expect("counts");
            let cursors = context.storage("cursors", counts.len() as u64 * 4).expect("cursors");
            let found_pieces = context.storage("pieces", most as u64 * 16).expect("pieces");
            let params = Params { clusters: counts.len() as u32, ..Params::default() }.words();
            let buffers = [&on_device, &cursors, &found_pieces];
            batch.dispatch(&context, Kernel::Pieces, &params, &buffers, ((1, 1), 1)).expect("a dispatch");
            let spans = [
                Span { buffer: &cursors, offset: 0, size: counts.len() as u64 * 4 },
                Span { buffer: &found_pieces, offset: 0, size: most as u64 * 16 },
            ];
            let bytes = batch.read(&context, &spans).expect("a read-back");
            let found_words: Vec<u32> = words(&bytes).collect();
            let wanted: Vec<u32> = starts.into_iter().chain(pieces.into_iter().flatten()).collect();
            assert!(found_words == wanted, "{} clusters on {}", counts.len(), found.info.description);
        }
    }
}
