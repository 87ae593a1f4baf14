//! Measures milliseconds per kernel: `cargo test --release --lib speed -- --ignored --nocapture`.

use crate::codebook::Codebook;
use crate::device::Engine;
use crate::device::Purpose;
use crate::device::gpu::Gpu;
use crate::device::gpu::adapter;
use crate::device::tensors::{Parameter, Tensor, Tensors};
use crate::device::tests::Random;
use crate::kernel::adamw::{Rule, StepFactors};
use crate::kernel::combine::Op;
use crate::kernel::matmul::Product;
use crate::kernel::scaled::Width;
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
            table.assigned_distances(&codebook).expect("assigned_distances");
            lap("assigned_distances");
            let points = &values[..7 * dim];
            let mut closest = vec![u64::MAX; rows];
            let min_distances = table.min_distances(points, &closest).expect("min_distances");
            lap("min_distances, exact");
            for found in min_distances.chunks_exact(rows) {
                closest.iter_mut().zip(found).for_each(|(closest, found)| *closest = (*closest).min(*found));
            }
            table.min_distances(points, &closest).expect("min_distances");
            lap("min_distances, filter");
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

/// Times a layer of a network on a batch: forward, both gradients, and the step of the optimiser.
#[test]
#[ignore = "a measurement"]
fn speed_of_networks() {
    let number = |name: &str, or| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(or);
    let (rows, inputs, outputs) = (number("ROWS", 1024), number("INPUTS", 384), number("OUTPUTS", 512));
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        println!("{} {}: {rows} rows, {inputs} to {outputs}", found.info.name, found.info.description);
        let mut tensors = gpu.tensors().expect("matrices");
        let mut random = Random(7);
        let mut filled = |tensors: &mut dyn Tensors, rows: usize, columns: usize| -> Tensor {
            let values: Vec<f32> = (0..rows * columns).map(|_| (random.next() >> 40) as f32 / 1e7 - 0.8).collect();
            let tensor = tensors.create(rows, columns).expect("a matrix");
            tensors.upload(tensor, &values).expect("upload");
            tensor
        };
        let [x, dx] = [(); 2].map(|()| filled(&mut *tensors, rows, inputs));
        let [y, dy] = [(); 2].map(|()| filled(&mut *tensors, rows, outputs));
        let [value, gradient, first, second] = [(); 4].map(|()| filled(&mut *tensors, outputs, inputs));
        let bias = filled(&mut *tensors, 1, outputs);
        let rule = Rule { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
        let step = StepFactors::new(&rule, 1);
        for (width, timed) in
            [(Width::Bits8, false), (Width::Bits8, false), (Width::Bits16, false), (Width::Bits16, true)]
        {
            gpu.time_kernels(timed);
            let start = Instant::now();
            tensors.matmul(Product::Forward, width, x, value, y).expect("forward");
            tensors.combine(Op::Add, y, bias).expect("bias");
            tensors.rectify(y, 0.0).expect("rectify");
            tensors.rectify_gradient(dy, y, 0.0).expect("rectify_gradient");
            tensors.column_sums(dy, bias).expect("column_sums");
            tensors.matmul(Product::Weight, width, dy, x, gradient).expect("weight");
            tensors.matmul(Product::Input, width, dy, value, dx).expect("input");
            tensors.adamw(Parameter { value, gradient, moments: [first, second] }, &step).expect("adamw");
            tensors.download(bias).expect("download");
            println!(
                "  {width:?}: {:9.3} ms{}",
                start.elapsed().as_secs_f64() * 1e3,
                if timed { ", timed" } else { "" }
            );
            for time in gpu.kernel_times() {
                println!("  {:16} {:9.3} ms, {} dispatches", time.name, time.seconds * 1e3, time.dispatches);
            }
        }
    }
}
