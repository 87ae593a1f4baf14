//! The grid of a sweep: which runs there are, and which of them share a fit.

use super::inputs::FitInputs;
use super::record::SweepParameters;
use super::settings::settings_of;
use crate::MAX_LEVELS;
use crate::blocks::Blocks;
use crate::clusters::Clusters;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::{Labels, UnknownLabel};
use crate::metrics::Evaluation;
use crate::model::Model;
use crate::quantizer::{Parameters, TrainOption, Trainer};
use crate::rq::RqKMeans;
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A grid of models, which [`Sweep::run`] fits and measures one after the other.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels`, `clusters` | - | numbers of levels; clusters per level, each one number or a list of which L levels take the first L |
/// | `kinds` | residual k-means | kinds of models, with all parameters but those that a sweep sets |
/// | `balanced` | off | of kinds that can balance clusters: off, on, or both |
/// | `seeds` | 42 | seeds of the fits |
/// | `freeze_levels` | 0 | of a sweep that starts from a model: how many first levels keep their codewords |
/// | `weights`, `labels`, `warm_start`, `blocks`, `pair_weight` | none | what all fits take besides parameters |
/// | `evaluation` | [`Evaluation::new`] | what is measured |
/// | `predict` | off | also predict the collisions of that many rows |
/// | `models` | off | keep the models in that folder |
///
/// Runs come in the order of seeds, kinds, balance, frozen levels, clusters and levels, the first changing slowest;
/// levels ascend.
///
/// ```
/// use semid::metrics::Evaluation;
/// use semid::sweep::SweepMetric;
/// use semid::{Device, Matrix, Sweep};
///
/// let values: Vec<f32> = (0..800).map(|i| ((i * i) % 101) as f32).collect();
/// let (rows, folder) = (Matrix::new(&values, 4)?, tempfile::tempdir()?);
/// let sweep = Sweep::new([1, 2], [4, 8]).balanced([false, true]).evaluation(Evaluation::new().k(5));
/// let records = sweep.run(&rows, &Device::cpu(), folder.path().join("sweep.jsonl"))?;
/// assert_eq!(records.len(), 8);
/// let best = SweepMetric::named("collision_rate")?.rank(&records)[0];
/// println!("{}: {}", best.parameters.name(), best.metrics.codes.ids.collision_rate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Files
/// A sweep is serialized as an object with `version` (1) and the fields of the table except `models` and what all fits
/// take besides parameters. `kinds` are
/// serialized [`Parameters`]: each needs `kind`, and none may have `levels`, `clusters`, `seed` or `sizes`, which the
/// sweep sets. A missing field has its default, which is 2, 3, 4 for `levels` and 64, 256 for `clusters`; unknown
/// fields are refused.
///
/// ```
/// let sweep: semid::Sweep = serde_json::from_str(
///     r#"{"levels": [2, 3], "kinds": [{"kind": "rq-vae", "epochs": 5}], "evaluation": {"k": 0}}"#,
/// )?;
/// assert_eq!(sweep.runs()?.len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "super::stored::Stored", into = "super::stored::Stored")]
pub struct Sweep {
    pub(super) levels: Vec<usize>,
    pub(super) clusters: Vec<Clusters>,
    pub(super) kinds: Vec<Parameters>,
    pub(super) balanced: Vec<bool>,
    pub(super) seeds: Vec<u64>,
    pub(super) frozen: Vec<usize>,
    pub(super) inputs: FitInputs,
    pub(super) evaluation: Evaluation,
    pub(super) predict: Option<u64>,
    pub(super) models: Option<PathBuf>,
}

/// Runs that take their levels from one fit, the shortest first.
pub(super) struct Chain<'a> {
    pub(super) kind: &'a Parameters,
    pub(super) runs: Vec<SweepParameters>,
}

/// Returns all runs in their order, each with its kind.
pub(super) fn runs_of<'a>(chains: &'a [Chain<'_>]) -> impl Iterator<Item = (&'a Parameters, &'a SweepParameters)> {
    chains.iter().flat_map(|chain| chain.runs.iter().map(|run| (chain.kind, run)))
}

impl Sweep {
    /// Makes a sweep of every number of levels with every entry of `clusters`.
    pub fn new<C: Into<Clusters>>(
        levels: impl IntoIterator<Item = usize>,
        clusters: impl IntoIterator<Item = C>,
    ) -> Self {
        let mut levels: Vec<usize> = levels.into_iter().collect();
        levels.sort_unstable();
        Self {
            levels,
            clusters: clusters.into_iter().map(Into::into).collect(),
            kinds: vec![RqKMeans::new(1, 1).into()],
            balanced: vec![false],
            seeds: vec![42],
            frozen: vec![0],
            inputs: FitInputs::default(),
            evaluation: Evaluation::new(),
            predict: None,
            models: None,
        }
    }

    /// Sets the kinds of models.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = Parameters>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// Sets whether clusters are balanced, for kinds that can do so; both is possible.
    #[must_use]
    pub fn balanced(mut self, balanced: impl IntoIterator<Item = bool>) -> Self {
        self.balanced = balanced.into_iter().collect();
        self
    }

