//! One fit of many that differ in size, balance and seed.

use super::fit::Fit;
use super::model::RqKMeansModel;
use super::params::{Algorithm, Clusters, MiniBatch, RqKMeans};
use crate::codebook::{self, Codebook};
use crate::error::{Error, Result};
use crate::fields::fields;
use crate::origin::Origin;

/// The parameters of a refinement.
const REFINEMENT: [&str; 2] = ["refine", "refine_beam"];

impl RqKMeans {
    /// Returns a copy with other clusters, balance and seed.
    pub(crate) fn variant(&self, clusters: &[usize], balanced: bool, seed: u64) -> Self {
        let mut params = self.clone();
        params.levels = clusters.len();
        params.clusters = Clusters::PerLevel(clusters.to_vec());
        params.sizes = balanced.then_some((None, None));
        params.seed = seed;
        params
    }

    /// Whether the first levels of a model are those of a model that has no others.
    pub(crate) fn levels_stand_alone(&self) -> bool {
        let joint = matches!(self.algorithm, Algorithm::MiniBatch(MiniBatch { layer_wise: false, .. }));
        !joint && self.refine == 0
    }

    /// Returns the origin of a fit with these parameters. Those of a refinement are left out where there is none, so
    /// that files of models without one stay what they were before there were refinements.
    pub(super) fn recorded(&self) -> Result<Origin> {
        let mut fields = fields(self)?;
        if self.refine == 0 {
            REFINEMENT.iter().for_each(|name| drop(fields.remove(*name)));
        }
        Origin::of(&fields, &[])
    }

    /// Returns what the file of a model of the first `levels` levels tells about its fit: nothing where no fit of that
    /// many levels gives it.
    fn origin(&self, clusters: &[usize], levels: usize) -> Result<Origin> {
        if levels < clusters.len() && !self.levels_stand_alone() {
            return Ok(Origin::default());
        }
        let clusters = Clusters::of_list(clusters.get(..levels).unwrap_or(clusters));
        Self { levels, clusters, ..self.clone() }.recorded()
    }
}

impl Fit<'_> {
    /// Number of levels fitted so far.
    pub fn levels(&self) -> usize {
        self.fitted.len()
    }

    /// The model of the levels fitted so far, while the fit may go on.
    ///
    /// # Exactness
    /// The model that a fit of that many levels gives, unless mini-batches train all levels together.
    ///
    /// # Errors
    /// As for [`Fit::finish`].
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 4)?, Device::cpu());
    /// let mut fit = RqKMeans::new(3, 8).begin(&rows, &device)?;
    /// fit.next_level()?;
    /// assert_eq!(fit.model()?, RqKMeans::new(1, 8).fit(&rows, &device)?);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn model(&self) -> Result<RqKMeansModel> {
        if self.fitted.is_empty() {
            return Err(Error::parameter("levels", 0, "must be at least 1; fit a level first"));
        }
        for (level, codebook) in self.codebooks().enumerate() {
            codebook::to_f32(level, codebook, self.quantization.codebook_exponent())?;
        }
        let codebooks: Vec<Codebook> = self.codebooks().cloned().collect();
        // The levels of labels are none of the parameters.
        let given = self.tables.len();
        let origin = match (&self.first, codebooks.len() - given) {
            (_, 0) => Origin::default(),
            (Some(first), levels) => first.origin(&self.params, levels)?,
            (None, levels) => self.params.origin(self.clusters.get(given..).unwrap_or_default(), levels)?,
        };
        let model = RqKMeansModel::new(self.quantization.clone(), codebooks, self.params.seed)?;
        let model = model.with_prices(self.prices.clone())?.with_tables(self.tables.clone())?;
        let beam = self.refinement.as_ref().map_or(1, |refinement| refinement.beam);
        let origin = origin.weighted(self.weights.as_ref()).labelled(&self.tables);
        Ok(model.with_beam(beam)?.with_origin(origin))
    }
}
