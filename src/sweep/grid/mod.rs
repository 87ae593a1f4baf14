//! The grid of a sweep.

mod chains;
mod stored;

pub(super) use chains::{Chain, runs_of};

use super::inputs::FitInputs;
use crate::blocks::Blocks;
use crate::clusters::Clusters;
use crate::io::ReadOptions;
use crate::labels::{Labels, UnknownLabel};
use crate::metrics::Evaluation;
use crate::model::Model;
use crate::quantizer::Parameters;
use crate::rq::RqKMeans;
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A grid of models, which [`Sweep::run`] fits and measures one after the other.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels`, `clusters` | - | numbers of levels; clusters per level, each one number or a list of which L levels take the first L |
/// | `kinds` | residual k-means | kinds of models, with all parameters but those that a sweep sets |
/// | `balanced` | off | of kinds that can balance clusters: off, on, or both |
/// | `seeds` | 42 | seeds of the fits |
/// | `freeze_levels` | 0 | of a sweep that starts from a model: how many first levels keep their codewords |
/// | `weights`, `labels`, `warm_start`, `blocks`, `pair_weight`, `columns_of` | none | what all fits take besides parameters |
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
#[serde(try_from = "stored::StoredSweep", into = "stored::StoredSweep")]
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

    /// Records in all models which column or array of the files the rows are, see [`Model::with_columns_of`].
    #[must_use]
    pub fn columns_of(mut self, options: impl Into<Option<ReadOptions>>) -> Self {
        self.inputs.columns = options.into();
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

    /// Sets the folder in which models are kept, under their [names](super::SweepParameters::name); a sweep creates it
    /// where it is missing. It does not replace another model of that name, such as one of a sweep over other rows, but
    /// ends with an error.
    #[must_use]
    pub fn models<'a>(mut self, folder: impl Into<Option<&'a Path>>) -> Self {
        self.models = folder.into().map(Path::to_owned);
        self
    }
}
