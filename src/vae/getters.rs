//! Getters of the parameters of a training, with the names of the setters.

use super::params::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae};
use super::schedule::Schedule;
use crate::clusters::Clusters;

impl RqVae {
    /// The number of levels, L.
    pub fn get_levels(&self) -> usize {
        self.levels
    }

    /// The clusters per level.
    pub fn get_clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// The widths of the encoder's hidden layers.
    pub fn get_hidden(&self) -> &[usize] {
        &self.hidden
    }

    /// The dimensions of the latent space.
    pub fn get_latent(&self) -> usize {
        self.latent
    }

    /// The passes over the rows.
    pub fn get_epochs(&self) -> usize {
        self.epochs
    }

    /// The rows per step; `None` for the default, which follows the number of rows.
    pub fn get_batch(&self) -> Option<usize> {
        self.batch
    }

    /// The learning rate; `None` for the default, which follows the rows per step.
    pub fn get_lr(&self) -> Option<f64> {
        self.lr
    }

    /// The weight decay.
    pub fn get_weight_decay(&self) -> f64 {
        self.rule.weight_decay
    }

    /// The decays of AdamW's two moments.
    pub fn get_betas(&self) -> (f64, f64) {
        (self.rule.beta1, self.rule.beta2)
    }

    /// Returns what AdamW adds to its denominators.
    pub fn get_epsilon(&self) -> f64 {
        self.rule.epsilon
    }

    /// Returns how the learning rate changes.
    pub fn get_schedule(&self) -> Schedule {
        self.schedule
    }

    /// The epochs over which the learning rate rises from 0.
    pub fn get_warmup(&self) -> usize {
        self.warmup
    }

    /// The largest norm of the whole gradient; `None` is no limit.
    pub fn get_clip(&self) -> Option<f64> {
        self.clip
    }

    /// The weight of the commitment loss.
    pub fn get_beta(&self) -> f64 {
        self.beta
    }

    /// The weight of codebook and commitment losses together.
    pub fn get_quantization_weight(&self) -> f64 {
        self.quantization_weight
    }

    /// Returns how reconstructions are judged.
    pub fn get_loss(&self) -> Loss {
        self.loss
    }

    /// Whether the reconstruction loss is averaged or summed over the dimensions.
    pub fn get_reduction(&self) -> Reduction {
        self.reduction
    }

    /// The probability with which inputs of layers are dropped.
    pub fn get_dropout(&self) -> f64 {
        self.dropout
    }

    /// Whether hidden layers are normalised over the batch.
    pub fn get_batch_norm(&self) -> bool {
        self.batch_norm
    }

    /// The slope of the rectifier below zero.
    pub fn get_slope(&self) -> f32 {
        self.slope
    }

    /// Whether codebooks start as residual k-means of latents.
    pub fn get_kmeans_init(&self) -> bool {
        self.kmeans_init
    }

    /// The most iterations of that k-means per level.
    pub fn get_kmeans_iters(&self) -> usize {
        self.kmeans_iters
    }

    /// Whether codewords without rows restart.
    pub fn get_revive(&self) -> bool {
        self.revive
    }

    /// The epsilons of Sinkhorn, none where it is not used, and its iterations.
    pub fn get_sinkhorn(&self) -> (&[f64], usize) {
        (&self.sinkhorn.0, self.sinkhorn.1)
    }

    /// Returns how codewords follow the latents.
    pub fn get_update(&self) -> CodebookUpdate {
        self.update
    }

    /// Returns how gradients pass the quantizer.
    pub fn get_estimator(&self) -> Estimator {
        self.estimator
    }

    /// Whether inputs are standardised per dimension.
    pub fn get_standardize(&self) -> bool {
        self.standardize
    }

    /// The share of rows kept from training.
    pub fn get_held_out(&self) -> f64 {
        self.held_out
    }

    /// Returns which epoch's model is kept.
    pub fn get_keep(&self) -> Keep {
        self.keep
    }

    /// The bits of matrix products.
    pub fn get_width(&self) -> MatmulWidth {
        self.width
    }

    /// The number of rows to train and judge on; `None` is all.
    pub fn get_sample(&self) -> Option<usize> {
        self.sample
    }

    /// The seed.
    pub fn get_seed(&self) -> u64 {
        self.seed
    }
}
