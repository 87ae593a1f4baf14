//! Quantizing, fitting and encoding on every device, through the public API.
//!
//! ```text
//! cargo bench                                          synthetic rows: 8,192 x 384
//! SEMID_BENCH_DATA=packages.parquet cargo bench        rows of a file (.npy, .parquet, .safetensors, .fvecs)
//! SEMID_BENCH_DEVICES=cpu,gpu:llvmpipe cargo bench     these devices instead of the CPU and all adapters
//! ```
//!
//! Before its times each device prints the squared error per row and the share of row-levels that its filter left to
//! exact distances.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use semid::io::{ReadOptions, open};
use semid::rq::Grid;
use semid::{Device, Matrix, Result, Rows, RqKMeans, RqKMeansModel};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const LEVELS: usize = 3;
const CLUSTERS: usize = 256;
const ITERATIONS: usize = 20;

struct Data {
    values: Vec<f32>,
    dim: usize,
}

impl Data {
    /// The rows of `SEMID_BENCH_DATA`, or rows in loose groups that shrink like the singular values of embeddings do.
    fn load() -> Result<Self> {
        if let Some(path) = std::env::var_os("SEMID_BENCH_DATA") {
            let rows = open(path, &ReadOptions::default())?;
            let mut values = vec![0.0; rows.len() * rows.dim()];
            rows.read(0, &mut values)?;
            return Ok(Self { values, dim: rows.dim() });
        }
        let (rows, dim, groups) = (8192, 384, 700);
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let scale = |d: usize| 1.0 / (1.0 + d as f32 / 40.0);
        let centres: Vec<f32> = (0..groups * dim).map(|i| uniform() * scale(i % dim)).collect();
        let mut values = Vec::with_capacity(rows * dim);
        for row in 0..rows {
            let group = row * row % groups;
            values.extend((0..dim).map(|d| centres[group * dim + d] + 0.7 * uniform() * scale(d)));
        }
        Ok(Self { values, dim })
    }

    fn rows(&self) -> Matrix<'_> {
        Matrix::new(&self.values, self.dim).expect("whole rows")
    }

    fn len(&self) -> usize {
        self.values.len() / self.dim
    }
}

fn params() -> RqKMeans {
    RqKMeans::new(LEVELS, CLUSTERS).max_iter(ITERATIONS).tol(0.0)
}

/// The CPU and every adapter, or the devices that `SEMID_BENCH_DEVICES` names.
fn devices() -> Vec<(String, Device)> {
    let names: Vec<String> = match std::env::var("SEMID_BENCH_DEVICES") {
        Ok(names) => names.split(',').map(str::to_owned).collect(),
        Err(_) => Device::list().into_iter().map(|info| info.name).filter(|name| name != "reference").collect(),
    };
    let open = |name: String| match Device::named(&name) {
        Ok(device) => {
            let info = device.info();
            println!("{name}: {} {} {}", info.description, info.backend, info.driver);
            Some((name, device))
        }
        Err(error) => {
            println!("{name}: {error}");
            None
        }
    };
    names.into_iter().filter_map(open).collect()
}

/// Fits once with a report; the model is what the other benches use.
fn first_fit(name: &str, data: &Data, device: &Device) -> Result<RqKMeansModel> {
    let start = Instant::now();
    let (model, report) = params().fit_with(&data.rows(), device, |_| ControlFlow::Continue(()))?;
    let seconds = start.elapsed().as_secs_f64();
    let timed = device.time_kernels(true);
    let encoded = model.encode_with(&data.rows(), device, |_, codes| {
        black_box(codes);
        Ok(())
    })?;
    let error = report.levels.last().map_or(f64::NAN, |level| level.squared_error);
    let share = 100.0 * encoded.settled_assignments as f64 / (encoded.rows.max(1) * LEVELS as u64) as f64;
    println!("{name}: first fit {seconds:.2} s, squared error per row {error:.5}, {share:.3} % of row-levels settled");
    println!("{name}: fingerprint {}", model.fingerprint());
    if timed {
        print_kernels(name, data, device);
        device.time_kernels(false);
    }
    Ok(model)
}

/// Time of each kernel of one encode by the adapter's own clock, and the rate of `assign`, as a share of the peak that
/// `SEMID_BENCH_PEAK_TFLOPS` gives for f32.
fn print_kernels(name: &str, data: &Data, device: &Device) {
    let peak = std::env::var("SEMID_BENCH_PEAK_TFLOPS").ok().and_then(|peak| peak.parse::<f64>().ok());
    for kernel in device.kernel_times() {
        let ms = 1e3 * kernel.seconds;
        print!("{name}: kernel {:<16} {ms:>9.3} ms in {} dispatches", kernel.name, kernel.dispatches);
        if kernel.name == "assign" {
            let tflops = (2 * LEVELS * CLUSTERS * data.values.len()) as f64 / kernel.seconds / 1e12;
            print!(", {tflops:.3} TFLOP/s");
            if let Some(peak) = peak {
                print!(", {:.1} % of the peak", 100.0 * tflops / peak);
            }
        }
        println!();
    }
}

fn device_benches(criterion: &mut Criterion, name: &str, device: &Device, data: &Data) -> Result<()> {
    let model = first_fit(name, data, device)?;
    let size = format!("{}x{}", data.len(), data.dim);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(data.len() as u64)).sample_size(10);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_secs(5));
    group.bench_function(BenchmarkId::new("encode", &size), |bencher| {
        bencher.iter(|| model.encode(&data.rows(), device).expect("as before"))
    });
    group.bench_function(BenchmarkId::new("fit", &size), |bencher| {
        bencher.iter(|| params().fit(&data.rows(), device).expect("as before"))
    });
    group.finish();
    Ok(())
}

/// Putting rows on the grid, on one thread.
fn quantize(criterion: &mut Criterion, grid: &Grid, data: &Data) {
    let mut out = vec![0; data.values.len()];
    let mut group = criterion.benchmark_group("grid");
    group.throughput(Throughput::Bytes(4 * data.values.len() as u64)).sample_size(10);
    group.bench_function("quantize", |bencher| bencher.iter(|| grid.quantize(black_box(&data.values), &mut out)));
    group.finish();
}

fn kernels(criterion: &mut Criterion) {
    let data = Data::load().expect("SEMID_BENCH_DATA names a file of embeddings");
    println!("{} rows x {}, {LEVELS} x {CLUSTERS}, {ITERATIONS} iterations", data.len(), data.dim);
    let devices = devices();
    if let Ok(model) = params().max_iter(1).fit(&data.rows(), &Device::cpu()) {
        quantize(criterion, model.grid(), &data);
    }
    for (name, device) in &devices {
        if let Err(error) = device_benches(criterion, name, device, &data) {
            println!("{name}: {error}");
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
