//! Aligns a model with an older one, for `semid fit --align-to`.

use crate::args::FitArgs;
use crate::config::Config;
use crate::output::{self, Failure};
use semid::metrics::Stability;
use semid::{Device, ErrorKind, Model, Rows, Weights};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The older model.
pub(super) struct Older<'a> {
    model: Model,
    path: &'a Path,
}

/// The shares of rows that keep their codes.
#[derive(Serialize)]
pub(super) struct Aligned {
    #[serde(serialize_with = "output::path")]
    to: PathBuf,
    before: Stability,
    after: Stability,
}

impl<'a> Older<'a> {
    /// Loads the model of `--align-to`, if that is given.
    ///
    /// `named` is the fingerprint that the file of parameters gives for it.
    pub(super) fn load(args: &'a FitArgs, named: Option<&Value>, config: &Config) -> Result<Option<Self>, Failure> {
        let Some(path) = &args.align_to else {
            return match named {
                None => Ok(None),
                Some(name) => Err(config.failure(&format!(
                    "align_to names a model only by its fingerprint, {name}; give the file of that model as --align-to"
                ))),
            };
        };
        output::differs_from(&args.output, path, "older model")?;
        let model = Model::load(path)?;
        is_that(model.fingerprint(), named, "align-to", config)?;
        if !model.label_tables().is_empty() {
            let reason = "labels give the first codes of this model, so no others are aligned to them; leave it out";
            return Err(Failure::Error(format!("--align-to {}: {reason}", path.display())));
        }
        Ok(Some(Self { model, path }))
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// Refuses rows of other than `dim` dimensions.
    pub(super) fn check(&self, dim: usize) -> Result<(), Failure> {
        if self.model.dim() != dim {
            let kind = ErrorKind::DimMismatch { expected: self.model.dim(), found: dim };
            return Err(Failure::Error(format!("{}: this model is of other rows: {kind}", self.path.display())));
        }
        Ok(())
    }
}

/// Refuses a model that is not the one that a file of parameters names, if it names one.
pub(super) fn is_that(found: String, named: Option<&Value>, flag: &str, config: &Config) -> Result<(), Failure> {
    match named {
        Some(name) if name.as_str() != Some(found.as_str()) => {
            let key = flag.replace('-', "_");
            let reason =
                format!("{key} is the fingerprint {name}, but --{flag} has {found}; give that model, or drop the key");
            Err(config.failure(&reason))
        }
        _ => Ok(()),
    }
}

/// Numbers the codes of a model like those of the older one, if there is one.
pub(super) fn align(
    older: Option<&Older<'_>>,
    model: Model,
    (rows, weights): (&dyn Rows, Option<&Weights>),
    device: &Device,
) -> Result<(Model, Option<Aligned>), Failure> {
    let Some(older) = older else { return Ok((model, None)) };
    let (model, alignment) = match weights {
        Some(weights) => model.align_to_weighted(&older.model, rows, weights, device)?,
        None => model.align_to(&older.model, rows, device)?,
    };
    let to = older.path.to_owned();
    Ok((model, Some(Aligned { to, before: alignment.before, after: alignment.after })))
}

/// Says in words how many rows keep their codes.
pub(super) fn text(aligned: Option<&Aligned>) -> String {
    let Some(Aligned { to, before, after }) = aligned else { return String::new() };
    let mut out = format!("share of rows that keep the codes of {}, before and after renumbering\n", to.display());
    out.push_str("level          code before -> after        whole prefix before -> after\n");
    let codes = before.unchanged_codes.iter().zip(&after.unchanged_codes);
    let prefixes = before.unchanged_prefixes.iter().zip(&after.unchanged_prefixes);
    for (level, ((before, after), (prefix_before, prefix_after))) in codes.zip(prefixes).enumerate() {
        let [before, after, prefix_before, prefix_after] =
            [before, after, prefix_before, prefix_after].map(|share| format!("{:.2} %", 100.0 * share));
        let level = level + 1;
        let _ = writeln!(out, "{level:>5}  {before:>18} -> {after:<17}{prefix_before:>18} -> {prefix_after}");
    }
    out
}
