//! Setters of the parameters.

use super::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae, Schedule};

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty),* $(,)?) => {
        $($(#[$doc])* pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        })*
    };
}

impl RqVae {
    setters! {
        /// Sets the dimensions of the latent space.
        latent: usize,
        /// Sets the passes over the rows; 0 gives the untrained model.
        epochs: usize,
        /// Sets how the learning rate changes.
        schedule: Schedule,
        /// Sets over how many epochs the learning rate rises from 0.
        warmup: usize,
        /// Sets the weight of the commitment loss.
        beta: f64,
        /// Sets the weight of codebook and commitment losses together.
        quantization_weight: f64,
        /// Sets how reconstructions are judged.
        loss: Loss,
        /// Sets whether the reconstruction loss is averaged or summed over the dimensions.
        reduction: Reduction,
        /// Sets the probability with which inputs of layers are dropped.
        dropout: f64,
        /// Sets whether hidden layers are normalised over the batch.
        batch_norm: bool,
        /// Sets the slope of the rectifier below zero.
        slope: f32,
        /// Sets whether codebooks start as residual k-means of latents.
        kmeans_init: bool,
        /// Sets the most iterations of that k-means per level.
        kmeans_iters: usize,
        /// Sets whether codewords without rows restart.
        revive: bool,
        /// Sets how codewords follow the latents.
        update: CodebookUpdate,
        /// Sets how gradients pass the quantizer.
        estimator: Estimator,
        /// Sets whether inputs are standardised per dimension.
        standardize: bool,
        /// Sets the share of rows kept from training; with 0 epochs are validated on some of the training rows.
        held_out: f64,
        /// Sets which epoch's model is kept.
        keep: Keep,
        /// Sets the bits of matrix products.
        width: MatmulWidth,
        /// Sets the seed.
        seed: u64,
    }

    /// Sets the widths of the encoder's hidden layers.
    #[must_use]
    pub fn hidden(mut self, hidden: impl Into<Vec<usize>>) -> Self {
        self.hidden = hidden.into();
        self
    }

    /// Sets the rows per step; without, they follow the number of rows to train on.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = Some(batch);
        self
    }

    /// Sets the learning rate; without, it follows the rows per step.
    #[must_use]
    pub fn lr(mut self, lr: f64) -> Self {
        self.lr = Some(lr);
        self
    }

    /// Sets the weight decay.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.rule.weight_decay = weight_decay;
        self
    }

    /// Sets the decay of AdamW's two moments.
    #[must_use]
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        (self.rule.beta1, self.rule.beta2) = (beta1, beta2);
        self
    }

    /// Sets what AdamW adds to its denominators.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.rule.epsilon = epsilon;
        self
    }

    /// Sets the largest norm of the whole gradient; `None` leaves gradients as they are.
    #[must_use]
    pub fn clip(mut self, clip: impl Into<Option<f64>>) -> Self {
        self.clip = clip.into();
        self
    }

    /// Assigns latents by Sinkhorn while training, softly balanced, with an epsilon for every level or one for all; 0
    /// leaves a level as it is. Held-out rows, and rows encoded later, get their nearest codewords.
    ///
    /// # References
    /// B. Zheng et al., Adapting Large Language Models by Integrating Collaborative Semantics for Recommendation, ICDE
    /// 2024.
    #[must_use]
    pub fn sinkhorn(mut self, epsilons: impl Into<Vec<f64>>, iterations: usize) -> Self {
        self.sinkhorn = (epsilons.into(), iterations);
        self
    }

    /// Uses a sample of that many rows; `None` uses all.
    #[must_use]
    pub fn sample(mut self, sample: impl Into<Option<usize>>) -> Self {
        self.sample = sample.into();
        self
    }
}
