//! Fits and encodes the rows of a file on one device, and prints times as a line of JSON; benches/gpu.py runs it.
//!
//! ```text
//! cargo bench --no-run --bench gpu
//! target/release/deps/gpu-* ROWS.npy CLUSTERS [LEVELS] [ITERATIONS] [random|kmeans++] [DEVICE] [REPEATS]
//! ```
//!
//! The rows are in memory before the clock starts. Seconds are those of whole fits and encodes, with the grid, uploads
//! and read-backs. The times of the kernels, by the adapter's own clock, are those of another fit and encode, during
//! which the host waits for every dispatch.

use semid::device::KernelTime;
use semid::io::{ReadOptions, open};
use semid::rq::Init;
use semid::{Device, Matrix, Result, Rows, RqKMeans, RqKMeansModel};
use serde_json::{Value, json};
use std::hint::black_box;
use std::str::FromStr;
use std::time::Instant;

fn argument<T: FromStr>(at: usize, or: T) -> T {
    std::env::args().skip(1).filter(|word| word != "--bench").nth(at).and_then(|word| word.parse().ok()).unwrap_or(or)
}

fn seconds<T>(run: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let start = Instant::now();
    let result = run()?;
    Ok((start.elapsed().as_secs_f64(), result))
}

fn kernels(times: &[KernelTime]) -> Value {
    let row = |time: &KernelTime| json!({"name": time.name, "seconds": time.seconds, "dispatches": time.dispatches});
    times.iter().map(row).collect()
}

fn encode(model: &RqKMeansModel, rows: &Matrix<'_>, device: &Device) -> Result<u64> {
    let report = model.encode_with(rows, device, |_, codes| {
        black_box(codes);
        Ok(())
    })?;
    Ok(report.settled_assignments)
}

fn main() -> Result<()> {
    let path: String = argument(0, String::new());
    let file = open(&path, &ReadOptions::default())?;
    let mut values = vec![0.0; file.len() * file.dim()];
    file.read(0, &mut values)?;
    let rows = Matrix::new(&values, file.dim())?;
    let (clusters, levels, iterations) = (argument(1, 256_usize), argument(2, 1_usize), argument(3, 20_usize));
    let init = if argument(4, String::new()) == "random" { Init::Random } else { Init::KMeansPlusPlus };
    let device = Device::named(&argument(5, "auto".to_owned()))?;
    let repeats = argument(6, 3_usize);

    let params = RqKMeans::new(levels, clusters).max_iter(iterations).tol(0.0).sample(None).init(init);
    let (first, (model, report)) =
        seconds(|| params.fit_with(&rows, &device, |_| std::ops::ControlFlow::Continue(())))?;
    let fits = (0..repeats).map(|_| Ok(seconds(|| params.fit(&rows, &device))?.0)).collect::<Result<Vec<_>>>()?;
    let _ = device.transfer_counts();
    let settled = encode(&model, &rows, &device)?;
    let transfers = device.transfer_counts();
    let encodes =
        (0..repeats).map(|_| Ok(seconds(|| encode(&model, &rows, &device))?.0)).collect::<Result<Vec<_>>>()?;
    let (mut of_fit, mut of_encode) = (Vec::new(), Vec::new());
    if device.time_kernels(true) {
        params.fit(&rows, &device)?;
        of_fit = device.kernel_times();
        encode(&model, &rows, &device)?;
        of_encode = device.kernel_times();
    }
    let info = device.info();
    let choices = device.tile_choices();
    let choices: Vec<_> = choices.iter().map(|choice| format!("{} {:.2e}", choice.variant, choice.seconds)).collect();
    let text = json!({
        "device": info.description, "backend": info.backend, "driver": info.driver,
        "rows": rows.len(), "dim": rows.dim(), "clusters": clusters, "levels": levels, "init": format!("{init:?}"),
        "iterations": report.levels.iter().map(|level| level.iterations).collect::<Vec<_>>(),
        "squared_error": report.levels.last().map(|level| level.squared_error),
        "fingerprint": model.fingerprint().to_string(),
        "first_fit": first, "fits": fits, "encodes": encodes, "settled": settled,
        "encode_submissions": transfers.submissions, "encode_read_backs": transfers.read_backs,
        "tiles": choices, "fit_kernels": kernels(&of_fit), "encode_kernels": kernels(&of_encode),
    });
    println!("{text}");
    Ok(())
}
