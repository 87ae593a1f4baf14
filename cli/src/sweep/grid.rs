//! The runs of a sweep and the metric that ranks them, as the file and the flags name them.

use super::inputs;
use crate::args::{Balanced, SweepArgs};
use crate::config::Config;
use crate::fit::flags::{Flags, Refused, for_kinds};
use crate::output::Failure;
use semid::quantizer::{Parameters, TrainOption};
use semid::sweep::SweepMetric;
use semid::{Metric, Model, Sweep};

/// Returns the metric of `--rank-by`, which must be measured.
pub(super) fn rank_by(args: &SweepArgs, sweep: &Sweep) -> Result<SweepMetric, Failure> {
    let name = args.rank_by.as_str();
    let metric = SweepMetric::named(name).map_err(|error| Failure::Error(format!("--rank-by: {error}")))?;
    let neighbors = ["recall_at_k", "ndcg_at_k", "distance_correlation"].iter().any(|of| name.starts_with(of));
    let errors = ["squared_error_per_row", "mse", "relative_l1"].contains(&name);
    let normalized = |kind: &Parameters| !kind.reconstructs();
    let missing = [
        (neighbors && sweep.get_evaluation().get_k() == 0, "this metric is about neighbours, which --k 0 leaves out"),
        (
            name == "predicted_collision_rate" && sweep.get_predict().is_none(),
            "this metric needs a number of rows; give --predict N",
        ),
        (errors && sweep.get_kinds().iter().any(normalized), "this metric is not measured with --normalize-residuals"),
    ];
    match missing.into_iter().find(|(missing, _)| *missing) {
        Some((_, why)) => Err(Failure::Error(format!("--rank-by {name}: {why}"))),
        None => Ok(metric),
    }
}

/// Returns the grid of the file, with the values that flags set in its place.
pub(super) fn grid(args: &SweepArgs) -> Result<Config, Failure> {
    let mut config = Config::read(args.config.as_deref())?;
    config.set("levels", args.levels.as_ref())?;
    config.set("clusters", args.clusters.as_ref())?;
    config.set("seeds", args.seeds.as_ref())?;
    config.set("freeze_levels", args.freeze_levels.as_ref())?;
    config.set("predict", args.predict)?;
    config.set(
        "balanced",
        args.balanced.map(|balanced| match balanced {
            Balanced::Off => vec![false],
            Balanced::On => vec![true],
            Balanced::Both => vec![false, true],
        }),
    )?;
    config.set_in("evaluation", "k", args.k)?;
    config.set_in("evaluation", "sample", args.queries)?;
    config.set_in("evaluation", "pairs", args.pairs)?;
    config.set_in("evaluation", "seed", args.eval_seed)?;
    config.set_in("evaluation", "beam", args.beam)?;
    Ok(config)
}

/// Returns the sweep of the grid, of the kinds that flags name.
pub(super) fn sweep(args: &SweepArgs, config: &Config, warm_start: Option<&Model>) -> Result<Sweep, Failure> {
    let sweep = config.parameters::<Sweep>()?;
    let kinds = kinds(args, &sweep, warm_start)?;
    inputs::check_kinds(args, &kinds, warm_start)?;
    check_beam(sweep.get_evaluation().get_beam(), &kinds)?;
    Ok(sweep.kinds(kinds).models(args.models.as_deref()))
}

/// Refuses a beam for kinds that have none.
fn check_beam(beam: Option<usize>, kinds: &[Parameters]) -> Result<(), Failure> {
    let Some(width) = beam.filter(|width| *width > 1) else { return Ok(()) };
    let refused = |why: &str| Err(Failure::Error(format!("--beam {width} {why}")));
    match kinds.iter().find(|kind| !kind.takes_beam()) {
        Some(kind) if kind.reconstructs() => refused(&for_kinds(|kind| kind.takes_beam())),
        Some(_) => refused("cannot be used with --normalize-residuals; leave one of them out"),
        None => Ok(()),
    }
}

/// Returns the kinds that flags name, or those of the grid, with the options that were given.
fn kinds(args: &SweepArgs, sweep: &Sweep, warm_start: Option<&Model>) -> Result<Vec<Parameters>, Failure> {
    if args.vae.checkpoint.is_some() {
        return Err(Failure::Error("--checkpoint is for `semid fit`; leave it out".to_owned()));
    }
    let kinds = match &args.kind {
        None => sweep.get_kinds().to_vec(),
        Some(asked) => asked.iter().map(|name| of_kind(name, sweep)).collect::<Result<_, _>>()?,
    };
    let balances = |kind: &Parameters| kind.takes(TrainOption::Balance);
    if args.balanced.is_some_and(|balanced| balanced != Balanced::Off) && !kinds.iter().any(balances) {
        return Err(Failure::Error(format!("--balanced {}", for_kinds(balances))));
    }
    let kinds = with_flags(args, &kinds, warm_start)?;
    let is = |metric: Metric| move |kind: &&Parameters| kind.metric() == metric;
    if let (Some(cosine), Some(plain)) = (kinds.iter().find(is(Metric::Cosine)), kinds.iter().find(is(Metric::L2))) {
        let (cosine, plain) = (cosine.kind(), plain.kind());
        let reason = format!("{cosine} measures rows of unit length and {plain} rows as they are");
        return Err(Failure::Error(format!("--metric cosine: {reason}, which do not compare; sweep the kinds apart")));
    }
    Ok(kinds)
}

/// Returns the kind as the grid has it, or with defaults.
fn of_kind(name: &str, sweep: &Sweep) -> Result<Parameters, Failure> {
    match sweep.get_kinds().iter().find(|kind| kind.kind() == name) {
        Some(kind) => Ok(kind.clone()),
        None => Ok(Parameters::of_kind(name)?),
    }
}

/// Returns the kinds with the fields that flags set; at least one kind has to take each flag.
fn with_flags(args: &SweepArgs, kinds: &[Parameters], warm_start: Option<&Model>) -> Result<Vec<Parameters>, Failure> {
    let mut all = Vec::new();
    let mut refused: Option<Vec<Refused>> = None;
    for kind in kinds {
        let mut config = Config::of(kind)?;
        if let Some(model) = warm_start.filter(|_| args.config.is_none() && kind.takes(TrainOption::FreezeLevels)) {
            // What was not given is taken from the model, because a training refuses anything else.
            config.set("metric", Some(model.metric().name()))?;
            config.set("normalize_residuals", Some(!model.reconstructs()))?;
        }
        let mut flags = Flags::new(kind, &mut config)?;
        flags.set_all(&args.options, &args.vae)?;
        let others = flags.refused();
        refused = Some(match refused {
            None => others,
            Some(before) => before.into_iter().filter(|flag| others.iter().any(|other| other.is_of(flag))).collect(),
        });
        all.push(config.parameters()?);
    }
    match refused.and_then(|refused| refused.into_iter().next()) {
        Some(refused) => Err(refused.into()),
        None => Ok(all),
    }
}
