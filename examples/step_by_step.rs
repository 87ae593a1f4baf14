//! Other numbers of clusters at every level, one level at a time: `cargo run --example step_by_step`.
//!
//! Between two levels the caller can look at the error and decide whether another level is worth it.

use semid::{Device, Matrix, RqKMeans};

fn main() -> semid::Result<()> {
    let noise = |row: usize, d: usize| ((row * row * 7 + row * d * 13 + d * d * 5) % 101) as f32 / 3.0;
    let value = |row: usize, d: usize| ((row % 60 * 31 + d * 17) % 97) as f32 + noise(row, d);
    let values: Vec<f32> = (0..3000).flat_map(|row| (0..24).map(move |d| value(row, d))).collect();
    let rows = Matrix::new(&values, 24)?;
    let device = Device::auto();

    // A few broad groups first, finer ones after them.
    let mut fit = RqKMeans::new(4, [8, 16, 32, 64]).max_iter(50).n_init(3).begin(&rows, &device)?;
    let mut before = f64::INFINITY;
    while let Some(level) = fit.next_level()? {
        println!("{:>3} clusters: {:>10.4} after {} iterations", level.clusters, level.squared_error, level.iterations);
        if level.squared_error > 0.8 * before {
            println!("the last level gained less than a fifth: enough");
            break;
        }
        before = level.squared_error;
    }
    let (model, report) = fit.finish()?;
    println!("{} rows, {} levels, fingerprint {}", report.rows, model.levels().len(), model.fingerprint());

    // Codes are read from the left: the first levels alone give a coarser embedding.
    let codes = model.encode(&rows, &device)?;
    for levels in 1..=model.levels().len() {
        let decoded = model.decode_levels(&codes, levels)?;
        let squared: f64 = values.iter().zip(&decoded).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        println!("levels 0 to {}: squared error {:.4} per row", levels - 1, squared / report.rows as f64);
    }
    Ok(())
}
