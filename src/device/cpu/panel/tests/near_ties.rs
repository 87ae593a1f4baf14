//! What the filter proves or leaves open is right, however close the nearest codewords are.

use super::{Numbers, held, panels};
use crate::codebook::Codebook;
use crate::device::NO_CODE;
use crate::device::cpu::assign::{AssignBlock, Knowledge, Scratch, assign_block};
use crate::device::cpu::memory::{Bounds, FromCodes, History, Mark, Remembered, Scale};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::tally::Tally;
use crate::device::cpu::unit::Unit;
use crate::kernel::assign;

/// Rows and codewords at large norms: for every row two codewords on the other side of it, whose squared distances
/// differ by 0, 1, 2 ... and which are nearer than all others. Either may come first.
fn near_ties(numbers: &mut Numbers, rows: usize, dim: usize) -> (Vec<i32>, Codebook) {
    let (mut values, mut codewords) = (Vec::new(), Vec::new());
    for i in 0..rows {
        let row = numbers.fill(0, dim, 22);
        let mut away = numbers.fill(0, dim, 21);
        away.iter_mut().skip(1).step_by(2).take(10).for_each(|value| *value = 0);
        let mut other: Vec<i32> =
            away.iter().map(|value| if numbers.next().is_multiple_of(2) { *value } else { -value }).collect();
        // Every zero that becomes 1 adds 1 to the squared distance.
        other.iter_mut().skip(1).step_by(2).take(i % 9).for_each(|value| *value = 1);
        let mut both = [away, other];
        both.rotate_left(usize::from(numbers.next().is_multiple_of(2)));
        codewords.extend(both.iter().flat_map(|away| row.iter().zip(away).map(|(r, a)| r - a)));
        values.extend(row);
    }
    (values, Codebook::new(codewords, dim))
}

/// Long rows `(h, h)` and short codewords `(a, -a)`, each a rotation of the same `a`: the codewords are equally long,
/// and the huge products cancel but for the component of a row that is some steps off. That alone decides.
fn cancelling(numbers: &mut Numbers, rows: usize, dim: usize) -> (Vec<i32>, Codebook) {
    let mut values = Vec::new();
    for i in 0..rows {
        let first = values.len();
        let half = numbers.fill(0, dim / 2, 23);
        values.extend(half.iter().chain(&half));
        values[first + i % 7] += i as i32 % 5 - 2;
    }
    let mut half = numbers.fill(0, dim / 2, 12);
    let codewords = (0..20).flat_map(|_| {
        half.rotate_left(1);
        half.iter().copied().chain(half.iter().map(|value| -value)).collect::<Vec<_>>()
    });
    (values, Codebook::new(codewords.collect(), dim))
}

pub(super) fn codes_of(
    panel: &Panel,
    rows: &[i32],
    memory: Remembered<'_>,
    codes: &mut [u32],
    history: &History,
) -> Tally {
    let held = held(rows, panel.dim(), panel.unit);
    let block = AssignBlock { first: 0, rows: held.rows(0, codes.len()), codes, memory };
    let (epoch, movements) = (history.next(), &history.movements(panel, |_| true).unwrap());
    let known = Knowledge { panel, epoch, movements, from_codes: &FromCodes::default() };
    assign_block(block, known, &mut Scratch::default())
}

pub(super) fn expected(rows: &[i32], codebook: &Codebook) -> Vec<u32> {
    let mut codes = vec![NO_CODE; rows.len() / codebook.dim()];
    assign::assign(rows, codebook.values(), codebook.dim(), &mut codes);
    codes
}

#[test]
fn near_ties_are_settled_right() {
    for (seed, dim) in [24, 34, 64, 100, 384, 1030].into_iter().enumerate() {
        let mut numbers = Numbers(900 + seed as u64, 0);
        for (rows, codebook) in [near_ties(&mut numbers, 63, dim), cancelling(&mut numbers, 63, dim)] {
            let expected = expected(&rows, &codebook);
            for panel in panels(&codebook) {
                let mut codes = vec![NO_CODE; expected.len()];
                let settled = codes_of(&panel, &rows, Remembered::Nothing, &mut codes, &History::default());
                assert_eq!(codes, expected, "{dim} dimensions, {:?}", panel.unit);
                assert!(settled.undecided > 0);
            }
        }
    }
}

