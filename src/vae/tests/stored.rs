//! Parameters of trainings through files.

use crate::RqVae;
use crate::vae::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, Schedule};
use serde_json::{from_str, from_value, json, to_value};

/// Parameters of which each field differs from its default.
fn sample() -> RqVae {
    RqVae::new(2, [5, 9])
        .hidden([5, 4])
        .latent(3)
        .epochs(2)
        .batch(32)
        .lr(0.1 + 0.2)
        .weight_decay(0.01)
        .betas(0.8, 0.99)
        .epsilon(1e-7)
        .schedule(Schedule::Step { epochs: 3, gamma: 0.25 })
        .warmup(1)
        .clip(2.5)
        .beta(0.3)
        .quantization_weight(0.9)
        .loss(Loss::L1)
        .reduction(Reduction::Sum)
        .dropout(0.1)
        .batch_norm(true)
        .slope(0.01)
        .kmeans_init(false)
        .kmeans_iters(7)
        .revive(false)
        .sinkhorn([0.003, 0.0], 60)
        .update(CodebookUpdate::MovingAverage(0.95))
        .estimator(Estimator::Rotation)
        .standardize(false)
        .held_out(0.1)
        .keep(Keep::Collisions)
        .width(MatmulWidth::Sixteen)
        .sample(110)
        .seed(u64::MAX)
}

#[test]
fn every_field_stands_in_the_file_under_its_name() {
    let expected = json!({
        "kind": "rq-vae", "version": 1, "levels": 3, "clusters": 256, "hidden": [512, 256, 128], "latent": 64,
        "epochs": 100, "batch": null, "lr": null, "weight_decay": 0.0, "betas": [0.9, 0.999], "epsilon": 1e-8,
        "schedule": "constant", "warmup": 0, "clip": null, "beta": 0.25, "quantization_weight": 1.0, "loss": "mse",
        "reduction": "mean", "dropout": 0.0, "batch_norm": false, "slope": 0.0, "kmeans_init": true,
        "kmeans_iters": 100, "revive": true, "sinkhorn": {"epsilons": [], "iterations": 100}, "update": "gradient",
        "estimator": "straight-through", "standardize": true, "held_out": 0.05, "keep": "loss", "width": 8,
        "sample": null, "seed": 42,
    });
    assert_eq!(to_value(RqVae::default()).unwrap(), expected);
    let fields = to_value(sample()).unwrap();
    for (name, value) in [
        ("schedule", json!({"step": {"epochs": 3, "gamma": 0.25}})),
        ("loss", json!("l1")),
        ("reduction", json!("sum")),
        ("update", json!({"moving-average": 0.95})),
        ("estimator", json!("rotation")),
        ("keep", json!("collisions")),
        ("width", json!(16)),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
    let default = expected.as_object().unwrap();
    let same = |(name, value): &(&String, &_)| *value == &fields[name.as_str()];
    let same: Vec<&String> = default.iter().filter(same).map(|(name, _)| name).collect();
    assert_eq!(same, ["kind", "version"], "the sample sets everything");
}

#[test]
fn what_is_written_is_read_and_what_is_missing_has_its_default() {
    let (whole, default) = (to_value(sample()).unwrap(), to_value(RqVae::default()).unwrap());
    assert_eq!(from_str::<RqVae>(&serde_json::to_string(&sample()).unwrap()).unwrap(), sample());
    assert_eq!(from_str::<RqVae>("{}").unwrap(), RqVae::default());
    for name in whole.as_object().unwrap().keys().filter(|name| *name != "levels") {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(name);
        let mut expected = whole.clone();
        expected[name] = default[name].clone();
        let (part, expected) = (from_value::<RqVae>(part).unwrap(), from_value::<RqVae>(expected).unwrap());
        assert_eq!(part, expected, "without {name}");
    }
}

#[test]
fn what_no_training_takes_is_refused_with_its_name() {
    for (text, parts) in [
        (r#"{"epoch": 8}"#, &["unknown field `epoch`", "`epochs`"][..]),
        (r#"{"schedule": "step"}"#, &["expected struct variant"]),
        (r#"{"schedule": {"step": {"epochs": 1, "gamma": 0.5, "rate": 1}}}"#, &["unknown field `rate`"]),
        (r#"{"schedule": {"step": {"epochs": 0, "gamma": 0.5}}}"#, &["`schedule`"]),
        (r#"{"sinkhorn": {"epsilon": 0.1}}"#, &["unknown field `epsilon`", "`epsilons`"]),
        (r#"{"sinkhorn": {"epsilons": [1e-9]}}"#, &["`sinkhorn`"]),
        (r#"{"update": "ema"}"#, &["unknown variant `ema`", "`moving-average`"]),
        (r#"{"update": {"moving-average": 1.0}}"#, &["`ema` = 1"]),
        (r#"{"width": 32}"#, &["`width` = 32"]),
        (r#"{"version": 2}"#, &["version 2"]),
        (r#"{"kind": "rq-kmeans"}"#, &["unknown variant `rq-kmeans`"]),
        (r#"{"latent": 0}"#, &["`latent` = 0"]),
        (r#"{"hidden": [0]}"#, &["`hidden` = 0"]),
        (r#"{"batch": 0}"#, &["`batch` = 0"]),
        (r#"{"levels": 3, "clusters": [8]}"#, &["3 levels"]),
        (r#"{"dropout": 1.0}"#, &["`dropout` = 1"]),
        (r#"{"slope": -0.5}"#, &["`slope` = -0.5"]),
        (r#"{"clip": 0}"#, &["`clip` = 0"]),
        (r#"{"sample": 0}"#, &["`sample` = 0"]),
    ] {
        let error = from_str::<RqVae>(text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

#[test]
fn getters_tell_what_was_set() {
    let (params, fields) = (sample(), to_value(sample()).unwrap());
    let (beta1, beta2) = params.get_betas();
    let (epsilons, iterations) = params.get_sinkhorn();
    let got = json!({
        "kind": "rq-vae", "version": 1, "levels": params.get_levels(), "clusters": params.get_clusters(),
        "hidden": params.get_hidden(), "latent": params.get_latent(), "epochs": params.get_epochs(),
        "batch": params.get_batch(), "lr": params.get_lr(), "weight_decay": params.get_weight_decay(),
        "betas": [beta1, beta2], "epsilon": params.get_epsilon(), "schedule": params.get_schedule(),
        "warmup": params.get_warmup(), "clip": params.get_clip(), "beta": params.get_beta(),
        "quantization_weight": params.get_quantization_weight(), "loss": params.get_loss(),
        "reduction": params.get_reduction(), "dropout": params.get_dropout(), "batch_norm": params.get_batch_norm(),
        "slope": params.get_slope(), "kmeans_init": params.get_kmeans_init(), "kmeans_iters": params.get_kmeans_iters(),
        "revive": params.get_revive(), "sinkhorn": {"epsilons": epsilons, "iterations": iterations},
        "update": params.get_update(), "estimator": params.get_estimator(), "standardize": params.get_standardize(),
        "held_out": params.get_held_out(), "keep": params.get_keep(), "width": params.get_width(),
        "sample": params.get_sample(), "seed": params.get_seed(),
    });
    assert_eq!(got, fields);
}
