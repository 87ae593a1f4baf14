//! Turns flags into parameters of the library.

use crate::args::{self, FitOptions, VaeArgs};
use crate::output::Failure;
use semid::rq::{Algorithm, Init, MiniBatch};
use semid::vae::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, Schedule};
use semid::{Metric, RqKMeans, RqVae};

/// Sets the options of residual k-means that were given; with `beside_networks`, `--batch` may be meant for networks.
pub(crate) fn k_means(params: RqKMeans, options: &FitOptions, beside_networks: bool) -> Result<RqKMeans, Failure> {
    let mut params = params;
    macro_rules! set {
        ($($name:ident),*) => { $(if let Some(value) = options.$name { params = params.$name(value); })* };
    }
    set!(max_iter, tol, n_init, sample);
    if let Some(init) = options.init {
        params = params.init(match init {
            args::Init::KMeansPlusPlus => Init::KMeansPlusPlus,
            args::Init::Random => Init::Random,
        });
    }
    if let Some(metric) = options.metric {
        params = params.metric(match metric {
            args::Metric::L2 => Metric::L2,
            args::Metric::Cosine => Metric::Cosine,
        });
    }
    if options.normalize_residuals {
        params = params.normalize_residuals(true);
    }
    if options.no_center {
        params = params.center(false);
    }
    let algorithm = algorithm(params.get_algorithm(), options, beside_networks)?;
    Ok(params.algorithm(algorithm))
}

/// Sets the options of the algorithm that were given.
fn algorithm(before: Algorithm, options: &FitOptions, beside_networks: bool) -> Result<Algorithm, Failure> {
    let before = match (options.algorithm, before) {
        (None, before) => before,
        (Some(args::Algorithm::Lloyd), _) => Algorithm::Lloyd,
        (Some(args::Algorithm::MiniBatch), Algorithm::MiniBatch(batches)) => Algorithm::MiniBatch(batches),
        (Some(args::Algorithm::MiniBatch), _) => Algorithm::MiniBatch(MiniBatch::default()),
    };
    if let Algorithm::MiniBatch(batches) = before {
        if options.n_init.is_some() {
            return Err(Failure::Error("--n-init is for --algorithm lloyd; leave it out".into()));
        }
        return Ok(Algorithm::MiniBatch(MiniBatch {
            batch: options.batch.unwrap_or(batches.batch),
            init_buffer: options.init_buffer.unwrap_or(batches.init_buffer),
            layer_wise: batches.layer_wise && !options.joint,
        }));
    }
    let given = [
        ("batch", options.batch.is_some() && !beside_networks),
        ("init-buffer", options.init_buffer.is_some()),
        ("joint", options.joint),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Failure::Error(format!("--{name} is for --algorithm mini-batch; add that"))),
        None => Ok(Algorithm::Lloyd),
    }
}

/// Refuses options that have no meaning for networks.
pub(crate) fn only_for_networks(options: &FitOptions, vae: &VaeArgs) -> Result<(), Failure> {
    let seeded = vae.kmeans_init != Some(false) && vae.warm_start.is_none();
    let given = [
        ("max-iter", options.max_iter.is_some() && !seeded),
        ("tol", options.tol.is_some()),
        ("normalize-residuals", options.normalize_residuals),
        ("no-center", options.no_center),
        ("metric cosine", matches!(options.metric, Some(args::Metric::Cosine))),
        ("algorithm mini-batch", options.algorithm == Some(args::Algorithm::MiniBatch)),
        ("init random", matches!(options.init, Some(args::Init::Random))),
        ("n-init", options.n_init.is_some()),
        ("init-buffer", options.init_buffer.is_some()),
        ("joint", options.joint),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Failure::Error(format!("--{name} is for --kind rq-kmeans; leave it out"))),
        None => Ok(()),
    }
}

/// Sets the options of networks that were given.
pub(crate) fn network(params: RqVae, options: &FitOptions, vae: &VaeArgs) -> Result<RqVae, Failure> {
    let mut params = params;
    if let Some(max_iter) = options.max_iter {
        params = params.kmeans_iters(max_iter);
    }
    macro_rules! set {
        ($($from:ident: $($name:ident),*;)*) => {
            $($(if let Some(value) = $from.$name.clone() { params = params.$name(value); })*)*
        };
    }
    set!(
        options: sample, batch;
        vae: hidden, latent, epochs, lr, weight_decay, warmup, clip, beta, quantization_weight, dropout, slope;
        vae: kmeans_init, held_out;
    );
    params = if vae.batch_norm { params.batch_norm(true) } else { params };
    params = if vae.no_revive { params.revive(false) } else { params };
    params = if vae.no_standardize { params.standardize(false) } else { params };
    params = if vae.rotation_trick { params.estimator(Estimator::Rotation) } else { params };
    params = match vae.loss {
        Some(args::Loss::Mse) => params.loss(Loss::Mse),
        Some(args::Loss::L1) => params.loss(Loss::L1),
        None => params,
    };
    params = match vae.reduction {
        Some(args::Reduction::Mean) => params.reduction(Reduction::Mean),
        Some(args::Reduction::Sum) => params.reduction(Reduction::Sum),
        None => params,
    };
    params = match vae.keep {
        Some(args::Keep::Loss) => params.keep(Keep::Loss),
        Some(args::Keep::Collisions) => params.keep(Keep::Collisions),
        Some(args::Keep::Last) => params.keep(Keep::Last),
        None => params,
    };
    params = match vae.matmul_bits {
        Some(16) => params.width(MatmulWidth::Sixteen),
        Some(_) => params.width(MatmulWidth::Eight),
        None => params,
    };
    if let Some(decay) = vae.ema {
        params = params.update(CodebookUpdate::MovingAverage(decay));
    }
    let schedule = schedule(params.get_schedule(), vae)?;
    Ok(params.schedule(schedule))
}

/// Sets the options of the schedule that were given.
fn schedule(before: Schedule, vae: &VaeArgs) -> Result<Schedule, Failure> {
    let before = match (vae.schedule, before) {
        (None, before) | (Some(args::Schedule::Step), before @ Schedule::Step { .. }) => before,
        (Some(args::Schedule::Constant), _) => Schedule::Constant,
        (Some(args::Schedule::Cosine), _) => Schedule::Cosine,
        (Some(args::Schedule::Step), _) => Schedule::Step { epochs: 50, gamma: 0.5 },
    };
    match before {
        Schedule::Step { epochs, gamma } => {
            Ok(Schedule::Step { epochs: vae.step_epochs.unwrap_or(epochs), gamma: vae.gamma.unwrap_or(gamma) })
        }
        _ if vae.step_epochs.is_some() || vae.gamma.is_some() => {
            Err(Failure::Error("--step-epochs and --gamma are for --schedule step; add that".into()))
        }
        other => Ok(other),
    }
}
