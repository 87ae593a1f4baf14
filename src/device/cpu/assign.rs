//! Assignment of a block of rows: all of them against all codewords, or only what movements leave open.

use super::exact::{squared_distance, squared_length};
use super::near::{NEAR, Near, distance};
use super::panel::{Panel, down, up};
use super::plan::{MOVERS, Plan};
use super::scores::Scores;
use super::select::nearest;
use crate::device::Assigned;
use crate::device::reference::NO_CODE;

/// Rows of one block with what is known about them.
pub(super) struct Block<'a> {
    pub(super) rows: &'a [f32],
    /// Upper bounds of the rows' lengths.
    pub(super) lengths: &'a [f32],
    pub(super) codes: &'a mut [u32],
    /// Empty where nothing is remembered.
    pub(super) near: &'a mut [Near],
}

/// Codewords that moved since the codes of a block were proved.
pub(super) struct Moved<'a> {
    pub(super) panel: &'a Panel,
    pub(super) plan: &'a Plan,
    /// The codewords that moved most; rows are measured against them directly.
    pub(super) movers: &'a Panel,
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    scores: Scores,
    open: Vec<usize>,
    rows: Vec<f32>,
    lengths: Vec<f32>,
}

/// [`assign_all`] or, with movements, [`assign_moved`], as one operation compiled for this processor's vectors.
pub(super) struct Assign<'a, 'b> {
    pub(super) block: Block<'a>,
    pub(super) panel: &'b Panel,
    pub(super) moved: Option<&'b Moved<'b>>,
    pub(super) scratch: &'b mut Scratch,
}

impl pulp::WithSimd for Assign<'_, '_> {
    type Output = Assigned;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Assigned {
        match self.moved {
            Some(moved) => assign_moved(self.block, moved, self.scratch),
            None => assign_all(self.block, self.panel, self.scratch),
        }
    }
}

/// Assigns every row by its scores against all codewords, and remembers what is near if asked to.
#[inline(always)]
fn assign_all(block: Block<'_>, panel: &Panel, scratch: &mut Scratch) -> Assigned {
    scratch.scores.compute(block.rows, block.lengths, panel);
    let scores = scratch.scores.lower.chunks_exact(panel.clusters()).zip(&scratch.scores.errors);
    let mut assigned = Assigned::default();
    let rows = block.rows.chunks_exact(panel.dim()).zip(block.lengths).zip(block.codes).enumerate();
    for ((i, ((row, length), code)), (scores, error)) in rows.zip(scores) {
        let near = block.near.get_mut(i);
        assigned = assigned.plus(assign_row(row, (*length, *error), scores, panel, code, near));
    }
    assigned
}

/// Assigns one row by its scores against all codewords, and remembers what is near if there is a place for it.
#[inline(always)]
fn assign_row(
    row: &[f32],
    (length, error): (f32, f32),
    scores: &[f32],
    panel: &Panel,
    code: &mut u32,
    near: Option<&mut Near>,
) -> Assigned {
    let (label, settled) = nearest(scores, row, length, error, panel);
    let changed = std::mem::replace(code, label) != label;
    if let Some(near) = near {
        *near = Near::from_scores(scores, squared_length(row));
    }
    Assigned { changed: u64::from(changed), settled: u64::from(settled) }
}

/// Assigns rows whose codes were proved for the codewords before they moved.
///
/// # Exactness
/// A row's own distance is computed exactly. Every other codeword is either skipped, because a lower bound of its
/// distance exceeds an upper bound of the own one (then it is farther, not even tied), or its distance is computed
/// exactly too and decides, the lowest index on a tie. Rows for which that would be too many go through
/// [`assign_all`].
#[inline(always)]
fn assign_moved(block: Block<'_>, moved: &Moved<'_>, scratch: &mut Scratch) -> Assigned {
    let panel = moved.panel;
    let dim = panel.dim();
    let mut assigned = Assigned::default();
    scratch.open.clear();
    scratch.scores.compute(block.rows, block.lengths, moved.movers);
    let movers = moved.movers.clusters();
    let rows = block.rows.chunks_exact(dim).zip(&mut *block.codes).zip(&mut *block.near).enumerate();
    for (i, ((row, code), near)) in rows {
        let scores = scratch.scores.lower.get(i * movers..(i + 1) * movers).unwrap_or_default();
        let label = if *code == NO_CODE { None } else { update_row(row, *code, near, scores, moved) };
        match label {
            Some(label) => {
                assigned.changed += u64::from(*code != label);
                *code = label;
            }
            None => scratch.open.push(i),
        }
    }
    assigned.plus(assign_open(block, panel, scratch))
}

