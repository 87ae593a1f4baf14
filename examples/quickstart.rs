//! Embeddings to semantic IDs and back, in a few lines: `cargo run --example quickstart`.

use semid::{Device, IdFormat, Matrix, RqKMeans, RqKMeansModel};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 2,000 embeddings of 32 dimensions in 50 loose groups; yours come from a file (`semid::io::open`) or from
    // `ndarray`.
    let value = |row: usize, d: usize| ((row % 50 * 31 + d * 17) % 97) as f32 + ((row * 7 + d * 13) % 11) as f32 / 10.0;
    let values: Vec<f32> = (0..2000).flat_map(|row| (0..32).map(move |d| value(row, d))).collect();
    let rows = Matrix::new(&values, 32)?;

    let device = Device::auto(); // A hardware GPU if there is one, else the CPU: the bits are the same.
    let model = RqKMeans::new(3, 16).seed(42).fit(&rows, &device)?;
    let codes = model.encode(&rows, &device)?;
    for (row, id) in IdFormat::plain("-").format(&codes).iter().enumerate().take(3) {
        println!("row {row}: {id}");
    }

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    model.save(&path)?;
    let loaded = RqKMeansModel::load(&path)?;
    println!("fingerprint {}", loaded.fingerprint());
    println!("row 0 begins with {:.3}, decoded {:.3}", values[0], loaded.decode(&codes)?[0]);
    Ok(())
}
