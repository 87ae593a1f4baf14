//! How the first files named the parameters of a training: version 1 of checkpoints, and format 1 of the lines of
//! sweeps.
//!
//! This is frozen. A parameter that came later does not appear; no such file is of a training that sets it.

use super::params::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae};
use super::schedule::Schedule;
use crate::clusters::Clusters;
use crate::kernel::adamw::Rule;
use crate::rq::legacy;

/// What a checkpoint may say: clusters were one number or a list, as they were given.
pub(super) fn checkpoint(params: &RqVae) -> [String; 2] {
    let epochs = match params.schedule {
        Schedule::Cosine => params.epochs,
        Schedule::Constant | Schedule::Step { .. } => 0,
    };
    let params = params.clone().epochs(epochs);
    let list = Clusters::PerLevel(params.clusters.list(params.levels));
    [&Clusters::of_list(&params.clusters.list(params.levels)), &list].map(|clusters| whole(&params, clusters))
}

fn whole(params: &RqVae, clusters: &Clusters) -> String {
    let levels = [("levels", params.levels.to_string()), ("clusters", legacy::clusters(clusters))];
    let mut fields: Vec<_> = levels.into_iter().chain(settings(params)).collect();
    let sample = fields.pop();
    fields.push(("seed", params.seed.to_string()));
    fields.extend(sample);
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("RqVae {{ {} }}", fields.join(", "))
}

/// Names and values of all parameters but levels, clusters and seed.
pub(crate) fn settings(params: &RqVae) -> Vec<(&'static str, String)> {
    let Rule { beta1, beta2, epsilon, weight_decay, .. } = params.rule;
    // Defaults were other ones then, so no first file is of a training by the defaults of today.
    let (lr, batch) = (params.lr.unwrap_or(f64::NAN), legacy::option(params.batch));
    let batch = params.batch.map_or(batch, |batch| batch.to_string());
    let optimizer = format!("lr: {lr:?}, beta1: {beta1:?}, beta2: {beta2:?}, epsilon: {epsilon:?}");
    let schedule = match params.schedule {
        Schedule::Constant => "Constant".to_owned(),
        Schedule::Cosine => "Cosine".to_owned(),
        Schedule::Step { epochs, gamma } => format!("Step {{ epochs: {epochs}, gamma: {gamma:?} }}"),
    };
    let loss = match params.loss {
        Loss::Mse => "Mse",
        Loss::L1 => "L1",
    };
    let reduction = match params.reduction {
        Reduction::Mean => "Mean",
        Reduction::Sum => "Sum",
    };
    let update = match params.update {
        CodebookUpdate::Gradient => "Gradient".to_owned(),
        CodebookUpdate::MovingAverage(decay) => format!("MovingAverage({decay:?})"),
    };
    let estimator = match params.estimator {
        Estimator::StraightThrough => "StraightThrough",
        Estimator::Rotation => "Rotation",
    };
    let keep = match params.keep {
        Keep::Loss => "Loss",
        Keep::Collisions => "Collisions",
        Keep::Last => "Last",
    };
    let width = match params.width {
        MatmulWidth::Eight => "Eight",
        MatmulWidth::Sixteen => "Sixteen",
    };
    let (epsilons, iterations) = &params.sinkhorn;
    vec![
        ("hidden", format!("{:?}", params.hidden)),
        ("latent", params.latent.to_string()),
        ("epochs", params.epochs.to_string()),
        ("batch", batch),
        ("rule", format!("Rule {{ {optimizer}, weight_decay: {weight_decay:?} }}")),
        ("schedule", schedule),
        ("warmup", params.warmup.to_string()),
        ("clip", legacy::option(params.clip)),
        ("beta", format!("{:?}", params.beta)),
        ("quantization_weight", format!("{:?}", params.quantization_weight)),
        ("loss", loss.to_owned()),
        ("reduction", reduction.to_owned()),
        ("dropout", format!("{:?}", params.dropout)),
        ("batch_norm", params.batch_norm.to_string()),
        ("slope", format!("{:?}", params.slope)),
        ("kmeans_init", params.kmeans_init.to_string()),
        ("kmeans_iters", params.kmeans_iters.to_string()),
        ("revive", params.revive.to_string()),
        ("sinkhorn", format!("({epsilons:?}, {iterations})")),
        ("update", update),
        ("estimator", estimator.to_owned()),
        ("standardize", params.standardize.to_string()),
        ("held_out", format!("{:?}", params.held_out)),
        ("keep", keep.to_owned()),
        ("width", width.to_owned()),
        ("sample", legacy::option(params.sample)),
    ]
}
