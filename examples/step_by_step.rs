//! Other numbers of clusters at every level, one level at a time: `cargo run --example step_by_step`.
//!
//! Between two levels the caller can look at the error and decide whether another level is worth it.

use semid::{Device, Matrix, RqKMeans};

fn main() -> semid::Result<()> {
    let value = |row: usize, d: usize| ((row % 60 * 31 + d * 17) % 97) as f32 + ((row * 7 + d * 13) % 11) as f32 / 10.0;
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
        let squared: f32 = values.iter().zip(&decoded).map(|(a, b)| (a - b).powi(2)).sum();
        println!("{levels} levels: squared error {:.4} per row", squared / report.rows as f32);
    }
    Ok(())
}
