//! Steps that take elements, rows or columns alone.

use super::values::{Kind, values};
use super::{Case, put};
use crate::device::tensors::{Parameter, Tensors};
use crate::error::Result;
use crate::kernel::adamw::{Rule, StepFactors};
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::row_losses::Power;

/// Rows and columns, with two matrices of values.
type Given<'a> = (usize, usize, &'a [f32], &'a [f32]);

type Work = fn(&mut dyn Tensors, Given<'_>) -> Result<Vec<f32>>;

const WORKS: [(&str, Work); 7] = [
    ("upload and copy", copy),
    ("rectify", |tensors, given| rectify(tensors, given, 0.0)),
    ("rectify, leaky", |tensors, given| rectify(tensors, given, 0.01)),
    ("column_sums", column_sums),
    ("row_losses", row_losses),
    ("adamw", adamw),
    ("dropout", dropout),
];

fn copy(tensors: &mut dyn Tensors, (rows, columns, x, y): Given<'_>) -> Result<Vec<f32>> {
    let a = put(tensors, rows, columns, x)?;
    let b = put(tensors, rows, columns, y)?;
    let fresh = tensors.create(rows, columns)?;
    let zero = tensors.download(fresh)?;
    // What is uploaded after a copy is not what was copied.
    tensors.copy(a, fresh)?;
    tensors.upload(a, y)?;
    tensors.copy(fresh, b)?;
    // Several at once, one of them twice, and one after another upload that must not reach the others.
    tensors.copy(a, fresh)?;
    tensors.upload(a, x)?;
    let all = tensors.download_all(&[a, b, fresh, a])?.concat();
    tensors.submit()?;
    Ok([zero, all, tensors.download(b)?].concat())
}

fn rectify(tensors: &mut dyn Tensors, (rows, columns, x, y): Given<'_>, slope: f32) -> Result<Vec<f32>> {
    let output = put(tensors, rows, columns, x)?;
    let gradient = put(tensors, rows, columns, y)?;
    tensors.rectify(output, slope)?;
    tensors.rectify_gradient(gradient, output, slope)?;
    Ok([tensors.download(output)?, tensors.download(gradient)?].concat())
}

fn column_sums(tensors: &mut dyn Tensors, (rows, columns, x, _): Given<'_>) -> Result<Vec<f32>> {
    let x = put(tensors, rows, columns, x)?;
    let sums = tensors.create(1, columns)?;
    tensors.column_sums(x, sums)?;
    tensors.download(sums)
}

fn row_losses(tensors: &mut dyn Tensors, (rows, columns, x, _): Given<'_>) -> Result<Vec<f32>> {
    let x = put(tensors, rows, columns, x)?;
    let losses = [tensors.create(rows, 1)?, tensors.create(rows, 1)?];
    tensors.row_losses(x, Power::One, losses[0])?;
    tensors.row_losses(x, Power::Two, losses[1])?;
    Ok([tensors.download(losses[0])?, tensors.download(losses[1])?].concat())
}

fn adamw(tensors: &mut dyn Tensors, (rows, columns, x, y): Given<'_>) -> Result<Vec<f32>> {
    let value = put(tensors, rows, columns, x)?;
    let gradient = put(tensors, rows, columns, y)?;
    let moments = [tensors.create(rows, columns)?, tensors.create(rows, columns)?];
    let rule = Rule { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
    for t in 1..4 {
        tensors.adamw(Parameter { value, gradient, moments }, &StepFactors::new(&rule, t))?;
    }
    let found = [value, moments[0], moments[1]].map(|tensor| tensors.download(tensor));
    found.into_iter().collect::<Result<Vec<_>>>().map(|found| found.concat())
}

fn dropout(tensors: &mut dyn Tensors, (rows, columns, x, _): Given<'_>) -> Result<Vec<f32>> {
    let mut out = Vec::new();
    for probability in [0.0, 0.3, 0.99] {
        let x = put(tensors, rows, columns, x)?;
        tensors.dropout(x, &Mask::new(0x1234_5678_9abc_def0, probability))?;
        out.extend(tensors.download(x)?);
    }
    Ok(out)
}

pub(super) fn cases(shapes: &[(usize, usize)], kinds: &[Kind]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, kind) in shapes.iter().flat_map(|shape| kinds.iter().map(move |kind| (*shape, *kind))) {
        let (rows, columns) = shape;
        let len = rows * columns;
        for (name, work) in WORKS {
            cases.push(Case::new(format!("{name} {shape:?} {kind:?}"), move |tensors| {
                work(tensors, (rows, columns, &values(kind, 1, len), &values(kind, 2, len)))
            }));
        }
        for op in [Op::Add, Op::Sub, Op::Mul, Op::SignTimes, Op::InverseRoot] {
            cases.push(Case::new(format!("{op:?} {shape:?} {kind:?}"), move |tensors| {
                let (x, y) = (values(kind, 1, len), values(kind, 2, len.max(columns)));
                let mut out = Vec::new();
                // A matrix of the same shape, a row for all, and a value for all.
                for (r, c) in [(rows, columns), (1, columns), (1, 1)] {
                    let a = put(tensors, rows, columns, &x)?;
                    let b = put(tensors, r, c, &y[..r * c])?;
                    tensors.combine(op, a, b)?;
                    out.extend(tensors.download(a)?);
                }
                Ok(out)
            }));
        }
    }
    cases
}
