//! Levels that runs have in common.

use super::{DIM, branching, place, values};
use crate::sweep::{Sweep, SweepRecord, SweepStage};
use crate::{Device, Matrix, RqKMeans};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Fits of every level, counted by their first iterations, and the lines.
fn fits(sweep: &Sweep) -> (Vec<usize>, Vec<SweepRecord>) {
    let (_folder, path) = place();
    let (values, mut counts) = (values(), BTreeMap::new());
    let rows = Matrix::new(&values, DIM).unwrap();
    let records = sweep.run_with(&rows, &Device::cpu(), &path, |progress| {
        if let SweepStage::Train(fit) = progress.stage
            && fit.done == 1
        {
            *counts.entry(fit.number).or_insert(0) += 1;
        }
        ControlFlow::Continue(())
    });
    (counts.into_values().collect(), records.unwrap())
}

#[test]
fn levels_that_runs_share_are_fitted_once() {
    let sweep = branching().kinds([RqKMeans::new(1, 1).into()]);
    // Of 2 seeds: first clusters 4 and 8; then 4-12, 8-5 and 8-2; then all five lists.
    let (counts, records) = fits(&sweep);
    assert_eq!(counts, [4, 6, 10]);
    // What was fitted for another run counts as if it had been fitted for this one.
    for record in records.iter().filter(|record| record.parameters.levels > 1) {
        let of = &record.parameters;
        let before = |other: &&SweepRecord| {
            let other = &other.parameters;
            other.seed == of.seed && other.levels + 1 == of.levels && of.clusters.starts_with(&other.clusters)
        };
        assert!(record.seconds.fit > records.iter().find(before).unwrap().seconds.fit, "{of:?}");
    }
    // Also where no run has just the levels that are shared, and for each balance apart.
    let deep = Sweep::new([3], [[8, 5, 3], [4, 4, 4], [8, 5, 4], [8, 2, 2]]).balanced([false, true]);
    assert_eq!(fits(&deep.evaluation(sweep.evaluation.clone())).0, [4, 6, 8]);
}
