//! Matrices of networks on every engine against the scalar kernels, bit for bit.

mod products;
mod quantizer;
mod steps;
mod values;

use super::{Tensor, Tensors};
use crate::clock::Instant;
use crate::device::Engine;
use crate::device::tests::{check_engines, has_narrow_tiles, reference};
use crate::error::Result;
use values::Kind;

/// What is done with matrices, and the values that come of it.
type Work = dyn Fn(&mut dyn Tensors) -> Result<Vec<f32>> + Send + Sync;

/// Something that a kernel is asked to do.
pub(in crate::device) struct Case {
    name: String,
    work: Box<Work>,
}

impl Case {
    fn new(name: String, work: impl Fn(&mut dyn Tensors) -> Result<Vec<f32>> + Send + Sync + 'static) -> Self {
        Self { name, work: Box::new(work) }
    }

    fn outcome(&self, engine: &dyn Engine) -> Result<Vec<u32>> {
        let mut tensors = engine.tensors()?;
        Ok((self.work)(&mut *tensors)?.into_iter().map(f32::to_bits).collect())
    }
}

/// Cases with the bits that they have to give.
pub(in crate::device) struct Expected(Vec<(Case, Vec<u32>)>);

impl Expected {
    pub(in crate::device) fn new(cases: Vec<Case>) -> Self {
        let outcome = |case: &Case| case.outcome(&reference()).expect("the reference does not fail");
        Self(cases.into_iter().map(|case| (outcome(&case), case)).map(|(bits, case)| (case, bits)).collect())
    }

    /// Cases that an engine gets wrong, each with the first difference.
    fn wrong(&self, engine: &dyn Engine) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(move |(case, expected)| {
            let found = case.outcome(engine).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            difference(expected, &found).map(|what| format!("{}: {what}", case.name))
        })
    }

    pub(in crate::device) fn differences(&self, engine: &dyn Engine) -> Vec<String> {
        self.wrong(engine).collect()
    }

    #[cfg(feature = "gpu")]
    pub(in crate::device) fn first_difference(&self, engine: &dyn Engine) -> Option<String> {
        self.wrong(engine).next()
    }
}

fn difference(expected: &[u32], found: &[u32]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} values, not {}", found.len(), expected.len()));
    }
    let at = expected.iter().zip(found).position(|(expected, found)| expected != found)?;
    Some(format!("value {at} is {:#010x}, not {:#010x}", found[at], expected[at]))
}

fn put(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Result<Tensor> {
    let tensor = tensors.create(rows, columns)?;
    tensors.upload(tensor, values)?;
    Ok(tensor)
}

/// Everything, small and quick.
pub(in crate::device) fn few_cases() -> Vec<Case> {
    let shapes = [(65, 130, 67), (3, 1, 200)];
    let kinds = [Kind::Orders(12), Kind::Wild, Kind::Ties];
    let quantizer = quantizer::cases(&[(70, 5, &[9, 4])]);
    let coded = quantizer::coded(&[(70, 5, &[9, 4]), (300, 1, &[5, 300])]);
    let steps = steps::cases(&[(37, 67)], &kinds);
    [steps, products::cases(&shapes, &kinds, 2), quantizer, coded].into_iter().flatten().collect()
}

#[test]
fn every_engine_gives_the_bits_of_the_reference() {
    let products = products::cases(&products::SHAPES, &values::KINDS, 2);
    // All kinds of values on one shape, and some on others.
    let steps = steps::cases(&[(103, 67)], &values::KINDS);
    let others = steps::cases(&[(1, 1), (0, 5), (2, 1000), (1000, 2), (16, 16), (17, 15)], &[Kind::Wild]);
    let quantizer = [quantizer::cases(&quantizer::SHAPES), quantizer::coded(&quantizer::CODED)].into_iter().flatten();
    let cases = [products, products::limits(), steps, others, quantizer.collect()];
    let expected = Expected::new(cases.into_iter().flatten().collect());
    check_engines(|engine| {
        let (info, start) = (engine.info(), Instant::now());
        // Networks have no tiles to choose.
        if has_narrow_tiles(engine) {
            return;
        }
        assert_eq!(expected.differences(engine), Vec::<String>::new(), "{}", info.description);
        println!("{} {}: {} cases, {:.1?}", info.name, info.description, expected.0.len(), start.elapsed());
    });
}

/// The harness itself: a single bit, in any result, must be found.
#[test]
fn a_planted_bit_is_found() {
    let mut expected = Expected::new(few_cases());
    for (case, bits) in &mut expected.0 {
        assert_eq!(difference(bits, &bits.clone()), None, "{}", case.name);
        for at in [0, bits.len() / 2, bits.len() - 1] {
            let mut found = bits.clone();
            found[at] ^= 1;
            assert!(difference(bits, &found).is_some_and(|what| what.starts_with(&format!("value {at} "))));
        }
        assert!(difference(bits, &bits[1..]).is_some());
        let middle = bits.len() / 2;
        bits[middle] ^= 1;
    }
    assert_eq!(expected.differences(&reference()).len(), expected.0.len());
}
