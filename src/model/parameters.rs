//! Parameters by the name of their kind, and fits with them.

use super::Model;
use super::kinds::{KINDS, unknown};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::quantizer::{Parameters, TrainOptions, TrainingProgress, TrainingReport, train};
use crate::rows::Rows;
use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::ops::ControlFlow;

impl Parameters {
    /// Lists the kinds: the name of each, and in a few words what a model of it is.
    ///
    /// ```
    /// assert!(semid::quantizer::Parameters::kinds().any(|(name, _)| name == "rq-kmeans"));
    /// ```
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        KINDS.iter().map(|kind| (kind.name, kind.about))
    }

    /// Returns the default parameters of the kind with this name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownKind`](crate::ErrorKind::UnknownKind).
    pub fn of_kind(name: &str) -> Result<Self> {
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else { return Err(unknown(name, |_| true)) };
        let fields = Map::from_iter([("kind".to_owned(), Value::from(name))]);
        let read = (kind.parameters)(Value::Object(fields));
        read.map(Self).map_err(|reason| Error::format("parameters", reason))
    }

    /// Fits a model.
    ///
    /// # Shapes
    /// `rows` (N, D).
    ///
    /// # Exactness
    /// Equal rows and parameters give the same model, on every device.
    ///
    /// # Errors
    /// As for [`Trainer::begin`](crate::quantizer::Trainer::begin).
    pub fn fit(&self, rows: &dyn Rows, device: &Device) -> Result<Model> {
        Ok(self.fit_with(rows, device, &TrainOptions::default(), |_| ControlFlow::Continue(()))?.0)
    }

    /// Fits as [`Parameters::fit`] does, with options and a callback that may stop it.
    ///
    /// # Errors
    /// As for [`Parameters::fit`], and [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    pub fn fit_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        mut progress: impl FnMut(&TrainingProgress<'_>) -> ControlFlow<()>,
    ) -> Result<(Model, TrainingReport)> {
        let (model, report) = train(&*self.0, rows, device, options, &mut progress)?;
        Ok((model.into(), report))
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(deserializer)?;
        let name = fields.get("kind").ok_or_else(|| de::Error::missing_field("kind"))?;
        let Some(kind) = KINDS.iter().find(|kind| *name == kind.name) else {
            let known: Vec<String> = KINDS.iter().map(|kind| format!("`{}`", kind.name)).collect();
            let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            return Err(de::Error::custom(format!("unknown variant `{name}`, expected one of {}", known.join(", "))));
        };
        (kind.parameters)(Value::Object(fields)).map(Self).map_err(de::Error::custom)
    }
}
