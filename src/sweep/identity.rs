//! The identity of a line in a sweep's file, by which a sweep knows the lines that it would write itself.

use super::grid::{Chain, Sweep, runs_of};
use super::record::{LEGACY, SweepData, SweepParameters, SweepRecord};
use super::settings::{Settings, settings_of};
use crate::error::{ErrorKind, Result};
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Sweep {
    /// Returns everything that influences the lines of a kind, besides the parameters and the rows.
    pub(super) fn settings(&self, kind: &Parameters) -> Result<Settings> {
        // The pattern has no `..`, so that a new field cannot be forgotten.
        let Evaluation { k, curve, sample, pairs, seed, beam } = &self.evaluation;
        let measured = [
            ("k", json!(k)),
            ("queries", json!(sample)),
            ("pairs", json!(pairs)),
            ("evaluation_seed", json!(seed)),
            ("predict", json!(self.predict)),
            ("recall_curve", json!(curve)),
        ];
        let mut settings = settings_of(kind)?;
        settings.extend(self.inputs.settings());
        settings.insert("beam".to_owned(), beam_setting(*beam, &settings));
        settings.extend(measured.map(|(name, value)| (name.to_owned(), value)));
        Ok(settings)
    }

    /// Returns the settings in the form of the first format, which never changes.
    fn legacy_settings(&self, kind: &Parameters) -> Settings {
        let Evaluation { k, curve, sample, pairs, seed, beam } = &self.evaluation;
        let measured = [
            ("k", k.to_string()),
            ("queries", sample.map_or("all".to_owned(), |sample| sample.to_string())),
            ("pairs", pairs.to_string()),
            ("evaluation_seed", seed.to_string()),
            ("predict", self.predict.map_or("none".to_owned(), |rows| rows.to_string())),
        ];
        let curve = (!curve.is_empty()).then(|| ("recall_curve", format!("{curve:?}")));
        // Models had no beams of their own in this format.
        let beam = beam.filter(|width| *width != 1).map(|width| ("beam", width.to_string()));
        let all = kind.first_settings().into_iter().chain(measured).chain(curve).chain(beam);
        let all = all.map(|(name, value)| (name.to_owned(), Value::from(value)));
        all.chain(self.inputs.settings()).collect()
    }

    /// Refuses lines that this sweep would not write. A parameter that a line does not name has its default, because
    /// the line is older than the parameter.
    pub(super) fn compare(&self, records: &[SweepRecord], chains: &[Chain<'_>], data: &SweepData) -> Result<()> {
        let mut runs = runs_of(chains);
        for (line, record) in (1..).zip(records) {
            let other = |what: &str, found: String, expected: String| {
                Err(ErrorKind::OtherSweep { line, what: what.to_owned(), found, expected }.into())
            };
            let Some((kind, run)) = runs.next() else {
                return other("run", record.parameters.name(), "no more runs".to_owned());
            };
            let (expected, defaults) = match record.format {
                LEGACY => (self.legacy_settings(kind), Settings::new()),
                _ => (self.settings(kind)?, defaults(kind)?),
            };
            let (expected, found) = (identity(run, data, expected), {
                let mut settings = defaults;
                settings.extend(record.settings.clone());
                identity(&record.parameters, &record.data, settings)
            });
            for name in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                let [found, expected] = [&found, &expected].map(|all| all.get(name));
                if found != expected {
                    return other(name, text(found), text(expected));
                }
            }
        }
        Ok(())
    }
}

/// Returns what lines say of the beam that encodes rows: 1 for that of the model, which is what the first lines with
/// such a setting said, and otherwise its width. Only where models have a wider beam of their own, a width of 1 is
/// another one; it is then said in a word.
fn beam_setting(beam: Option<usize>, settings: &Settings) -> Value {
    let own = settings.get("refine_beam").and_then(Value::as_u64).unwrap_or(1);
    match beam {
        Some(1) if own > 1 => json!("none"),
        Some(width) => json!(width),
        None => json!(1),
    }
}

/// Returns the settings of a sweep with all defaults; none for a kind that only the caller knows.
fn defaults(kind: &Parameters) -> Result<Settings> {
    match Parameters::of_kind(kind.kind()) {
        Ok(kind) => Sweep::new([1], [1]).settings(&kind),
        Err(_) => Ok(Settings::new()),
    }
}

/// Returns everything that determines a line, by name.
fn identity(run: &SweepParameters, data: &SweepData, mut all: Settings) -> Settings {
    let data = [("rows", json!(data.rows)), ("dim", json!(data.dim)), ("sha256 of the rows", json!(data.sha256))];
    all.extend(data.map(|(name, value)| (name.to_owned(), value)));
    all.insert(" run".to_owned(), Value::from(run.name()));
    all
}

/// Formats a value for messages.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
