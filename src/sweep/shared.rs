//! First levels that later chains begin with.

use super::grid::Chain;
use super::record::SweepParameters;
use crate::quantizer::{FirstLevels, Training};
use std::time::Duration;

/// Levels after which a later chain of the same kind, balance and seed branches off.
#[derive(Default)]
pub(super) struct Shared {
    of: Option<SweepParameters>,
    /// The number of levels that labels give, before all others.
    given: usize,
    /// The clusters of such levels, the levels, and the time of their fit.
    levels: Vec<(Vec<usize>, (FirstLevels, Duration))>,
}

impl Shared {
    /// Keeps levels of trainings whose first `given` levels come from labels.
    pub(super) fn after(given: usize) -> Self {
        Self { given, ..Self::default() }
    }

    /// Forgets all levels if `run` has another kind, balance or seed.
    pub(super) fn enter(&mut self, run: &SweepParameters) {
        if !self.of.as_ref().is_some_and(|of| one_family(of, run)) {
            self.levels.clear();
            self.of = Some(run.clone());
        }
    }

    /// Returns the longest of the kept levels with which the run begins.
    pub(super) fn longest(&self, run: &SweepParameters) -> Option<&(FirstLevels, Duration)> {
        let begins = self.levels.iter().filter(|(clusters, _)| run.clusters.starts_with(clusters));
        begins.max_by_key(|(clusters, _)| clusters.len()).map(|(_, levels)| levels)
    }

    /// Keeps the levels that `training` has so far, where one of the chains to come branches off after exactly these.
    pub(super) fn keep(
        &mut self,
        training: &dyn Training,
        run: &SweepParameters,
        later: &[Chain<'_>],
        spent: Duration,
    ) {
        let levels = training.levels().saturating_sub(self.given);
        let branches = |chain: &Chain<'_>| {
            let other = chain.runs.last().filter(|other| one_family(other, run));
            other.is_some_and(|other| common(&run.clusters, &other.clusters) == levels)
        };
        let clusters = run.clusters.get(..levels).unwrap_or_default();
        if later.iter().any(branches) && !self.levels.iter().any(|(known, _)| known == clusters) {
            let levels = training.first_levels().map(|levels| (clusters.to_vec(), (levels, spent)));
            self.levels.extend(levels);
        }
    }
}

fn one_family(a: &SweepParameters, b: &SweepParameters) -> bool {
    (&a.kind, a.balanced, a.frozen, a.seed) == (&b.kind, b.balanced, b.frozen, b.seed)
}

/// Counts the first clusters that are the same.
fn common(a: &[usize], b: &[usize]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
