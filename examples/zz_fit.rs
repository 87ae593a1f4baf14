use semid::*;
use std::time::Instant;
fn main() {
    let b = std::fs::read("/tmp/sim/X.npy").unwrap();
    let v: Vec<f32> = b[128..].chunks_exact(4).map(|c| f32::from_le_bytes(c.try_into().unwrap())).collect();
    let rows = Matrix::new(&v, 384).unwrap();
    let d = Device::cpu();
    let seed = std::env::args().nth(1).map_or(42, |s| s.parse().unwrap());
    let s = Instant::now();
    let mut last = Instant::now();
    let (m, r) = RqKMeans::new(3, 256)
        .max_iter(20)
        .tol(0.0)
        .seed(seed)
        .fit_with(&rows, &d, |p| {
            if std::env::args().nth(2).is_some() {
                println!(
                    "L{} it{} err {:.5} changed {} {:.1} ms",
                    p.level,
                    p.iteration,
                    p.squared_error,
                    p.changed,
                    last.elapsed().as_secs_f64() * 1e3
                );
            }
            last = Instant::now();
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    println!(
        "fit {:.3}s {:?} {}",
        s.elapsed().as_secs_f64(),
        r.levels.iter().map(|l| l.squared_error).collect::<Vec<_>>(),
        m.fingerprint()
    );
    for _ in 0..3 {
        let s = Instant::now();
        let mut st = 0;
        let r = m
            .encode_with(&rows, &d, |_, c| {
                st += c.len();
                Ok(())
            })
            .unwrap();
        println!("encode {:.3}s {:?}", s.elapsed().as_secs_f64(), r);
    }
}
