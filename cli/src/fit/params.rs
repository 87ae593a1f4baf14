//! From flags to what the library is asked to do.

use crate::args::{self, FitOptions, VaeArgs};
use crate::output::Failure;
use semid::{
    Algorithm, CodebookUpdate, Estimator, Init, Keep, Loss, MatmulWidth, Metric, MiniBatch, Reduction, RqKMeans, RqVae,
    Schedule,
};

/// Residual k-means with these options; `beside_networks` says that `--batch` may be meant for these.
pub(crate) fn k_means(params: RqKMeans, options: &FitOptions, beside_networks: bool) -> Result<RqKMeans, Failure> {
    if options.algorithm == args::Algorithm::Lloyd && options.batch.is_some() && !beside_networks {
        return Err(Failure::Error("--batch: is for --algorithm mini-batch; add that".into()));
    }
    let mut params = params;
    macro_rules! set {
        ($($name:ident),*) => { $(if let Some(value) = options.$name { params = params.$name(value); })* };
    }
    set!(max_iter, tol, n_init);
    Ok(params
        .init(match options.init {
            args::Init::KMeansPlusPlus => Init::KMeansPlusPlus,
            args::Init::Random => Init::Random,
        })
        .metric(match options.metric {
            args::Metric::L2 => Metric::L2,
            args::Metric::Cosine => Metric::Cosine,
        })
        .normalize_residuals(options.normalize_residuals)
        .center(!options.no_center)
        .sample(options.sample)
        .algorithm(algorithm(options)?))
}

fn algorithm(options: &FitOptions) -> Result<Algorithm, Failure> {
    if options.algorithm == args::Algorithm::MiniBatch {
        if options.n_init.is_some() {
            return Err(Failure::Error("--n-init: is for --algorithm lloyd; leave it out".into()));
        }
        let default = MiniBatch::default();
        return Ok(Algorithm::MiniBatch(MiniBatch {
            batch: options.batch.unwrap_or(default.batch),
            init_buffer: options.init_buffer.unwrap_or(default.init_buffer),
            layer_wise: !options.joint,
        }));
    }
    let given = [("init-buffer", options.init_buffer.is_some()), ("joint", options.joint)];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Failure::Error(format!("--{name}: is for --algorithm mini-batch; add that"))),
        None => Ok(Algorithm::Lloyd),
    }
}

/// Refuses options that say nothing to networks.
pub(crate) fn only_for_networks(options: &FitOptions, vae: &VaeArgs) -> Result<(), Failure> {
    let seeded = vae.kmeans_init != Some(false) && vae.warm_start.is_none();
    let given = [
        ("max-iter", options.max_iter.is_some() && !seeded),
        ("tol", options.tol.is_some()),
        ("normalize-residuals", options.normalize_residuals),
        ("no-center", options.no_center),
        ("metric cosine", matches!(options.metric, args::Metric::Cosine)),
        ("algorithm mini-batch", options.algorithm == args::Algorithm::MiniBatch),
        ("init random", matches!(options.init, args::Init::Random)),
        ("n-init", options.n_init.is_some()),
        ("init-buffer", options.init_buffer.is_some()),
        ("joint", options.joint),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Failure::Error(format!("--{name}: is for --kind rq-kmeans; leave it out"))),
        None => Ok(()),
    }
}

/// A network with these options.
pub(crate) fn network(params: RqVae, options: &FitOptions, vae: &VaeArgs) -> Result<RqVae, Failure> {
    let mut params = params.sample(options.sample);
    if let Some(max_iter) = options.max_iter {
        params = params.kmeans_iters(max_iter);
    }
    macro_rules! set {
        ($($name:ident),*) => { $(if let Some(value) = vae.$name.clone() { params = params.$name(value); })* };
    }
    set!(
        hidden,
        latent,
        epochs,
        lr,
        weight_decay,
        warmup,
        beta,
        quantization_weight,
        dropout,
        slope,
        kmeans_init,
        held_out
    );
    if let Some(batch) = options.batch {
        params = params.batch(batch);
    }
    params = params
        .clip(vae.clip)
        .batch_norm(vae.batch_norm)
        .revive(!vae.no_revive)
        .standardize(!vae.no_standardize)
        .schedule(schedule(vae)?)
        .loss(match vae.loss {
            Some(args::Loss::L1) => Loss::L1,
            _ => Loss::Mse,
        })
        .reduction(match vae.reduction {
            Some(args::Reduction::Sum) => Reduction::Sum,
            _ => Reduction::Mean,
        })
        .keep(match vae.keep {
            Some(args::Keep::Collisions) => Keep::Collisions,
            Some(args::Keep::Last) => Keep::Last,
            _ => Keep::Loss,
        })
        .width(if vae.matmul_bits == Some(16) { MatmulWidth::Sixteen } else { MatmulWidth::Eight })
        .estimator(if vae.rotation_trick { Estimator::Rotation } else { Estimator::StraightThrough })
        .update(vae.ema.map_or(CodebookUpdate::Gradient, CodebookUpdate::MovingAverage));
    Ok(params)
}

fn schedule(vae: &VaeArgs) -> Result<Schedule, Failure> {
    if vae.schedule != Some(args::Schedule::Step) && (vae.step_epochs.is_some() || vae.gamma.is_some()) {
        return Err(Failure::Error("--step-epochs and --gamma: are for --schedule step; add that".into()));
    }
    Ok(match vae.schedule {
        None | Some(args::Schedule::Constant) => Schedule::Constant,
        Some(args::Schedule::Cosine) => Schedule::Cosine,
        Some(args::Schedule::Step) => {
            Schedule::Step { epochs: vae.step_epochs.unwrap_or(50), gamma: vae.gamma.unwrap_or(0.5) }
        }
    })
}