/// Brings a row's memory up to date and finds its code, or `None` where codewords beyond its memory might be nearer.
#[inline(always)]
fn update_row(row: &[f32], code: u32, near: &mut Near, scores: &[f32], moved: &Moved<'_>) -> Option<u32> {
    let own = squared_distance(row, moved.panel.codeword(code as usize));
    let own_up = up((own as f64).sqrt());
    let mut fresh = [f32::INFINITY; MOVERS];
    let square = squared_length(row);
    for (fresh, score) in fresh.iter_mut().zip(scores) {
        *fresh = distance(*score, square);
    }
    if let Some(own) = fresh.get_mut(moved.plan.mover(code)) {
        *own = f32::INFINITY;
    }
    let mut rest = shrink(near.rest, moved.plan.most);
    let mut to_measure = [(u32::MAX, usize::MAX); NEAR];
    let mut count = 0;
    for j in 0..NEAR {
        let k = u32::from(near.codes[j]);
        let Some(movement) = moved.plan.movements.get(k as usize) else { continue };
        near.bounds[j] = match fresh.get_mut(moved.plan.mover(k)) {
            Some(fresh) => std::mem::replace(fresh, f32::INFINITY),
            None => shrink(near.bounds[j], *movement),
        };
        if k == code {
            near.bounds[j] = down((own as f64).sqrt());
        } else if near.bounds[j] <= own_up {
            to_measure[count] = (k, j);
            count += 1;
        }
    }
    // What is left in `fresh` are movers that the row does not list.
    let unlisted = fresh.iter().fold(f32::INFINITY, |low, fresh| if *fresh < low { *fresh } else { low });
    rest = if unlisted < rest { unlisted } else { rest };
    near.rest = rest;
    if rest <= own_up {
        return None;
    }
    let mut best = (own, code);
    for (k, j) in to_measure.into_iter().take(count) {
        let measured = squared_distance(row, moved.panel.codeword(k as usize));
        near.bounds[j] = down((measured as f64).sqrt());
        best = best.min((measured, k));
    }
    if best.1 != code && !near.codes.iter().any(|listed| u32::from(*listed) == code) {
        near.rest = near.rest.min(down((own as f64).sqrt()));
    }
    Some(best.1)
}

/// A lower bound after its codeword moved.
#[inline(always)]
fn shrink(bound: f32, movement: f32) -> f32 {
    // The factor covers the rounding of the subtraction.
    ((bound - movement) * (1.0 - 3e-7)).max(0.0)
}

/// Gathers the open rows and assigns them by their scores against all codewords.
#[inline(always)]
fn assign_open(block: Block<'_>, panel: &Panel, scratch: &mut Scratch) -> Assigned {
    let dim = panel.dim();
    scratch.rows.clear();
    scratch.lengths.clear();
    for i in &scratch.open {
        scratch.rows.extend_from_slice(block.rows.chunks_exact(dim).nth(*i).unwrap_or_default());
        scratch.lengths.extend(block.lengths.get(*i));
    }
    scratch.scores.compute(&scratch.rows, &scratch.lengths, panel);
    let scores = scratch.scores.lower.chunks_exact(panel.clusters()).zip(&scratch.scores.errors);
    let mut assigned = Assigned::default();
    let rows = scratch.rows.chunks_exact(dim).zip(&scratch.lengths).zip(scores);
    for (i, ((row, length), (scores, error))) in scratch.open.iter().zip(rows) {
        let Some(code) = block.codes.get_mut(*i) else { continue };
        let near = block.near.get_mut(*i);
        assigned = assigned.plus(assign_row(row, (*length, *error), scores, panel, code, near));
    }
    assigned
}
