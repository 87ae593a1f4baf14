//! The fast network kernels against the scalar twins, bit for bit.

use super::CpuTensors;
use super::unit::{COLUMNS, Group, ROWS, Unit};
use crate::device::Device;
use crate::device::cpu::Pool;
use crate::device::tensors::{Tensor, Tensors, Trained};
use crate::kernel::adamw::{Rule, Step};
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::matmul::Product;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::rng::row_hash;

/// Values of every kind: of `spread` binary orders of magnitude, with zeros, and - if `wild` - the largest, the smallest,
/// infinities and NaN among them.
fn values(seed: u64, len: usize, spread: u64, wild: bool) -> Vec<f32> {
    let value = |i: usize| {
        let hash = row_hash(seed, i as u64);
        let exponent = 127 - spread / 2 + (hash >> 32) % spread.max(1);
        let number = f32::from_bits(((hash as u32) & 0x807f_ffff) | ((exponent as u32) << 23));
        match hash >> 56 {
            0..=9 => 0.0,
            10 if wild => f32::INFINITY,
            11 if wild => f32::NAN,
            12 if wild => f32::MAX,
            13 if wild => -f32::MIN_POSITIVE,
            14 if wild => 1e-40,
            _ => number,
        }
    };
    (0..len).map(value).collect()
}

/// Runs `work` on the reference and on the CPU, and compares what it returns.
fn same(what: &str, work: impl Fn(&mut dyn Tensors) -> Vec<f32>) {
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
    let expected = bits(work(&mut *Device::reference().engine().tensors().unwrap()));
    let found = bits(work(&mut CpuTensors::new(Pool(None))));
    assert_eq!(found, expected, "{what}");
}

fn put(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Tensor {
    let tensor = tensors.create(rows, columns).unwrap();
    tensors.upload(tensor, values).unwrap();
    tensor
}

#[test]
fn products_have_the_bits_of_the_twin() {
    let shapes = [(1, 1, 1), (6, 16, 2), (7, 17, 3), (5, 33, 64), (13, 15, 511), (50, 31, 1030), (49, 18, 129)];
    for (case, (m, n, k)) in shapes.into_iter().enumerate() {
        for product in [Product::Forward, Product::Input, Product::Weight] {
            for width in [Width::Bits8, Width::Bits16] {
                for (spread, wild) in [(1, false), (12, false), (250, false), (30, true)] {
                    let a = values(case as u64, m * k, spread, wild && case % 2 == 0);
                    let b = values(99 + case as u64, n * k, spread, wild);
                    let (shape_a, shape_b) = match product {
                        Product::Forward => ((m, k), (n, k)),
                        Product::Input => ((m, k), (k, n)),
                        Product::Weight => ((k, m), (k, n)),
                    };
                    same(&format!("{product:?} {width:?} {m} {n} {k} {spread} {wild}"), |tensors| {
                        let a = put(tensors, shape_a.0, shape_a.1, &a);
                        let b = put(tensors, shape_b.0, shape_b.1, &b);
                        let out = tensors.create(m, n).unwrap();
                        tensors.matmul(product, width, a, b, out).unwrap();
                        tensors.download(out).unwrap()
                    });
                }
            }
        }
    }
}

#[test]
fn sums_at_the_limit_do_not_overflow() {
    // Nothing is further from zero than the same largest integer in all terms.
    for (width, k) in [(Width::Bits8, 65_536), (Width::Bits16, 65_536), (Width::Bits16, 513)] {
        for sign in [1.0, -1.0] {
            same(&format!("{width:?} {k}"), |tensors| {
                let a = put(tensors, 1, k, &vec![1.999_999_9; k]);
                let b = put(tensors, 1, k, &vec![sign * 1.999_999_9; k]);
                let out = tensors.create(1, 1).unwrap();
                tensors.matmul(Product::Forward, width, a, b, out).unwrap();
                tensors.download(out).unwrap()
            });
        }
    }
}

#[test]
fn element_wise_steps_have_the_bits_of_the_twin() {
    let (rows, columns) = (301, 67);
    for (spread, wild) in [(6, false), (200, false), (60, true)] {
        let x = values(1, rows * columns, spread, wild);
        let y = values(2, rows * columns, spread, wild);
        for op in [Op::Add, Op::Sub, Op::Mul, Op::SignTimes, Op::InverseRoot] {
            for (r, c) in [(rows, columns), (1, columns), (1, 1)] {
                same(&format!("{op:?} {r} {c} {spread} {wild}"), |tensors| {
                    let a = put(tensors, rows, columns, &x);
                    let b = put(tensors, r, c, &y[..r * c]);
                    tensors.combine(op, a, b).unwrap();
                    tensors.download(a).unwrap()
                });
            }
        }
        for slope in [0.0, 0.01] {
            same(&format!("rectify {slope} {spread} {wild}"), |tensors| {
                let a = put(tensors, rows, columns, &x);
                let b = put(tensors, rows, columns, &y);
                tensors.rectify(a, slope).unwrap();
                tensors.rectify_gradient(b, a, slope).unwrap();
                [tensors.download(a).unwrap(), tensors.download(b).unwrap()].concat()
            });
        }
        same(&format!("sums {spread} {wild}"), |tensors| {
            let x = put(tensors, rows, columns, &x);
            let sums = tensors.create(1, columns).unwrap();
            let losses = [tensors.create(rows, 1).unwrap(), tensors.create(rows, 1).unwrap()];
            tensors.column_sums(x, sums).unwrap();
            tensors.row_losses(x, Power::One, losses[0]).unwrap();
            tensors.row_losses(x, Power::Two, losses[1]).unwrap();
            [sums, losses[0], losses[1]].map(|tensor| tensors.download(tensor).unwrap()).concat()
        });
        same(&format!("adamw {spread} {wild}"), |tensors| {
            let [value, gradient] = [&x, &y].map(|values| put(tensors, rows, columns, values));
            let moments = [(); 2].map(|()| tensors.create(rows, columns).unwrap());
            let trained = Trained { value, gradient, moments };
            let rule = Rule { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
            (1..4).for_each(|t| tensors.adamw(trained, &Step::new(&rule, t)).unwrap());
            [value, moments[0], moments[1]].map(|tensor| tensors.download(tensor).unwrap()).concat()
        });
        same(&format!("dropout {spread} {wild}"), |tensors| {
            let x = put(tensors, rows, columns, &x);
            tensors.dropout(x, &Mask::new(0x1234_5678_9abc_def0, 0.3)).unwrap();
            tensors.download(x).unwrap()
        });
    }
}

#[test]
fn every_unit_gives_the_same_sums() {
    let pair = |i: usize| row_hash(7, i as u64) as i32 & 0x00ff_00ff;
    let tile: Vec<[i32; ROWS]> = (0..100).map(|p| std::array::from_fn(|r| pair(p * ROWS + r))).collect();
    let group: Vec<Group> = (0..100).map(|p| Group(std::array::from_fn(|c| -pair(p + c * 1000)))).collect();
    let portable = super::unit::Portable.multiply(&tile, &group);
    for r in 0..ROWS {
        for c in 0..COLUMNS {
            let halves = |x: i32| [i64::from(x as i16), i64::from((x >> 16) as i16)];
            let terms = tile.iter().zip(&group).flat_map(|(t, g)| halves(t[r]).into_iter().zip(halves(g.0[c])));
            assert_eq!(i64::from(portable[r][c]), terms.map(|(a, b)| a * b).sum::<i64>());
        }
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        assert_eq!(simd.multiply(&tile, &group), portable);
    }
}
