//! Assignment of rows that remember a bound of their distance to each codeword.

use super::AssignInputs;
use crate::clock::Instant;
use crate::device::NO_CODE;
use crate::device::cpu::exact::{approximate_squared_distance, relative_error, squared_distance};
use crate::device::cpu::memory::{Bounds, Scale};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::tally::Tally;
use pulp::Simd;

/// Most codewords that a row is compared with one by one.
const CANDIDATES: usize = 14;

impl AssignInputs<'_, '_> {
    /// Assigns rows of which some were measured before the codewords moved; the others are measured now.
    ///
    /// # Exactness
    /// A codeword is skipped where a lower bound of its distance exceeds an upper bound of the own one: it is farther,
    /// not even tied. Rows for which too many are left go through their scores against all codewords.
    #[inline(always)]
    pub(super) fn bounded<S: Simd>(mut self, simd: S, mut memory: Bounds<'_>) -> Tally {
        let mut tally = Tally::default();
        let start = Instant::now();
        let Self { rows, codes, panel, movements, scratch, .. } = &mut self;
        scratch.open.clear();
        let known = codes.iter_mut().zip(&*memory.marks).zip(memory.bounds.chunks_exact(panel.clusters()));
        for (i, ((code, mark), bounds)) in known.enumerate() {
            // No closure: it would not be compiled for the vectors that this function is compiled for.
            let label = match movements.since(mark.epoch) {
                Some(moved) if *code != NO_CODE => {
                    update_row(simd, rows.row(i), *code, *mark, (bounds, &moved.each), panel)
                }
                _ => None,
            };
            match label {
                Some(label) => {
                    tally.give(code, label);
                    tally.listed += 1;
                }
                None => scratch.open.push(i),
            }
        }
        tally.listing += start.elapsed();
        self.measure(simd, &mut memory, &mut tally);
        tally
    }
}

/// Finds the code of a row among the codewords that its bounds leave open, or `None` where these are too many.
#[inline(always)]
fn update_row<S: Simd>(
    simd: S,
    row: &[f32],
    code: u32,
    mark: Scale,
    (bounds, movements): (&[u16], &[f32]),
    panel: &Panel,
) -> Option<u32> {
    let error = relative_error(panel.dim());
    let own = approximate_squared_distance(simd, row, panel.codeword(code as usize));
    // Half of `error` for the root, and more than the roundings of this line and of `each_within`.
    let limit = own.sqrt() * (1.0 + error);
    let (mut candidates, mut count) = ([0_u32; CANDIDATES], 0);
    mark.each_within(bounds, movements, limit, |k| {
        if k as u32 != code {
            if let Some(place) = candidates.get_mut(count) {
                *place = k as u32;
            }
            count += 1;
        }
    });
    if count > CANDIDATES {
        return None;
    }
    // A codeword beyond it is two errors farther.
    let limit = own * (1.0 + 3.0 * error);
    let mut best = None;
    for k in candidates.into_iter().take(count) {
        let codeword = panel.codeword(k as usize);
        if approximate_squared_distance(simd, row, codeword) <= limit {
            let own = || (squared_distance(row, panel.codeword(code as usize)), code);
            best = Some(best.unwrap_or_else(own).min((squared_distance(row, codeword), k)));
        }
    }
    Some(best.map_or(code, |(_, label)| label))
}
