//! Codewords of past assignments, and how far they have moved since.

use super::bounds::up;
use super::panel::Panel;
use rayon::prelude::*;
use std::collections::VecDeque;

/// Most assignments remembered, and the most values of all their codewords: 32 MiB.
const EPOCHS: usize = 32;
const VALUES: usize = 1 << 23;

/// Codewords (K, D) of the last assignments, numbered in order.
#[derive(Default)]
pub(super) struct History {
    first: u32,
    codewords: VecDeque<Vec<f32>>,
}

impl History {
    /// The number of the next assignment.
    pub(super) fn next(&self) -> u32 {
        self.first.saturating_add(self.codewords.len() as u32)
    }

    pub(super) fn push(&mut self, panel: &Panel) {
        self.codewords.push_back(panel.values.clone());
        while self.codewords.len() > (VALUES / panel.values.len().max(1)).clamp(1, EPOCHS) {
            self.codewords.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// How far the codewords of `panel` are from those of every assignment remembered, rounded up.
    pub(super) fn movements(&self, panel: &Panel) -> Movements {
        let since = |before: &Vec<f32>| match before.len() == panel.values.len() {
            true => movements(before, panel),
            false => Vec::new(),
        };
        Movements { first: self.first, since: self.codewords.par_iter().map(since).collect() }
    }
}

/// Movements of the codewords (K) in grid steps, for every assignment remembered.
pub(super) struct Movements {
    first: u32,
    since: Vec<Vec<f32>>,
}

impl Movements {
    /// Movements since the assignment number `epoch`, if that is known.
    #[inline(always)]
    pub(super) fn since(&self, epoch: u32) -> Option<&[f32]> {
        let index = epoch.checked_sub(self.first)?;
        self.since.get(index as usize).map(Vec::as_slice)
    }

    /// Median movement since the last assignment.
    pub(super) fn typical(&self) -> Option<f32> {
        let mut last = self.since.last().filter(|last| !last.is_empty())?.clone();
        let middle = last.len() / 2;
        Some(*last.select_nth_unstable_by(middle, f32::total_cmp).1)
    }
}

fn movements(before: &[f32], after: &Panel) -> Vec<f32> {
    let pairs = before.chunks_exact(after.dim()).zip(after.values.chunks_exact(after.dim()));
    let movement = |(a, b): (&[f32], &[f32])| {
        let square: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        // 1e-12 covers the rounding of a sum of up to 8,192 terms.
        up(square.sqrt() * (1.0 + 1e-12))
    };
    pairs.map(movement).collect()
}
