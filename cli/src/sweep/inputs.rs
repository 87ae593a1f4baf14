//! What the fits of a sweep take besides parameters: weights, labels, several embeddings, pairs, a model to start from.

use crate::args::{Common, SweepArgs};
use crate::config::Config;
use crate::fit::blocks;
use crate::fit::flags::for_kinds;
use crate::fit::warm_start::without_effect;
use crate::input::pairs::PairFacts;
use crate::input::{Input, Texts};
use crate::output::{self, Failure};
use semid::quantizer::{Parameters, TrainOption};
use semid::{Labels, Model, Sweep, Weights};

/// The rows of a sweep, and what belongs to them.
pub(super) struct SweepInputs {
    pub(super) input: Input,
    pub(super) weights: Option<Weights>,
    pub(super) labels: Option<Labels>,
    pub(super) pairs: Option<PairFacts>,
}

impl SweepInputs {
    /// Opens the rows; a model to start from gives the scales of their blocks.
    pub(super) fn new(common: &Common, args: &SweepArgs, base: Option<&Model>) -> Result<Self, Failure> {
        let own = vec![args.weights.weight_column.as_deref(), args.page.label_column.as_deref()];
        let columns = [own, args.labels.prefix.columns(&[])].concat();
        let names = Texts { column: args.page.id_column.as_deref(), file: args.page.items.as_deref() };
        let (input, weights) = blocks::open(common, &args.input, &args.weights, names, &columns, base)?;
        let labels = input.fit_labels(&args.labels)?;
        let keys = |input: &Input| input.keys((args.page.id_column.as_deref(), args.page.items.as_deref()));
        let (input, pairs) = input.smoothed(&args.smooth.pair_args(), keys, None, None)?;
        let files = [args.weights.weights.as_ref(), args.smooth.smooth_pairs.as_ref(), args.warm_start.as_ref()];
        let mut files = files.into_iter().flatten().chain(&args.labels.prefix.prefix_labels);
        files.try_for_each(|file| output::differs(&args.output, file))?;
        Ok(Self { input, weights, labels, pairs })
    }

    /// Returns the sweep whose fits take all of this.
    pub(super) fn of(&self, sweep: Sweep, args: &SweepArgs, warm_start: Option<Model>) -> Sweep {
        sweep
            .weights(self.weights.clone())
            .labels(self.labels.clone(), args.labels.unknown())
            .blocks(self.input.blocks().cloned())
            .pair_weight(self.pairs.as_ref().map(PairFacts::weight))
            .columns_of(args.input.options(&[], args.input.blocks()))
            .warm_start(warm_start)
    }
}

/// Loads the model of `--warm-start`, if that is given, and takes its levels and clusters where the grid has none.
pub(super) fn warm_start(args: &SweepArgs, config: &mut Config) -> Result<Option<Model>, Failure> {
    let Some(path) = &args.warm_start else { return Ok(None) };
    if let Some(flag) = without_effect(&args.options) {
        let reason = "does not go with --warm-start, which gives the grid, the first codewords and their codes";
        return Err(Failure::Error(format!("--{flag} {reason}; leave it out")));
    }
    let model = Model::load(path)?;
    config.set("levels", (!config.has("levels")).then(|| [model.levels()]))?;
    config.set("clusters", (!config.has("clusters")).then(|| [model.clusters()]))?;
    Ok(Some(model))
}

/// Refuses kinds that do not go with what was given.
pub(super) fn check_kinds(args: &SweepArgs, kinds: &[Parameters], warm_start: Option<&Model>) -> Result<(), Failure> {
    let given = [
        (args.weights.first_given(), TrainOption::Weights),
        (args.labels.prefix.first_given(), TrainOption::Labels),
        (warm_start.map(|_| "warm-start"), TrainOption::WarmStart),
    ];
    for (flag, option) in given.into_iter().filter_map(|(flag, option)| Some((flag?, option))) {
        if kinds.iter().any(|kind| !kind.takes(option)) {
            return Err(Failure::Error(format!("--{flag} {}", for_kinds(|kind| kind.takes(option)))));
        }
    }
    let freezes = |kind: &Parameters| kind.takes(TrainOption::FreezeLevels);
    if args.freeze_levels.is_some() && !kinds.iter().any(freezes) {
        return Err(Failure::Error(format!("--freeze-levels {}", for_kinds(freezes))));
    }
    match (warm_start, kinds.iter().find(|kind| kind.needs_warm_start())) {
        (None, Some(kind)) => {
            let reason = "starts from a fitted model; give it as --warm-start model.safetensors";
            Err(Failure::Error(format!("--kind {} {reason}", kind.kind())))
        }
        (Some(model), _) => kinds.iter().try_for_each(|kind| {
            let path = args.warm_start.as_deref().unwrap_or_else(|| std::path::Path::new(""));
            kind.check_warm_start(&**model).map_err(|error| Failure::Error(format!("{}: {error}", path.display())))
        }),
        (None, None) => Ok(()),
    }
}
