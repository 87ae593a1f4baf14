//! What the filter did: for benches and for people who tune it.

use super::panel::Panel;
use crate::clock::Instant;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts of one or more assignments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Rows whose code changed.
    pub(super) changed: u64,
    /// Rows whose scores against all codewords were computed, and the products of components that these took.
    pub(super) scored: u64,
    pub(super) products: u64,
    /// Rows whose scores left several codewords open, and how many codewords the scores of all rows left open in all.
    pub(super) undecided: u64,
    pub(super) candidates: u64,
    /// Rows whose code a few codewords decided.
    pub(super) listed: u64,
    /// Time of all threads together: for scores, for comparing rows with what they list, and for all of it.
    pub(super) scoring: Duration,
    pub(super) listing: Duration,
    pub(super) assigning: Duration,
}

impl Tally {
    /// Counts scores of `rows` rows against all codewords of a panel, which took as long as it is since `start`.
    #[inline(always)]
    pub(super) fn add_scores(&mut self, rows: usize, panel: &Panel, start: Instant) {
        self.products += (rows * panel.clusters() * panel.dim()) as u64;
        self.scoring += start.elapsed();
    }

    /// Counts a row whose scores against all codewords left `candidates` of these open.
    #[inline(always)]
    pub(super) fn add_row(&mut self, candidates: u64) {
        self.scored += 1;
        self.undecided += u64::from(candidates > 1);
        self.candidates += candidates;
    }

    /// Gives a row its code, and counts the row if it had another one.
    #[inline(always)]
    pub(super) fn give(&mut self, code: &mut u32, nearest: u32) {
        self.changed += u64::from(std::mem::replace(code, nearest) != nearest);
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            changed: self.changed + other.changed,
            scored: self.scored + other.scored,
            products: self.products + other.products,
            undecided: self.undecided + other.undecided,
            candidates: self.candidates + other.candidates,
            listed: self.listed + other.listed,
            scoring: self.scoring + other.scoring,
            listing: self.listing + other.listing,
            assigning: self.assigning + other.assigning,
        }
    }
}

/// The counts of all tables of a device.
#[derive(Default)]
pub(super) struct Tallies(Mutex<Tally>);

impl Tallies {
    pub(super) fn add(&self, tally: Tally) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all = all.plus(tally);
    }

    /// The counts since the last call.
    pub(super) fn take(&self) -> Tally {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
