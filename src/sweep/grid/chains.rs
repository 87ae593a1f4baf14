//! Which runs a grid has, and which of them share a fit.

use super::Sweep;
use crate::MAX_LEVELS;
use crate::clusters::Clusters;
use crate::error::{Error, ErrorKind, Result};
use crate::quantizer::{Parameters, TrainOption, Trainer};
use crate::sweep::record::SweepParameters;
use crate::sweep::settings::settings_of;
use std::collections::HashSet;
use std::sync::Arc;

/// Runs that take their levels from one fit, the shortest first.
pub(in crate::sweep) struct Chain<'a> {
    pub(in crate::sweep) kind: &'a Parameters,
    pub(in crate::sweep) runs: Vec<SweepParameters>,
}

/// Returns all runs in their order, each with its kind.
pub(in crate::sweep) fn runs_of<'a>(
    chains: &'a [Chain<'_>],
) -> impl Iterator<Item = (&'a Parameters, &'a SweepParameters)> {
    chains.iter().flat_map(|chain| chain.runs.iter().map(|run| (chain.kind, run)))
}

impl Sweep {
    /// Lists the parameters of all runs, each once, in the order in which they are fitted.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a grid without runs, [`ErrorKind::ClustersPerLevel`] for a list that is too short.
    pub fn runs(&self) -> Result<Vec<SweepParameters>> {
        Ok(self.chains()?.into_iter().flat_map(|chain| chain.runs).collect())
    }

    pub(in crate::sweep) fn chains(&self) -> Result<Vec<Chain<'_>>> {
        self.check_lists()?;
        let mut known = HashSet::new();
        let mut chains: Vec<Chain<'_>> = Vec::new();
        for seed in &self.seeds {
            for kind in &self.kinds {
                let balanced: &[bool] = match kind.takes(TrainOption::Balance) {
                    true => &self.balanced,
                    false => &[false],
                };
                let frozen: &[usize] = match kind.takes(TrainOption::FreezeLevels) {
                    true => &self.frozen,
                    false => &[0],
                };
                let grid = balanced.iter().flat_map(|balanced| {
                    frozen.iter().flat_map(move |frozen| self.clusters.iter().map(move |c| (*balanced, *frozen, c)))
                });
                for (balanced, frozen, clusters) in grid {
                    let run = |levels: &usize| {
                        let (kind, levels) = (kind.kind().to_owned(), *levels);
                        let clusters = clusters_of(clusters, levels)?;
                        Ok::<_, Error>(SweepParameters { kind, levels, clusters, balanced, seed: *seed, frozen })
                    };
                    let mut runs = self.levels.iter().map(run).collect::<Result<Vec<_>>>()?;
                    runs.retain(|run| known.insert(run.clone()));
                    match kind.levels_stand_alone() && self.inputs.warm_start.is_none() {
                        true => chains.push(Chain { kind, runs }),
                        false => chains.extend(runs.into_iter().map(|run| Chain { kind, runs: vec![run] })),
                    }
                }
            }
        }
        chains.retain(|chain| !chain.runs.is_empty());
        Ok(chains)
    }

    fn check_lists(&self) -> Result<()> {
        let lists = [
            ("levels", self.levels.is_empty()),
            ("clusters", self.clusters.is_empty()),
            ("kinds", self.kinds.is_empty()),
            ("balanced", self.balanced.is_empty()),
            ("seeds", self.seeds.is_empty()),
            ("freeze_levels", self.frozen.is_empty()),
        ];
        if let Some((name, _)) = lists.into_iter().find(|(_, empty)| *empty) {
            return Err(Error::parameter(name, "[]", "give at least one value"));
        }
        if let Some(levels) = self.levels.iter().find(|levels| **levels > MAX_LEVELS) {
            return Err(Error::parameter("levels", levels, format!("must be at most {MAX_LEVELS}")));
        }
        let like = |a: &Parameters, b: &Parameters| Ok::<_, Error>(settings_of(a)? == settings_of(b)?);
        let mut again = None;
        for (i, kind) in self.kinds.iter().enumerate() {
            for other in self.kinds.iter().take(i).filter(|other| other.kind() == kind.kind()) {
                again = again.or((!like(kind, other)?).then_some(kind));
            }
        }
        match again {
            Some(kind) => {
                let expected = "must have different names; give kinds with other parameters to another sweep";
                Err(Error::parameter("kinds", format!("several {}", kind.kind()), expected))
            }
            None => Ok(()),
        }
    }
}

impl SweepParameters {
    /// Makes the trainer of this run; it has the parameters of `kind` that the run does not set.
    pub(in crate::sweep) fn trainer(&self, kind: &Parameters) -> Arc<dyn Trainer> {
        kind.variant(&self.clusters, self.seed, self.balanced)
    }
}

/// Returns the clusters of every level of a model with `levels` levels.
fn clusters_of(clusters: &Clusters, levels: usize) -> Result<Vec<usize>> {
    match clusters {
        Clusters::Same(clusters) => Ok(vec![*clusters; levels]),
        Clusters::PerLevel(list) => match list.get(..levels) {
            Some(list) => Ok(list.to_vec()),
            None => Err(ErrorKind::ClustersPerLevel { levels, given: list.len() }.into()),
        },
    }
}
