//! Makes the parameters of a fit from the file of parameters and the flags.

use super::flags::{Flags, for_kinds};
use crate::args::FitArgs;
use crate::config::Config;
use crate::output::Failure;
use semid::quantizer::{Parameters, TrainOption};

/// Returns the kind that was asked for, or that of the file, with its defaults.
pub(super) fn kind(args: &FitArgs, config: &Config) -> Result<Parameters, Failure> {
    let in_file = config.get::<String>("kind")?;
    let name = args.kind.as_ref().or(in_file.as_ref()).map_or("rq-kmeans", String::as_str);
    let unknown = |_| {
        let known: Vec<&str> = Parameters::kinds().map(|(name, _)| name).collect();
        config.failure(&format!("unknown kind `{name}`; the kinds are {}", known.join(", ")))
    };
    Parameters::of_kind(name).map_err(unknown)
}

/// Returns the parameters of the file, with those that flags set in their place.
pub(super) fn parameters(args: &FitArgs, kind: &Parameters, mut file: Config) -> Result<Parameters, Failure> {
    let options = [
        ("checkpoint", TrainOption::Checkpoint, args.vae.checkpoint.is_some()),
        ("memory", TrainOption::Memory, args.memory.is_some()),
        (
            args.labels.prefix.first_given().unwrap_or("prefix-column"),
            TrainOption::Labels,
            args.labels.prefix.first_given().is_some(),
        ),
        (args.weights.first_given().unwrap_or("weights"), TrainOption::Weights, args.weights.first_given().is_some()),
    ];
    if let Some((flag, option, _)) = options.into_iter().find(|(_, option, given)| *given && !kind.takes(*option)) {
        return Err(Failure::Error(format!("--{flag} {}", for_kinds(|kind| kind.takes(option)))));
    }
    file.set("kind", Some(kind.kind()))?;
    let mut config = file.clone();
    size_and_seed(args, &mut config)?;
    let mut flags = Flags::new(kind, &mut config)?;
    flags.set_all(&args.options, &args.vae)?;
    flags.sizes(args)?;
    flags.sinkhorn(args)?;
    match flags.refused().into_iter().next() {
        Some(refused) => Err(refused.into()),
        // The file alone is right, so an error is about the flags and must not name the file.
        None if file.parameters::<Parameters>().is_ok() => config.without_path().parameters(),
        None => config.parameters(),
    }
}

/// Sets the levels, clusters and seed that were given; a list of clusters also decides the number of levels.
fn size_and_seed(args: &FitArgs, config: &mut Config) -> Result<(), Failure> {
    match args.clusters.as_slice() {
        [] => {}
        [clusters] => config.set("clusters", Some(clusters))?,
        list => {
            config.set("clusters", Some(list))?;
            config.remove("levels");
        }
    }
    config.set("levels", args.levels)?;
    config.set("seed", args.seed)
}
