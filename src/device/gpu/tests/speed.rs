//! Milliseconds per kernel: `cargo test --release --lib speed -- --ignored --nocapture`.

use crate::codebook::Codebook;
use crate::device::Engine;
use crate::device::Purpose;
use crate::device::gpu::Gpu;
use crate::device::gpu::adapter;
use crate::device::tests::Random;
use std::time::Instant;

#[test]
#[ignore = "a measurement"]
fn speed() {
    let number = |name: &str, or| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(or);
    let (rows, dim, clusters) = (number("ROWS", 20_000), number("DIM", 384), number("CLUSTERS", 256));
    let mut random = Random(5);
    let mut grid = |len: usize, bits: u32| -> Vec<i32> {
        (0..len).map(|_| (random.next() >> (64 - bits)) as i32 - (1 << (bits - 1))).collect()
    };
    let values = grid(rows * dim, 20);
    let codebook = Codebook::new(grid(clusters * dim, 19), dim);
    for found in adapter::all() {
        let gpu = match Gpu::open(found) {
            Ok(gpu) => gpu,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        println!(
            "{} {} {}: {rows} x {dim}, {clusters} clusters",
            found.info.name, found.info.backend, found.info.description
        );
        let mut table = gpu.table(rows, dim, Purpose::Fit).expect("table");
        for timed in [false, true, true] {
            gpu.time_kernels(timed);
            let mut clock = Instant::now();
            let mut lap = |name: &str| {
                if !timed {
                    println!("  {name:14} {:9.3} ms", clock.elapsed().as_secs_f64() * 1e3);
                }
                clock = Instant::now();
            };
            table.upload(0, &values).expect("upload");
            table.gather(&[0]).expect("gather");
            lap("upload");
            let assigned = table.assign(&codebook).expect("assign");
            lap("assign");
            table.assign(&codebook).expect("assign");
            lap("assign again");
            let partial = table.sums(clusters).expect("sums");
            lap("sums");
            table.own_distances(&codebook).expect("own_distances");
            lap("own_distances");
            let points = &values[..7 * dim];
            let mut closest = vec![u64::MAX; rows];
            let closer = table.closer(points, &closest).expect("closer");
            lap("closer, exact");
            for found in closer.chunks_exact(rows) {
                closest.iter_mut().zip(found).for_each(|(closest, found)| *closest = (*closest).min(*found));
            }
            table.closer(points, &closest).expect("closer");
            lap("closer, filter");
            table.subtract(&codebook).expect("subtract");
            table.unit_length().expect("unit_length");
            table.gather(&[0]).expect("gather");
            lap("the rest");
            if !timed {
                println!("  {assigned:?}, {} rows summed", partial.counts().iter().sum::<u64>());
            }
            for time in gpu.kernel_times() {
                println!(
                    "  {:14} {:9.3} ms on the device, {} dispatches",
                    time.name,
                    time.seconds * 1e3,
                    time.dispatches
                );
            }
        }
    }
}
