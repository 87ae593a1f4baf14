//! Batches that pass a quantizer.

use super::{Case, put};
use crate::codebook::Codebook;
use crate::device::Engine;
use crate::device::tensors::{Coding, Members, Passing, Tensors};
use crate::device::tests::reference;
use crate::error::Result;
use crate::kernel::straight_through::Weight;
use crate::rng::row_hash;

/// Rows, columns, and clusters of each level.
type Shape = (usize, usize, &'static [usize]);

pub(super) const SHAPES: [Shape; 6] = [
    (1, 1, &[1]),
    (300, 3, &[7, 2, 5]),
    (65, 32, &[256, 1]),
    (129, 70, &[3, 90, 8, 4]),
    (0, 4, &[3]),
    (40, 2, &[2; 256]),
];

/// Latents and weights: the exponent of the grid, with latents of that many binary orders around its values.
const WEIGHTS: [(i32, f32); 5] = [(15, 0.25), (0, -1.0), (-100, 3e-30), (126, 1.5e38), (-3, 0.0)];

fn hash(seed: u64, i: usize) -> u64 {
    row_hash(seed, i as u64)
}

/// A finite value of 2^-28 to 2^28 steps of the grid, exact halves, zeros and the farthest numbers among them.
fn latent(exponent: i32, i: usize) -> f32 {
    let hash = hash(11, i);
    let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
    let scale = |steps: f64| (steps * crate::grid::pow2(-exponent)).clamp(-3e38, 3e38) as f32;
    match hash >> 60 {
        0 => scale(sign * ((hash >> 32 & 0xffff) as f64 + 0.5)),
        1 => 0.0 * sign as f32,
        2 => f32::MAX * sign as f32,
        3 => f32::MIN_POSITIVE * sign as f32,
        4 => scale(sign * (8_388_606.0 + (hash >> 32 & 3) as f64 / 2.0)),
        5 => scale(sign * 0.5),
        _ => scale(
            sign * (1.0 + (hash >> 40 & 0xfffff) as f64) * crate::grid::pow2((hash >> 32 & 0xff) as i32 % 48 - 40),
        ),
    }
}

fn pass(tensors: &mut dyn Tensors, (rows, columns, clusters): Shape, weight: Weight) -> Result<Vec<f32>> {
    let (levels, all) = (clusters.len(), clusters.iter().sum::<usize>());
    // Codewords as large as all levels together may be, and residuals therefore as far as 2^24.
    let most = (1_i64 << 23) / levels as i64;
    let codeword = |i: usize| match hash(12, i) as i64 {
        extreme if extreme % 5 == 0 => {
            if extreme % 2 == 0 {
                most
            } else {
                -most
            }
        }
        any => any % (most + 1),
    };
    let firsts = clusters.iter().scan(0, |sum, clusters| Some(std::mem::replace(sum, *sum + clusters)));
    let firsts: Vec<usize> = firsts.collect();
    // The last codeword of a level has no rows.
    let code = |row: usize, level: usize| {
        firsts[level] + hash(13 + level as u64, row) as usize % clusters[level].saturating_sub(1).max(1)
    };
    let codes: Vec<usize> = (0..rows)
        .flat_map(|row| (0..levels).map(move |level| (row, level)))
        .map(|(row, level)| code(row, level))
        .collect();
    let mut members: Vec<usize> = (0..codes.len()).collect();
    members.sort_by_key(|at| codes[*at]);
    let starts: Vec<f32> = (0..=all).map(|k| codes.iter().filter(|code| **code < k).count() as f32).collect();
    let floats = |list: &[usize]| list.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    let latents: Vec<f32> = (0..rows * columns).map(|i| latent(weight.exponent, i)).collect();
    let books: Vec<f32> = (0..all * columns).map(|i| codeword(i) as f32).collect();

    let of = Passing {
        latents: put(tensors, rows, columns, &latents)?,
        codes: put(tensors, rows, levels, &floats(&codes))?,
        books: put(tensors, all, columns, &books)?,
        quantized: tensors.create(rows, columns)?,
        commitment: tensors.create(rows, columns)?,
        residuals: tensors.create(rows * levels, columns)?,
    };
    tensors.straight_through(&of, weight)?;
    let rows = put(tensors, codes.len(), 1, &floats(&members))?;
    let members = Members { residuals: of.residuals, rows, starts: put(tensors, all + 1, 1, &starts)? };
    let gradient = put(tensors, all, columns, &vec![1.0; all * columns])?;
    tensors.codebook_gradient(&members, weight, gradient)?;
    let found = [of.quantized, of.commitment, of.residuals, gradient].map(|tensor| tensors.download(tensor));
    found.into_iter().collect::<Result<Vec<_>>>().map(|found| found.concat())
}

/// Shapes of latents that get codes; those of one column have the codewords 0, 1, -1, 2 and so on.
pub(super) const CODED: [Shape; 7] = [
    (1, 1, &[1]),
    (300, 1, &[5, 2, 700]),
    (130, 17, &[64, 3]),
    (65, 32, &[256, 129]),
    (0, 4, &[3]),
    (3, 300, &[2, 2, 2]),
    (40, 2, &[2; 256]),
];

/// Gives two batches of latents their codes, by other codewords each, before anything is read.
fn code(tensors: &mut dyn Tensors, shape: Shape, exponent: i32) -> Result<Vec<f32>> {
    let (rows, columns, clusters) = shape;
    let (levels, all) = (clusters.len(), clusters.iter().sum::<usize>());
    let most = (1_i64 << 23) / levels as i64;
    let mut found = Vec::new();
    for batch in 0..2 {
        // Every seventh codeword is there once more, and some are as large as they may be.
        let value = |level: usize, i: usize| match (columns, i / columns) {
            (1, k) => (1 - 2 * (k as i64 % 2)) * (k as i64 + 1).div_euclid(2) * (1 - 2 * batch as i64),
            (_, k) if k % 7 == 6 => hash(20 + level as u64, batch + i % columns) as i64 % (most + 1),
            (_, k) => {
                let value = hash(20 + level as u64, batch + k * columns + i % columns) as i64 % (most + 1);
                value >> (4 * (k % 5))
            }
        };
        let book = |(level, clusters): (usize, &usize)| {
            Codebook::new((0..clusters * columns).map(|i| value(level, i) as i32).collect(), columns)
        };
        let books: Vec<Codebook> = clusters.iter().enumerate().map(book).collect();
        let latents: Vec<f32> = (0..rows * columns).map(|i| latent(exponent, i + batch)).collect();
        let coding = Coding {
            latents: put(tensors, rows, columns, &latents)?,
            codes: tensors.create(rows, levels)?,
            starts: tensors.create(all + 1, 1)?,
            rows: tensors.create(rows * levels, 1)?,
        };
        if !tensors.quantize(&coding, &books, exponent)? {
            // The CPU leaves it to a table, which src/vae/tests compares.
            return code(&mut *reference().tensors()?, shape, exponent);
        }
        found.push(coding);
    }
    let mut out = Vec::new();
    for Coding { codes, starts, rows, .. } in found {
        let mut lists = tensors.download_all(&[codes, starts, rows])?;
        // The order within a codeword is free.
        let starts: Vec<usize> = lists[1].iter().map(|start| *start as usize).collect();
        for range in starts.windows(2) {
            lists[2].get_mut(range[0]..range[1]).unwrap_or_default().sort_by(f32::total_cmp);
        }
        out.extend(lists.concat());
    }
    Ok(out)
}

/// Latents on grids of several exponents.
pub(super) fn coded(shapes: &[Shape]) -> Vec<Case> {
    let all = shapes.iter().flat_map(|shape| [15, 0, -100, 126].map(|exponent| (*shape, exponent)));
    let case = |(shape, exponent): (Shape, i32)| {
        Case::new(format!("codes {shape:?} 2^{exponent}"), move |tensors| code(tensors, shape, exponent))
    };
    all.map(case).collect()
}

pub(super) fn cases(shapes: &[Shape]) -> Vec<Case> {
    let all = shapes.iter().flat_map(|shape| WEIGHTS.map(|(exponent, factor)| (*shape, Weight { exponent, factor })));
    let case = |(shape, weight): (Shape, Weight)| {
        Case::new(format!("quantizer {shape:?} {weight:?}"), move |tensors| pass(tensors, shape, weight))
    };
    all.map(case).collect()
}
