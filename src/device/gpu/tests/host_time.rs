//! Measures what the host does for an iteration, on a backend of wgpu that runs no kernels:
//! `RUST_LIB_BACKTRACE=0 cargo test --release --lib --features _noop host_time -- --ignored --nocapture`. With
//! backtraces wgpu walks the stack for its locks, which takes longer than all the rest.

use crate::codebook::Codebook;
use crate::device::gpu::adapter;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::lloyd::GpuLloyd;
use crate::device::gpu::rows::GpuRows;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ITERATIONS: usize = 2000;
/// Iterations before the first that counts.
const WARM_UP: usize = 50;

#[test]
#[ignore = "a measurement"]
fn host_time_of_an_iteration() {
    let number = |name: &str, or| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(or);
    let (rows, dim, clusters) = (number("ROWS", 60_000), number("DIM", 384), number("CLUSTERS", 256));
    let codebook = Codebook::new(vec![1; clusters * dim], dim);
    for filter in [Filter::F32, Filter::Bytes] {
        let context = Arc::new(adapter::that_runs_nothing().open().expect("a device"));
        let mut table = GpuRows::new(context, rows, dim).expect("a table");
        table.filter = Some(filter);
        let mut lloyd = GpuLloyd::new(&mut table, &codebook, 1 << 20).expect("room").expect("a codebook that fits");
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..WARM_UP + ITERATIONS {
            let start = Instant::now();
            let queued = lloyd.queue().expect("commands");
            let queueing = start.elapsed();
            let spans = [lloyd.updating.summary()];
            let reading = lloyd.table.batch.start_reading(&lloyd.table.context, &spans).expect("a submission");
            let submission = start.elapsed();
            let summary = lloyd.table.context.finish_reading(reading).expect("a summary");
            lloyd.finish(&queued, &summary);
            let all = start.elapsed();
            let parts = [queueing, submission - queueing, all - submission, all];
            times.iter_mut().zip(parts).for_each(|(times, part)| times.push(part));
        }
        // The backend does what copies and clears ask for; the bytes that clears fill are in the time of a submission.
        let traffic = lloyd.table.context.traffic.take();
        println!("{rows} x {dim}, {clusters} clusters, filter {}: microseconds per iteration", filter.name());
        println!("  {} bytes written in {} submissions", traffic.written_bytes, traffic.submissions);
        let names = ["commands and bind groups", "encoding and submission", "read-back", "all"];
        for (name, times) in names.into_iter().zip(times) {
            let mut times: Vec<_> = times.into_iter().skip(WARM_UP).collect();
            times.sort();
            let [least, median, most] =
                [0, 50, 90].map(|part| times[part * (times.len() - 1) / 100].as_secs_f64() * 1e6);
            println!("  {name:24} {least:7.1} at least, median {median:7.1}, {most:7.1} at most nine times in ten");
        }
    }
}