    /// Sets the seeds of the fits.
    #[must_use]
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = u64>) -> Self {
        self.seeds = seeds.into_iter().collect();
        self
    }

    /// Sets how often the rows count in all fits, see [`Weights`]; errors are then also measured by the weights.
    #[must_use]
    pub fn weights(mut self, weights: impl Into<Option<Weights>>) -> Self {
        self.inputs.weights = weights.into();
        self
    }

    /// Sets labels of the rows, which give the codes of the first levels of every model; the numbers of levels and of
    /// clusters are those of the levels after them. `unknown` says what rows without a label get.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Device, Labels, Matrix, Sweep, UnknownLabel};
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * i) % 101) as f32).collect();
    /// let (rows, folder) = (Matrix::new(&values, 4)?, tempfile::tempdir()?);
    /// let labels = Labels::new([("kind", (0..200).map(|row| Some(["cup", "tea", "jug"][row % 3])))])?;
    /// let sweep = Sweep::new([1, 2], [8]).labels(labels, UnknownLabel::Nearest).evaluation(Evaluation::new().k(0));
    /// let records = sweep.run(&rows, &Device::cpu(), folder.path().join("sweep.jsonl"))?;
    /// let clusters = records[1].metrics.codes.levels.iter().map(|level| level.clusters);
    /// assert_eq!(clusters.collect::<Vec<_>>(), [3, 8, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn labels(mut self, labels: impl Into<Option<Labels>>, unknown: UnknownLabel) -> Self {
        (self.inputs.labels, self.inputs.unknown) = (labels.into(), unknown);
        self
    }

    /// Sets the fitted model that every fit starts from, for kinds that do so; all runs need its clusters.
    #[must_use]
    pub fn warm_start(mut self, model: impl Into<Option<Model>>) -> Self {
        self.inputs.warm_start = model.into();
        self
    }

    /// Sets how many of the first levels keep the codewords of [`Sweep::warm_start`], for kinds that can do so; several
    /// numbers are possible.
    #[must_use]
    pub fn freeze_levels(mut self, levels: impl IntoIterator<Item = usize>) -> Self {
        self.frozen = levels.into_iter().collect();
        self
    }

    /// Sets the blocks by which the rows were scaled, where they have several embeddings; every model keeps them, see
    /// [`Model::with_blocks`].
    #[must_use]
    pub fn blocks(mut self, blocks: impl Into<Option<Blocks>>) -> Self {
        self.inputs.blocks = blocks.into();
        self
    }

    /// Sets the weight by which the rows were mixed with their partners, if they were; every model records it, see
    /// [`Model::with_pair_weight`].
    #[must_use]
    pub fn pair_weight(mut self, weight: impl Into<Option<f64>>) -> Self {
        self.inputs.pair_weight = weight.into();
        self
    }

    /// Sets what is measured.
    #[must_use]
    pub fn evaluation(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    /// Sets the number of rows whose collisions are predicted.
    #[must_use]
    pub fn predict(mut self, rows: impl Into<Option<u64>>) -> Self {
        self.predict = rows.into();
        self
    }

    /// Sets the folder in which models are kept, under their [`SweepParameters::name`]; a sweep creates it where it is
    /// missing. It does not replace another model of that name, such as one of a sweep over other rows, but ends with
    /// an error.
    #[must_use]
    pub fn models<'a>(mut self, folder: impl Into<Option<&'a Path>>) -> Self {
        self.models = folder.into().map(Path::to_owned);
        self
    }

    /// Lists the parameters of all runs, each once, in the order in which they are fitted.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a grid without runs, [`ErrorKind::ClustersPerLevel`] for a list that is too short.
    pub fn runs(&self) -> Result<Vec<SweepParameters>> {
        Ok(self.chains()?.into_iter().flat_map(|chain| chain.runs).collect())
    }

    pub(super) fn chains(&self) -> Result<Vec<Chain<'_>>> {
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

    pub(super) fn check_lists(&self) -> Result<()> {
        let lists = [
            ("levels", self.levels.is_empty()),
            ("clusters", self.clusters.is_empty()),
            ("kinds", self.kinds.is_empty()),
            ("balanced", self.balanced.is_empty()),
            ("seeds", self.seeds.is_empty()),
            ("freeze_levels", self.frozen.is_empty()),
        ];
        if let Some((name, _)) = lists.into_iter().find(|(_, empty)| *empty) {
            return Err(Error::parameter(name, "", "the grid is empty; give at least one value"));
        }
        if let Some(levels) = self.levels.iter().find(|levels| **levels > MAX_LEVELS) {
            return Err(Error::parameter("levels", levels, format!("at most {MAX_LEVELS} are supported")));
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
                let expected = "names have to tell runs apart; give kinds with other parameters to another sweep";
                Err(Error::parameter("kinds", format!("several {}", kind.kind()), expected))
            }
            None => Ok(()),
        }
    }
}

impl SweepParameters {
    /// Makes the trainer of this run; it has the parameters of `kind` that the run does not set.
    pub(super) fn trainer(&self, kind: &Parameters) -> Arc<dyn Trainer> {
        kind.variant(&self.clusters, self.seed, self.balanced)
    }
}

/// Returns the clusters of every level of a model with so many levels.
fn clusters_of(clusters: &Clusters, levels: usize) -> Result<Vec<usize>> {
    match clusters {
        Clusters::Same(clusters) => Ok(vec![*clusters; levels]),
        Clusters::PerLevel(list) => match list.get(..levels) {
            Some(list) => Ok(list.to_vec()),
            None => Err(ErrorKind::ClustersPerLevel { levels, given: list.len() }.into()),
        },
    }
}
