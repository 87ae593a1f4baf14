//! Loads the fitted model that a training starts from, for `--warm-start`.

use super::align::is_that;
use super::flags::for_kinds;
use crate::args::FitArgs;
use crate::config::Config;
use crate::output::Failure;
use semid::Model;
use semid::quantizer::{Parameters, TrainOption};

/// Loads the model that this kind starts from, which other kinds do not take.
pub(super) fn load(args: &FitArgs, kind: &Parameters, config: &mut Config) -> Result<Option<Model>, Failure> {
    let named = config.remove("warm_start");
    let for_kinds = || for_kinds(|kind| kind.takes(TrainOption::WarmStart));
    let path = match (&args.vae.warm_start, kind.takes(TrainOption::WarmStart)) {
        (None, false) if named.is_some() => return Err(config.failure(&format!("warm_start {}", for_kinds()))),
        (None, false) => return Ok(None),
        (Some(_), false) => return Err(Failure::Error(format!("--warm-start {}", for_kinds()))),
        (None, true) => {
            let reason = "starts from a fitted model; give it as --warm-start model.safetensors";
            return Err(Failure::Error(format!("--kind {} {reason}", kind.kind())));
        }
        (Some(path), true) => path,
    };
    let model = Model::load(path)?;
    let broken = |error: semid::Error| Failure::Error(format!("{}: {error}", path.display()));
    kind.check_warm_start(&*model).map_err(broken)?;
    is_that(model.fingerprint(), named.as_ref(), "warm-start", config)?;
    leaves_sizes(args, &model)?;
    // Sizes that nobody gave are those of the warm start, because a training refuses others.
    config.set("levels", (!config.has("levels")).then(|| model.levels()))?;
    config.set("clusters", (!config.has("clusters")).then(|| model.clusters()))?;
    Ok(Some(model))
}

/// Refuses sizes other than those of the warm start.
fn leaves_sizes(args: &FitArgs, model: &Model) -> Result<(), Failure> {
    let clusters = model.clusters();
    let other_clusters = match args.clusters.as_slice() {
        [] => false,
        [one] => clusters.iter().any(|k| k != one),
        list => list != clusters,
    };
    let wrong = [("levels", args.levels.is_some_and(|levels| levels != clusters.len())), ("clusters", other_clusters)];
    match wrong.into_iter().find(|(_, wrong)| *wrong) {
        Some((name, _)) => {
            let found = format!("{clusters:?} clusters in {} dimensions", model.dim());
            Err(Failure::Error(format!("--{name} differs from the warm start, which has {found}; leave it out")))
        }
        None => Ok(()),
    }
}
