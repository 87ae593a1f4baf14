//! Loads the fitted model that a training starts from, for `--warm-start`.

use super::align::is_that;
use super::flags::for_kinds;
use crate::args::{FitArgs, FitOptions};
use crate::config::Config;
use crate::output::{self, Failure};
use semid::Model;
use semid::quantizer::{Parameters, TrainOption};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// A model to start from, and how many of its levels stay.
pub(super) struct Started {
    pub(super) model: Model,
    pub(super) freeze_levels: usize,
}

/// The model that a fit started from, as the result names it.
#[derive(Serialize)]
pub(super) struct Origin<'a> {
    #[serde(serialize_with = "output::path")]
    from: &'a Path,
    fingerprint: String,
    freeze_levels: usize,
}

impl Started {
    /// Names the model.
    pub(super) fn origin<'a>(&self, args: &'a FitArgs) -> Origin<'a> {
        let from = args.warm_start.as_deref().unwrap_or(Path::new(""));
        Origin { from, fingerprint: self.model.fingerprint(), freeze_levels: self.freeze_levels }
    }
}

/// Loads the model of `--warm-start`, and refuses it for kinds that do not start from a model.
pub(super) fn load(args: &FitArgs, kind: &Parameters, config: &mut Config) -> Result<Option<Started>, Failure> {
    let (named, frozen) = (config.remove("warm_start"), frozen(config)?);
    check_options(args, kind, config, named.as_ref(), frozen)?;
    let Some(path) = &args.warm_start else { return Ok(None) };
    let model = Model::load(path)?;
    let broken = |error: semid::Error| Failure::Error(format!("{}: {error}", path.display()));
    kind.check_warm_start(&*model).map_err(broken)?;
    is_that(model.fingerprint(), named.as_ref(), "warm-start", config)?;
    leaves_sizes(args, &model)?;
    // What was not given is taken from the model, because a training refuses anything else.
    config.set("levels", (!config.has("levels")).then(|| model.levels()))?;
    config.set("clusters", (!config.has("clusters")).then(|| model.clusters()))?;
    if kind.takes(TrainOption::FreezeLevels) {
        config.set("metric", (!config.has("metric")).then(|| model.metric().name()))?;
        config.set("normalize_residuals", (!config.has("normalize_residuals")).then(|| !model.reconstructs()))?;
    }
    Ok(Some(Started { model, freeze_levels: args.freeze_levels.or(frozen).unwrap_or(0) }))
}

/// Returns the number of frozen levels that the file of parameters has.
fn frozen(config: &mut Config) -> Result<Option<usize>, Failure> {
    let frozen = config.get("freeze_levels");
    config.remove("freeze_levels");
    frozen
}

/// Refuses a model, or the lack of one, that does not go with the kind and the other flags.
fn check_options(
    args: &FitArgs,
    kind: &Parameters,
    config: &Config,
    named: Option<&Value>,
    frozen: Option<usize>,
) -> Result<(), Failure> {
    let takes = |option| move |kind: &Parameters| kind.takes(option);
    let start = takes(TrainOption::WarmStart);
    if !start(kind) && named.is_some() {
        return Err(config.failure(&format!("warm_start {}", for_kinds(start))));
    }
    if !start(kind) && args.warm_start.is_some() {
        return Err(Failure::Error(format!("--warm-start {}", for_kinds(start))));
    }
    if args.warm_start.is_none() {
        return match named {
            _ if kind.needs_warm_start() => {
                let reason = "starts from a fitted model; give it as --warm-start model.safetensors";
                Err(Failure::Error(format!("--kind {} {reason}", kind.kind())))
            }
            Some(name) => Err(config.failure(&format!(
                "warm_start names a model only by its fingerprint, {name}; give the file of that model as --warm-start"
            ))),
            None if frozen.is_some() => Err(config.failure("freeze_levels needs a model; give it as --warm-start")),
            None => Ok(()),
        };
    }
    let freezes = takes(TrainOption::FreezeLevels);
    if !freezes(kind) {
        return match (args.freeze_levels, frozen) {
            (Some(_), _) => Err(Failure::Error(format!("--freeze-levels {}", for_kinds(freezes)))),
            (None, Some(_)) => Err(config.failure(&format!("freeze_levels {}", for_kinds(freezes)))),
            (None, None) => Ok(()),
        };
    }
    match without_effect(&args.options).or(args.align_to.as_ref().map(|_| "align-to")) {
        Some(flag) => {
            let reason = "does not go with --warm-start, which gives the grid, the first codewords and their codes";
            Err(Failure::Error(format!("--{flag} {reason}; leave it out")))
        }
        None => Ok(()),
    }
}

/// Returns a flag that was given and has no effect on a fit that starts from a model.
pub(crate) fn without_effect(options: &FitOptions) -> Option<&'static str> {
    let given =
        [("init", options.init.is_some()), ("n-init", options.n_init.is_some()), ("no-center", options.no_center)];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
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

/// Says what the fit started from.
pub(super) fn text(origin: Option<&Origin<'_>>) -> String {
    let Some(Origin { from, freeze_levels, .. }) = origin else { return String::new() };
    let mut out = format!("started from {}", from.display());
    let _ = match freeze_levels {
        0 => writeln!(out),
        1 => writeln!(out, ", whose first level keeps its codewords"),
        levels => writeln!(out, ", whose first {levels} levels keep their codewords"),
    };
    out
}
