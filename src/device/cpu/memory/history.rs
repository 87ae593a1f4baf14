//! Codewords of past assignments, and how far they have moved since.

use super::Subset;
use crate::device::cpu::bounds::GROUP;
use crate::device::cpu::exact::distance_at_most;
use crate::device::cpu::panel::Panel;
use crate::error::Result;
use rayon::prelude::*;
use std::collections::VecDeque;

/// Most assignments remembered, and the most values of all their codewords: 32 MiB.
pub(super) const EPOCHS: usize = 32;
const VALUES: usize = 1 << 23;

/// Codewords (K, D) of the last assignments, numbered in order.
#[derive(Default)]
pub(in crate::device::cpu) struct History {
    first: u32,
    codewords: VecDeque<Vec<f32>>,
}

impl History {
    /// The number of the next assignment.
    pub(in crate::device::cpu) fn next(&self) -> u32 {
        self.first.saturating_add(self.codewords.len() as u32)
    }

    pub(in crate::device::cpu) fn push(&mut self, panel: &Panel) {
        self.codewords.push_back(panel.values.clone());
        while self.codewords.len() > (VALUES / panel.values.len().max(1)).clamp(1, EPOCHS) {
            self.codewords.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// The codewords of the last assignment.
    pub(super) fn last(&self) -> Option<&[f32]> {
        self.codewords.back().map(|codewords| &codewords[..])
    }

    /// Returns how the codewords of `panel` differ from those of the remembered assignments that are `live`.
    pub(in crate::device::cpu) fn movements(
        &self,
        panel: &Panel,
        live: impl Fn(u32) -> bool + Sync,
    ) -> Result<Movements> {
        let since = |(before, epoch): (&Vec<f32>, u32)| match before.len() == panel.values.len() && live(epoch) {
            true => Moved::new(movements(before, panel), panel).map(Some),
            false => Ok(None),
        };
        let numbered: Vec<(&Vec<f32>, u32)> = self.codewords.iter().zip(self.first..).collect();
        let since = numbered.into_par_iter().map(since).collect::<Result<_>>()?;
        Ok(Movements { first: self.first, since })
    }

    /// Median movement of the codewords since the last assignment.
    pub(in crate::device::cpu) fn typical(&self, panel: &Panel) -> Option<f32> {
        let before = self.codewords.back().filter(|before| before.len() == panel.values.len())?;
        let mut last = movements(before, panel);
        let middle = last.len() / 2;
        Some(*last.select_nth_unstable_by(middle, f32::total_cmp).1)
    }
}

/// What is known of the movements since every assignment remembered.
#[derive(Default)]
pub(in crate::device::cpu) struct Movements {
    first: u32,
    since: Vec<Option<Moved>>,
}

/// How codewords have moved since an assignment.
pub(in crate::device::cpu) struct Moved {
    /// How far each of them moved (K).
    pub(in crate::device::cpu) each: Vec<f32>,
    /// The codewords that moved farthest, an eighth of all: what was known of their distances tells little.
    pub(in crate::device::cpu) far: Subset,
    /// How far all others moved at most.
    pub(in crate::device::cpu) others: f32,
}

impl Moved {
    fn new(movements: Vec<f32>, panel: &Panel) -> Result<Self> {
        let mut order: Vec<u32> = (0..movements.len() as u32).collect();
        let movement = |k: &u32| movements.get(*k as usize).copied().unwrap_or(f32::INFINITY);
        let count = movements.len().div_ceil(8).next_multiple_of(GROUP).min(movements.len());
        let mut others = 0.0;
        if count < movements.len() {
            let (_, next, _) = order.select_nth_unstable_by(count, |a, b| movement(b).total_cmp(&movement(a)));
            others = movement(next);
        }
        order.truncate(count);
        order.sort_unstable();
        Ok(Self { each: movements, far: Subset::of(panel, order)?, others })
    }
}

impl Movements {
    /// Movements since the assignment number `epoch`, if they are known.
    #[inline(always)]
    pub(in crate::device::cpu) fn since(&self, epoch: u32) -> Option<&Moved> {
        let index = epoch.checked_sub(self.first)?;
        self.since.get(index as usize)?.as_ref()
    }
}

/// Returns how far every codeword moved, rounded up.
fn movements(before: &[f32], after: &Panel) -> Vec<f32> {
    let mut movements = vec![0.0; after.clusters()];
    after.unit.run(RememberedDistances { before, after, out: &mut movements });
    movements
}

struct RememberedDistances<'a> {
    before: &'a [f32],
    after: &'a Panel,
    out: &'a mut [f32],
}

impl pulp::WithSimd for RememberedDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let dim = self.after.dim();
        let pairs = self.before.chunks_exact(dim).zip(self.after.values.chunks_exact(dim));
        pairs.zip(self.out).for_each(|((before, after), out)| *out = distance_at_most(before, after));
    }
}
