//! What the filter of the CPU leaves to exact distances, and how near its products come to the processor's own limit.
//!
//! ```text
//! cargo bench --bench filter                                        made-up rows: 20,000 x 128, 3 x 256 codewords
//! SEMID_BENCH_DATA=packages.parquet cargo bench --bench filter      rows of a file
//! SEMID_BENCH_FITS=3x256x20,1x2048x10 cargo bench --bench filter    levels x clusters x iterations of the fits
//! SEMID_BENCH_FITS=3x256x20-cosine cargo bench --bench filter       by angles, and with residuals of unit length
//! SEMID_BENCH_DEVICES=cpu,cpu:16bit cargo bench --bench filter      these units, of `SEMID_SIMD` where it is set
//! ```
//!
//! For each fit, an encode and the 10 exact neighbours of 2,000 rows it prints
//!
//! - the rows, of all levels and iterations, that were compared with all codewords, and of these the share that their
//!   scores left undecided and the codewords left to each;
//! - the rows that a few codewords decided, by what earlier assignments say;
//! - the share of all threads' time that assignments take, and of it products and scores, and comparisons with a few;
//! - the rate of the products while they were computed, per thread, and beside the limit: the rate of the unit's
//!   multiplications in a loop that touches registers alone.
//!
//! For one row and 16 rows of a prepared encoder it prints the median time, and the part that products at that limit
//! would take; undecided rows and candidates are those of the encode.
//!
//! Steps of k-means++ are in the seconds and not in the counts.

#[path = "filter/limit.rs"]
mod limit;

use limit::limit;
use semid::io::{ReadOptions, open};
use semid::metrics::Evaluation;
use semid::rq::{Algorithm, Hierarchical, Metric, RqKMeansModel};
use semid::{Device, Matrix, Result, Rows, RqKMeans};
use std::hint::black_box;
use std::time::Instant;

/// Rows that are not enough to compare the neighbours of all.
const NEIGHBOURS_OF: usize = 2000;
/// Calls of a prepared encoder.
const CALLS: usize = 4000;
/// What ends the name of a fit by angles.
const COSINE: &str = "-cosine";

fn main() -> Result<()> {
    let (values, dim) = rows()?;
    let rows = Matrix::new(&values, dim)?;
    println!("{} rows of {dim} dimensions", rows.len());
    let fits = std::env::var("SEMID_BENCH_FITS").unwrap_or_else(|_| "3x256x20".into());
    let names = std::env::var("SEMID_BENCH_DEVICES").unwrap_or_else(|_| "cpu".into());
    for name in names.split(',') {
        let device = Device::named(name)?;
        let limit = limit(&device.info().description);
        println!("\n{name}: {}", device.info().description);
        match limit {
            Some(limit) => println!("limit: {:.1} G products a second and thread", limit / 1e9),
            None => println!("limit: not measured for this unit"),
        }
        println!(
            "{:<28} {:>8} {:>10} {:>9} {:>10} {:>10} {:>9} {:>8} {:>7} {:>10} {:>8}",
            "work",
            "seconds",
            "row-levels",
            "undecided",
            "candidates",
            "by few",
            "assigning",
            "products",
            "few",
            "G a second",
            "of limit"
        );
        for fit in fits.split(',') {
            let [levels, clusters, iterations] = numbers(fit.trim_end_matches(COSINE));
            let mut params = RqKMeans::new(levels, clusters).max_iter(iterations).tol(0.0);
            if fit.ends_with(COSINE) {
                params = params.metric(Metric::Cosine).normalize_residuals(true);
            }
            let model = measured(&format!("fit {fit}"), &device, limit, || params.fit(&rows, &device))?;
            if clusters >= 1024 {
                let hierarchy = params.clone().algorithm(Algorithm::Hierarchical(Hierarchical::default()));
                measured(&format!("fit {fit}, hierarchical"), &device, limit, || hierarchy.fit(&rows, &device))?;
            }
            measured("encode", &device, limit, || model.encode(&rows, &device))?;
            for count in [1, 16] {
                prepared(&model, (&values, dim), count, &device, limit)?;
            }
            if fit == fits.split(',').next_back().unwrap_or_default() {
                let evaluation = Evaluation::new().k(10).sample(NEIGHBOURS_OF);
                measured("eval, 10 neighbours", &device, limit, || evaluation.run(&model, &rows, &device))?;
            }
        }
    }
    Ok(())
}

