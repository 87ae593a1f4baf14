//! The time of encoding one row, and 16 rows, with a prepared encoder on one thread.
//!
//! ```text
//! cargo bench --bench serve                                       3 x 256 codewords of 384 dimensions
//! SEMID_BENCH_DEVICES=cpu:8bit,cpu:16bit cargo bench --bench serve
//! ```

use semid::{Device, Matrix, Result, RqKMeans};
use std::hint::black_box;
use std::time::Instant;

const DIM: usize = 384;
const ROWS: usize = 4096;
const CALLS: usize = 4000;

/// Made-up rows, in loose groups.
fn rows() -> Vec<f32> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let centres: Vec<f32> = (0..300 * DIM).map(|_| uniform()).collect();
    (0..ROWS * DIM).map(|i| centres[i / DIM * 7919 % 300 * DIM + i % DIM] + 0.5 * uniform()).collect()
}

fn main() -> Result<()> {
    let values = rows();
    let model = RqKMeans::new(3, 256).max_iter(2).fit(&Matrix::new(&values, DIM)?, &Device::cpu())?;
    let names = std::env::var("SEMID_BENCH_DEVICES");
    let names = names.as_deref().unwrap_or("cpu,cpu:8bit,cpu:16bit,cpu:f32,cpu:portable");
    for name in names.split(',') {
        let device = Device::named(name)?;
        println!("{name}: {}", device.info().description);
        let mut encoder = model.encoder().prepare(&device)?;
        for count in [1, 16] {
            let mut codes = vec![0; 3 * count];
            let mut times = Vec::new();
            for part in values.chunks_exact(count * DIM).cycle().take(CALLS) {
                let start = Instant::now();
                encoder.encode_into(black_box(part), &mut codes)?;
                times.push(start.elapsed().as_secs_f64() * 1e6);
                black_box(&codes);
            }
            times.sort_unstable_by(f64::total_cmp);
            let [median, late] = [CALLS / 2, CALLS * 99 / 100].map(|place| times[place]);
            println!("  {count:>2} rows: median {median:.1} us, 99 of 100 within {late:.1} us");
        }
    }
    Ok(())
}
