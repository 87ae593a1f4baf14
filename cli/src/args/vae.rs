//! Flags of networks.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const HEADING: &str = "Networks (--kind rq-vae, rq-kmeans-plus)";

/// Parameters of `--kind rq-vae` and `--kind rq-kmeans-plus`.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct VaeArgs {
    /// Widths of the encoder's hidden layers; the decoder has the same, reversed [default: 512,256,128]
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    pub(crate) hidden: Option<Vec<usize>>,
    /// Dimensions of the latent space of rq-vae [default: 64]
    #[arg(long, value_name = "D")]
    pub(crate) latent: Option<usize>,
    /// Passes over the rows [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Take the batch and the learning rate of another tool; --batch and --lr override them
    #[arg(long, value_enum)]
    pub(crate) preset: Option<Preset>,
    /// Learning rate of AdamW [default: for rq-vae 0.002 times the square root of batch / 256, with a batch of 32 to
    /// 256 rows; for rq-kmeans-plus 0.0001]
    #[arg(long, value_name = "RATE", value_parser = super::finite::<f64>)]
    pub(crate) lr: Option<f64>,
    /// Weight decay of AdamW [default: 0]
    #[arg(long, value_name = "DECAY", value_parser = super::finite::<f64>)]
    pub(crate) weight_decay: Option<f64>,
    /// How the learning rate changes [default: constant]
    #[arg(long, value_enum)]
    pub(crate) schedule: Option<Schedule>,
    /// Epochs over which the learning rate rises from 0 [default: 0]
    #[arg(long, value_name = "EPOCHS")]
    pub(crate) warmup: Option<usize>,
    /// Epochs after which --schedule step lowers the rate [default: 50]
    #[arg(long, value_name = "EPOCHS")]
    pub(crate) step_epochs: Option<usize>,
    /// Factor by which --schedule step lowers the rate [default: 0.5]
    #[arg(long, value_name = "FACTOR", value_parser = super::finite::<f64>)]
    pub(crate) gamma: Option<f64>,
    /// Largest norm of the whole gradient [default: no limit]
    #[arg(long, value_name = "NORM", value_parser = super::finite::<f64>)]
    pub(crate) clip: Option<f64>,
    /// Weight of the commitment loss [default: 0.25]
    #[arg(long, value_name = "WEIGHT", value_parser = super::finite::<f64>)]
    pub(crate) beta: Option<f64>,
    /// Weight of codebook and commitment losses together [default: 1]
    #[arg(long, value_name = "WEIGHT", value_parser = super::finite::<f64>)]
    pub(crate) quantization_weight: Option<f64>,
    /// How reconstructions are compared with rows [default: mse]
    #[arg(long, value_enum)]
    pub(crate) loss: Option<Loss>,
    /// Whether the reconstruction loss is the mean or the sum over the dimensions [default: mean]
    #[arg(long, value_enum)]
    pub(crate) reduction: Option<Reduction>,
    /// Probability that an input of a layer is dropped [default: 0]
    #[arg(long, value_name = "P", value_parser = super::finite::<f64>)]
    pub(crate) dropout: Option<f64>,
    /// Normalise the values of hidden layers over the batch
    #[arg(long)]
    pub(crate) batch_norm: bool,
    /// Slope of the rectifier below zero; above 0 it is a leaky ReLU [default: 0]
    #[arg(long, value_name = "SLOPE", value_parser = super::finite::<f32>)]
    pub(crate) slope: Option<f32>,
    /// Start codebooks by residual k-means of latents, not at random [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) kmeans_init: Option<bool>,
    /// Do not restart codewords without rows
    #[arg(long)]
    pub(crate) no_revive: bool,
    /// Move codewords by an exponential moving average with this decay, instead of by gradients
    #[arg(long, value_name = "DECAY", value_parser = super::finite::<f64>)]
    pub(crate) ema: Option<f64>,
    /// Rotate gradients as they pass the quantizer, instead of passing them unchanged
    #[arg(long)]
    pub(crate) rotation_trick: bool,
    /// Do not standardise the dimensions of the embeddings
    #[arg(long)]
    pub(crate) no_standardize: bool,
    /// Share of the rows, at most 65,536 rows, that are not trained on and that validate every epoch [default: 0.05]
    #[arg(long, value_name = "SHARE", value_parser = super::finite::<f64>)]
    pub(crate) held_out: Option<f64>,
    /// Which epoch's model to keep [default: loss, for rq-kmeans-plus last]
    #[arg(long, value_enum)]
    pub(crate) keep: Option<Keep>,
    /// Bits of the integers in matrix products, 8 or 16 [default: 8]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    pub(crate) matmul_bits: Option<u32>,
    /// File that keeps the training's state after every epoch and on Ctrl-C; if it exists, the training goes on from it
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preset {
    /// 2,048 rows per step at a learning rate of 1e-4
    SemanticId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schedule {
    /// The learning rate stays the same
    Constant,
    /// It falls along half a cosine, to 0
    Cosine,
    /// It is multiplied by --gamma every --step-epochs epochs
    Step,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Loss {
    /// Squared differences
    Mse,
    /// Magnitudes of differences
    L1,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reduction {
    /// Divide by the dimensions
    Mean,
    /// Add the dimensions up, so that the loss grows with them
    Sum,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Keep {
    /// The model with the smallest reconstruction loss on held-out rows
    Loss,
    /// The model with the smallest collision rate on held-out rows
    Collisions,
    /// The model of the last epoch
    Last,
}

fn bits(text: &str) -> Result<u32, String> {
    match text {
        "8" => Ok(8),
        "16" => Ok(16),
        _ => Err("give 8 or 16".to_owned()),
    }
}
