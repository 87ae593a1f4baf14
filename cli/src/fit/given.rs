//! What a file of parameters says about inputs that flags have to give: pairs, weights and labels.

use crate::args::{FitArgs, WeightArgs, unknown_label};
use crate::config::Config;
use crate::input::Input;
use crate::output::Failure;
use semid::{Labels, UnknownLabel};
use serde_json::Value;

/// The settings of these inputs in the file, which hold where flags do not say otherwise.
#[derive(Default)]
pub(super) struct Given {
    pub(super) pair_weight: Option<f64>,
    weight_step: Option<String>,
    unknown: Option<UnknownLabel>,
}

impl Given {
    /// Takes the settings out of the file; refuses a file of which flags lack an input, as the model would be another
    /// one.
    pub(super) fn take(args: &FitArgs, config: &mut Config) -> Result<Self, Failure> {
        let (pair_weight, weight_step) = (config.get("pair_weight")?, weight_step(config)?);
        let (columns, unknown) = (config.get::<Vec<String>>("prefix_column")?, unknown(config)?);
        ["pair_weight", "weight_step", "prefix_column", "unknown"].iter().for_each(|name| drop(config.remove(name)));
        if pair_weight.is_some() && args.pairs.pairs.is_none() {
            return Err(config.failure("pair_weight needs pairs of items; give their file as --pairs"));
        }
        if weight_step.is_some() && args.weights.weight_column.is_none() && args.weights.weights.is_none() {
            return Err(config.failure(
                "weight_step needs the weights of the rows; give them as --weight-column or --weights, or drop the key",
            ));
        }
        check_labels(args, columns.unwrap_or_default(), unknown, config)?;
        Ok(Self { pair_weight, weight_step, unknown })
    }

    /// Returns the flags of weights, with the step of the file where flags name none.
    pub(super) fn weights(&self, args: &WeightArgs) -> WeightArgs {
        WeightArgs { weight_step: args.weight_step.clone().or_else(|| self.weight_step.clone()), ..args.clone() }
    }

    /// Returns what rows without a known label get.
    pub(super) fn unknown(&self, args: &FitArgs) -> UnknownLabel {
        match args.labels.says_unknown() {
            true => args.labels.unknown(),
            false => self.unknown.unwrap_or_default(),
        }
    }
}

/// Returns the step of the weights, which files may have as a text or as a number.
fn weight_step(config: &Config) -> Result<Option<String>, Failure> {
    match config.get("weight_step")? {
        None => Ok(None),
        Some(Value::String(step)) => Ok(Some(step)),
        Some(Value::Number(step)) => Ok(Some(step.to_string())),
        Some(_) => Err(config.failure("weight_step: give a decimal number, such as 0.01")),
    }
}

fn unknown(config: &Config) -> Result<Option<UnknownLabel>, Failure> {
    let Some(name) = config.get::<String>("unknown")? else { return Ok(None) };
    match unknown_label(&name) {
        Some(unknown) => Ok(Some(unknown)),
        None => Err(config.failure(&format!("unknown: there is no `{name}`; give nearest or reserve"))),
    }
}

/// Refuses a file of a fit with labels where flags give none, or others.
fn check_labels(
    args: &FitArgs,
    columns: Vec<String>,
    unknown: Option<UnknownLabel>,
    config: &Config,
) -> Result<(), Failure> {
    let prefix = &args.labels.prefix;
    let given = prefix.prefix_column.len() + prefix.prefix_labels.len();
    let (names, flags) = (columns.join(", "), "--prefix-column or --prefix-labels");
    match (columns.len(), given) {
        (0, 0) if unknown.is_some() => {
            Err(config
                .failure(&format!("unknown is about rows without a label; give labels as {flags}, or drop the key")))
        }
        (0, _) => Ok(()),
        (_, 0) => Err(config.failure(&format!(
            "prefix_column needs the labels of the rows, {names}; give them as {flags}, or drop the key"
        ))),
        (named, given) if named != given => Err(config.failure(&format!(
            "prefix_column has labels for {named} levels, {names}, but flags give those of {given}; give as many as \
             {flags}, or drop the key"
        ))),
        _ => Ok(()),
    }
}

/// Reads the labels of the rows, if flags name some.
pub(super) fn labels(args: &FitArgs, input: &Input) -> Result<Option<Labels>, Failure> {
    match (args.labels.prefix.first_given(), &args.align_to) {
        (Some(flag), Some(_)) => {
            Err(Failure::Error(format!("--{flag} cannot be used with --align-to: labels name the codes already")))
        }
        _ => input.fit_labels(&args.labels),
    }
}