/// The test above can fail, for every unit: a filter that trusts its scores takes the wrong codeword.
#[test]
fn near_ties_go_wrong_without_error_terms() {
    let mut numbers = Numbers(905, 0);
    let mut wrong = vec![false; Unit::all().len()];
    for (rows, codebook) in [near_ties(&mut numbers, 63, 384), cancelling(&mut numbers, 63, 384)] {
        let expected = expected(&rows, &codebook);
        for (panel, wrong) in panels(&codebook).iter_mut().zip(&mut wrong) {
            panel.coefficients.slope.fill(0.0);
            panel.coefficients.tilt.fill(0.0);
            let mut codes = vec![NO_CODE; expected.len()];
            codes_of(panel, &rows, Remembered::Nothing, &mut codes, &History::default());
            *wrong |= codes != expected;
        }
    }
    assert!(wrong.iter().all(|wrong| *wrong), "{wrong:?}");
}

/// What is remembered with one unit: lists, or bounds where there are any.
struct State {
    marks: Vec<Mark>,
    scales: Vec<Scale>,
    bounds: Vec<u16>,
    codes: Vec<u32>,
    history: History,
}

impl State {
    fn new(rows: usize, clusters: usize, lists: bool) -> Self {
        let (marks, codes, history) = (vec![Mark::UNKNOWN; rows], vec![NO_CODE; rows], History::default());
        let bounds = if lists { Vec::new() } else { vec![0; rows * clusters] };
        Self { marks, scales: vec![Scale::UNKNOWN; rows], bounds, codes, history }
    }

    /// Assigns the rows, and returns how many were not measured.
    fn assign(&mut self, panel: &Panel, rows: &[i32]) -> usize {
        let Self { marks, scales, bounds, codes, history } = self;
        let epochs: Vec<u32> = match bounds.is_empty() {
            true => {
                codes_of(panel, rows, Remembered::Lists(marks), codes, history);
                marks.iter().map(|mark| mark.epoch).collect()
            }
            false => {
                codes_of(panel, rows, Remembered::Bounds(Bounds { marks: scales, bounds }), codes, history);
                scales.iter().map(|scale| scale.epoch).collect()
            }
        };
        let now = history.next();
        history.push(panel);
        epochs.into_iter().filter(|epoch| *epoch < now).count()
    }
}

/// Codewords that move little by little, with what is remembered in between.
#[test]
fn memory_between_assignments_is_right_for_every_unit() {
    let mut skipped = [0, 0];
    for (kinds, dim) in [(0, 40), (1, 100), (2, 130)] {
        let mut numbers = Numbers(kinds, 0);
        let (rows, mut codebook) = near_ties(&mut numbers, 48, dim);
        let new = |_| [false, true].map(|lists| State::new(48, codebook.clusters(), lists));
        let mut states: Vec<[State; 2]> = Unit::all().iter().map(new).collect();
        for step in 0..12 {
            let expected = expected(&rows, &codebook);
            for (panel, states) in panels(&codebook).into_iter().zip(&mut states) {
                for (state, skipped) in states.iter_mut().zip(&mut skipped) {
                    *skipped += state.assign(&panel, &rows);
                    assert_eq!(state.codes, expected, "step {step}, {:?}", panel.unit);
                }
            }
            let size = [1, 1000, 40, 0, 1 << 16][step % 5];
            let mut values = codebook.values().to_vec();
            values.iter_mut().for_each(|value| *value = (*value + numbers.up_to(size)).clamp(-(1 << 23), 1 << 23));
            values.iter_mut().skip(step * dim).take(2 * dim).for_each(|value| *value /= 2);
            codebook = Codebook::new(values, dim);
        }
    }
    assert!(skipped.iter().all(|skipped| *skipped > 100), "{skipped:?} rows were not measured");
}
