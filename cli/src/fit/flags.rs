//! Turns flags into fields of the parameters.
//!
//! A flag sets the field of its name. The fields that the parameters of a kind have decide which flags it takes, so
//! nothing here names a kind; the few flags that stand for a part of a field are in `grouped.rs`.

use crate::args::{FitOptions, Preset, VaeArgs};
use crate::config::Config;
use crate::output::Failure;
use clap::ValueEnum;
use semid::RqVae;
use semid::quantizer::Parameters;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A flag that the parameters have no place for, and why.
pub(crate) struct Refused {
    pub(super) flag: String,
    pub(super) why: String,
}

impl Refused {
    /// Whether it is the same flag.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.flag == other.flag
    }
}

impl From<Refused> for Failure {
    fn from(Refused { flag, why }: Refused) -> Self {
        Self::Error(format!("--{flag} {why}"))
    }
}

/// Fields of the parameters of one kind, which flags set.
pub(crate) struct Flags<'a> {
    pub(super) config: &'a mut Config,
    /// All fields of the kind, with their defaults.
    pub(super) known: Map<String, Value>,
    pub(super) refused: Vec<Refused>,
}

impl<'a> Flags<'a> {
    pub(crate) fn new(kind: &Parameters, config: &'a mut Config) -> Result<Self, Failure> {
        Ok(Self { config, known: fields(kind)?, refused: Vec::new() })
    }

    /// Returns the flags that were given but have no place among these parameters.
    pub(crate) fn refused(self) -> Vec<Refused> {
        self.refused
    }

    pub(super) fn refuse(&mut self, flag: &str, why: impl Into<String>) {
        self.refused.push(Refused { flag: flag.to_owned(), why: why.into() });
    }

    /// Refuses a flag whose field other kinds have.
    pub(super) fn refuse_kind(&mut self, flag: &str, field: &str) {
        self.refuse(flag, for_kinds(|kind| fields(kind).is_ok_and(|fields| fields.contains_key(field))));
    }

    /// Sets a field, where the flag was given.
    fn set(&mut self, flag: &str, field: &str, value: Option<impl Serialize>) -> Result<(), Failure> {
        let Some(value) = value else { return Ok(()) };
        if self.known.contains_key(field) {
            return self.config.set(field, Some(value));
        }
        let word = json!(value).as_str().map(|word| format!("{flag} {word}"));
        self.refuse_kind(word.as_deref().unwrap_or(flag), field);
        Ok(())
    }

    /// Sets all fields that flags of `semid fit` and `semid sweep` stand for.
    pub(crate) fn set_all(&mut self, options: &FitOptions, vae: &VaeArgs) -> Result<(), Failure> {
        self.set("residual-levels", "residual_levels", options.residual_levels)?;
        self.set("tol", "tol", options.tol)?;
        self.set("n-init", "n_init", options.n_init)?;
        self.set("init", "init", word(options.init))?;
        self.set("metric", "metric", word(options.metric))?;
        self.set("normalize-residuals", "normalize_residuals", options.normalize_residuals.then_some(true))?;
        self.set("no-center", "center", options.no_center.then_some(false))?;
        self.set("sample", "sample", options.sample)?;
        self.set("refine", "refine", options.refine)?;
        self.set("refine-beam", "refine_beam", options.refine_beam)?;
        self.set("hidden", "hidden", vae.hidden.as_ref())?;
        self.set("latent", "latent", vae.latent)?;
        self.set("epochs", "epochs", vae.epochs)?;
        self.preset(vae)?;
        self.set("lr", "lr", vae.lr)?;
        self.set("weight-decay", "weight_decay", vae.weight_decay)?;
        self.set("warmup", "warmup", vae.warmup)?;
        self.set("clip", "clip", vae.clip)?;
        self.set("beta", "beta", vae.beta)?;
        self.set("quantization-weight", "quantization_weight", vae.quantization_weight)?;
        self.set("loss", "loss", word(vae.loss))?;
        self.set("reduction", "reduction", word(vae.reduction))?;
        self.set("dropout", "dropout", vae.dropout)?;
        self.set("batch-norm", "batch_norm", vae.batch_norm.then_some(true))?;
        self.set("slope", "slope", vae.slope)?;
        self.set("kmeans-init", "kmeans_init", vae.kmeans_init)?;
        self.set("no-revive", "revive", vae.no_revive.then_some(false))?;
        self.set("ema", "update", vae.ema.map(|decay| json!({ "moving-average": decay })))?;
        self.set("rotation-trick", "estimator", vae.rotation_trick.then_some("rotation"))?;
        self.set("no-standardize", "standardize", vae.no_standardize.then_some(false))?;
        self.set("held-out", "held_out", vae.held_out)?;
        self.set("keep", "keep", word(vae.keep))?;
        self.set("matmul-bits", "width", vae.matmul_bits)?;
        self.max_iter(options)?;
        self.algorithm(options)?;
        self.schedule(vae)
    }
}

impl Flags<'_> {
    /// Sets the fields of a preset, which the flags for each of them come after.
    fn preset(&mut self, vae: &VaeArgs) -> Result<(), Failure> {
        let Some(Preset::SemanticId) = vae.preset else { return Ok(()) };
        if !self.known.contains_key("lr") {
            self.refuse_kind("preset", "lr");
            return Ok(());
        }
        let preset = RqVae::semantic_id(1, 1);
        self.config.set("batch", preset.get_batch())?;
        self.config.set("lr", preset.get_lr())
    }
}

/// Returns all fields of the parameters of a kind.
fn fields(kind: &Parameters) -> Result<Map<String, Value>, Failure> {
    Ok(kind.parameters()?.into_iter().collect())
}

/// Says why a flag is refused that only these kinds take.
pub(crate) fn for_kinds(takes: impl Fn(&Parameters) -> bool) -> String {
    let names = Parameters::kinds().map(|(name, _)| name);
    let names: Vec<&str> = names.filter(|name| Parameters::of_kind(name).is_ok_and(|kind| takes(&kind))).collect();
    let kinds = match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    };
    format!("is for --kind {kinds}; leave it out")
}

/// Returns the word on the command line, which files use too.
pub(super) fn word(value: Option<impl ValueEnum>) -> Option<String> {
    Some(value?.to_possible_value()?.get_name().to_owned())
}