/// Runs something, and prints what the filter did meanwhile.
fn measured<T>(work: &str, device: &Device, limit: Option<f64>, run: impl FnOnce() -> Result<T>) -> Result<T> {
    device.filter_counts();
    let start = Instant::now();
    let result = black_box(run()?);
    let seconds = start.elapsed().as_secs_f64();
    let counts = device.filter_counts();
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let rate = counts.products as f64 / counts.scoring_seconds.max(1e-9);
    let share = |part: f64, all: f64| format!("{:.1} %", 100.0 * part / all.max(1e-9));
    println!(
        "{work:<28} {seconds:>8.3} {:>10} {:>9} {:>10.2} {:>10} {:>9} {:>8} {:>7} {:>10.1} {:>8}",
        counts.scored,
        share(counts.undecided as f64, counts.scored as f64),
        counts.candidates as f64 / (counts.scored as f64).max(1.0),
        counts.listed,
        share(counts.assigning_seconds, seconds * threads),
        share(counts.scoring_seconds, seconds * threads),
        share(counts.listing_seconds, seconds * threads),
        rate / 1e9,
        limit.map_or("-".into(), |limit| share(rate, limit)),
    );
    Ok(result)
}

/// Encodes `count` rows at a time by a prepared encoder, and prints the median time.
fn prepared(
    model: &RqKMeansModel,
    (values, dim): (&[f32], usize),
    count: usize,
    device: &Device,
    limit: Option<f64>,
) -> Result<()> {
    let mut encoder = model.encoder().prepare(device)?;
    let mut codes = vec![0; count * model.levels().len()];
    let mut times = Vec::new();
    for part in values.chunks_exact(count * dim).take(CALLS) {
        let start = Instant::now();
        encoder.encode_into(black_box(part), &mut codes)?;
        times.push(start.elapsed().as_secs_f64());
        black_box(&codes);
    }
    let middle = times.len() / 2;
    let Some((_, median, _)) = (middle < times.len()).then(|| times.select_nth_unstable_by(middle, f64::total_cmp))
    else {
        return Ok(());
    };
    let products: usize = model.clusters().iter().map(|clusters| clusters * dim * count).sum();
    let share = limit.map_or("-".into(), |limit| format!("{:.1} %", 100.0 * products as f64 / limit / *median));
    let work = format!("encoder, {count} rows");
    println!("{work:<28} {:>8.2} us, {share} of it for products at the limit", *median * 1e6);
    Ok(())
}

/// The three numbers of a fit.
fn numbers(fit: &str) -> [usize; 3] {
    let numbers: Vec<usize> = fit.split('x').filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{fit} is not levels x clusters x iterations, such as 3x256x20"))
}

/// The rows of `SEMID_BENCH_DATA`, or made-up ones in loose groups.
fn rows() -> Result<(Vec<f32>, usize)> {
    if let Some(path) = std::env::var_os("SEMID_BENCH_DATA") {
        let rows = open(path, &ReadOptions::default())?;
        let mut values = vec![0.0; rows.len() * rows.dim()];
        rows.read(0, &mut values)?;
        return Ok((values, rows.dim()));
    }
    let (count, dim, groups) = (20_000, 128, 900);
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let centres: Vec<f32> = (0..groups * dim).map(|_| uniform()).collect();
    let value = |i: usize| centres[i / dim * 7919 % groups * dim + i % dim];
    Ok(((0..count * dim).map(|i| value(i) + 0.5 * uniform()).collect(), dim))
}
