//! Matrix products.

use super::values::{Kind, values};
use super::{Case, put};
use crate::device::tensors::Tensors;
use crate::error::Result;
use crate::kernel::matmul::{MAX_TERMS, Product};
use crate::kernel::scaled::Width;

/// (m, n, k) around every tile, of vectors and of terms.
pub(super) const SHAPES: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (6, 16, 2),
    (7, 17, 3),
    (2, 63, 4),
    (64, 1, 5),
    (5, 64, 31),
    (63, 6, 32),
    (65, 65, 33),
    (5, 33, 64),
    (129, 3, 65),
    (1, 130, 127),
    (13, 15, 511),
    (50, 31, 1030),
    (49, 18, 129),
];

type Shape = (usize, usize, usize);

fn product(
    tensors: &mut dyn Tensors,
    (product, width): (Product, Width),
    (m, n, k): Shape,
    [a, b]: [&[f32]; 2],
) -> Result<Vec<f32>> {
    let (shape_a, shape_b) = match product {
        Product::Forward => ((m, k), (n, k)),
        Product::Input => ((m, k), (k, n)),
        Product::Weight => ((k, m), (k, n)),
    };
    let a = put(tensors, shape_a.0, shape_a.1, a)?;
    let b = put(tensors, shape_b.0, shape_b.1, b)?;
    let out = tensors.create(m, n)?;
    tensors.matmul(product, width, a, b, out)?;
    tensors.download(out)
}

/// Every product and width of every shape, on values of `some` kinds, all of which take their turn.
pub(super) fn cases(shapes: &[Shape], kinds: &[Kind], some: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut kinds = kinds.iter().cycle();
    for shape in shapes {
        for which in [Product::Forward, Product::Input, Product::Weight] {
            for width in [Width::Bits8, Width::Bits16] {
                for kind in kinds.by_ref().take(some) {
                    let (shape, kind) = (*shape, *kind);
                    cases.push(Case::new(format!("{which:?} {width:?} {shape:?} {kind:?}"), move |tensors| {
                        let (m, n, k) = shape;
                        let (a, b) = (values(kind, k as u64, m * k), values(kind, 99 + k as u64, n * k));
                        product(tensors, (which, width), shape, [&a, &b])
                    }));
                }
            }
        }
    }
    cases
}

/// Many terms, all as far from zero as they can be: as many as there may be where a sum of digits comes closest to
/// 2^31.
pub(super) fn limits() -> Vec<Case> {
    let signs = [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]];
    let some = signs.iter().flat_map(|signs| [(Width::Bits8, 1025, *signs), (Width::Bits16, 513, *signs)]);
    let case = |(width, k, signs): (Width, usize, [f32; 2])| {
        Case::new(format!("{width:?}, {k} terms, {signs:?}"), move |tensors| {
            let [a, b] = signs.map(|sign| vec![sign * 1.999_999_9; k]);
            product(tensors, (Product::Forward, width), (1, 1, k), [&a, &b])
        })
    };
    some.chain([(Width::Bits16, MAX_TERMS, [-1.0, -1.0])]).map(case).collect()
}
