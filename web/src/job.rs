//! Runs a task of JavaScript by calls of the library.

use crate::failure::parameter;
use crate::host;
use crate::input::Source;
use crate::task::Task;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array, Uint32Array};
use semid::metrics::Evaluation;
use semid::quantizer::{Parameters, TrainOptions};
use semid::rq::FitReport;
use semid::{Codes, Device, Error, ErrorKind, LabelTable, Model, Report, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use wasm_bindgen::prelude::*;

/// A task with what belongs to it.
pub(crate) struct Job {
    task: Task,
    values: Vec<f32>,
    model: Vec<u8>,
    codes: Vec<u32>,
    names: Vec<String>,
}

impl Job {
    pub(crate) fn new(
        task: &str,
        values: Vec<f32>,
        model: Vec<u8>,
        codes: Vec<u32>,
        names: Vec<String>,
    ) -> Result<Self> {
        let task = serde_json::from_str(task).map_err(|error| parameter("options", "as given", error.to_string()))?;
        Ok(Self { task, values, model, codes, names })
    }

    /// Runs the task.
    pub(crate) fn run(self) -> Result<JsValue> {
        match &self.task {
            Task::Devices => Ok(devices()),
            Task::Open { rows } => self.open(rows),
            Task::Texts { rows, column } => texts(rows, column),
            Task::Fit { rows, parameters, device } => self.fit(rows, parameters, &named(device)?),
            Task::Info => Ok(from_json(&info(&self.model()?)?)),
            Task::Encode { rows, device } => self.encode(rows, &named(device)?),
            Task::Decode { levels, device } => self.decode(*levels, &named(device)?),
            Task::Evaluate { rows, evaluation, device } => self.evaluate(rows, evaluation, &named(device)?),
            Task::Report { rows, title, details, device } => self.report(rows, title, details, &named(device)?),
        }
    }

    fn model(&self) -> Result<Model> {
        Model::from_bytes(&self.model)
    }

    fn codes(&self, model: &Model) -> Result<Codes> {
        Codes::new(self.codes.clone(), model.levels())
    }

    fn open(&self, rows: &Source) -> Result<JsValue> {
        let (shape, columns) = match rows {
            Source::Values { .. } => {
                let rows = rows.open(&self.values)?;
                ((rows.len(), rows.dim()), Vec::new())
            }
            Source::File { .. } => {
                let rows = rows.inputs()?;
                ((semid::Rows::len(&rows), semid::Rows::dim(&rows)), rows.columns()?)
            }
        };
        Ok(from_json(&json!({ "rows": shape.0, "dim": shape.1, "columns": columns })))
    }

    fn fit(&self, rows: &Source, parameters: &Parameters, device: &Device) -> Result<JsValue> {
        let rows = rows.open(&self.values)?;
        let (model, report) = parameters.fit_with(&*rows, device, &TrainOptions::default(), |progress| {
            host::trained(progress);
            ControlFlow::Continue(())
        })?;
        let levels = report.details.downcast_ref::<FitReport>().map_or_else(Vec::new, |report| {
            let levels = report.levels.iter();
            levels.map(|level| json!({ "iterations": level.iterations, "squaredError": level.squared_error })).collect()
        });
        let fitted = from_json(&json!({ "info": info(&model)?, "device": device.info().name, "levels": levels }));
        put(&fitted, "bytes", Uint8Array::from(model.to_bytes()?.as_slice()));
        Ok(fitted)
    }

    fn encode(&self, rows: &Source, device: &Device) -> Result<JsValue> {
        let model = self.model()?;
        refuse_labels(&model)?;
        let rows = rows.open_for(&self.values, &model)?;
        let (levels, total) = (model.levels(), rows.len());
        let mut codes = Vec::new();
        let wanted = total.saturating_mul(levels);
        codes
            .try_reserve_exact(wanted)
            .map_err(|_| ErrorKind::OutOfMemory { what: "codes".into(), bytes: (wanted as u64).saturating_mul(4) })?;
        model.encode_with(&*rows, device, |first, chunk| {
            codes.extend_from_slice(chunk);
            host::counted("encode", first + chunk.len() / levels, total);
            Ok(())
        })?;
        let mut hash = Sha256::new();
        codes.iter().for_each(|code| hash.update(code.to_le_bytes()));
        let sha256 = hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let encoded = from_json(&json!({ "levels": levels, "sha256": sha256, "device": device.info().name }));
        put(&encoded, "values", Uint32Array::from(codes.as_slice()));
        Ok(encoded)
    }

    fn decode(&self, levels: usize, device: &Device) -> Result<JsValue> {
        let codes = Codes::new(self.codes.clone(), levels)?;
        let model = self.model()?;
        let mut rows = model.decode(&codes, device)?;
        if let Some(blocks) = model.blocks() {
            blocks.unscale(&mut rows);
        }
        Ok(Float32Array::from(rows.as_slice()).into())
    }

    fn evaluate(&self, rows: &Source, evaluation: &Evaluation, device: &Device) -> Result<JsValue> {
        let model = self.model()?;
        let rows = rows.open_for(&self.values, &model)?;
        let quality = evaluation.run_on_codes(&*model, &*rows, &self.codes(&model)?, device, |progress| {
            host::counted(progress.stage, progress.done as usize, progress.total as usize);
            ControlFlow::Continue(())
        })?;
        match serde_json::to_value(quality) {
            Ok(quality) => Ok(from_json(&quality)),
            Err(error) => Err(Error::source_of_rows(error)),
        }
    }

    fn report(&self, rows: &Source, title: &str, details: &[(String, String)], device: &Device) -> Result<JsValue> {
        let model = self.model()?;
        let rows = rows.open_for(&self.values, &model)?;
        let mut report = Report::new().title(title);
        if !self.names.is_empty() {
            report = report.names(&self.names);
        }
        for (name, value) in details {
            report = report.detail(name, value);
        }
        let page = report.run_on_codes(&*model, &*rows, &self.codes(&model)?, device, |progress| {
            host::counted(progress.stage, progress.done as usize, progress.total as usize);
            ControlFlow::Continue(())
        })?;
        Ok(page.html().into())
    }
}

/// Refuses to encode by a model that takes its first codes from labels: a job has none, and every code would be that of
/// an unknown label.
fn refuse_labels(model: &Model) -> Result<()> {
    match model.label_tables().first().map(LabelTable::column) {
        Some(column) => {
            let value = format!("one that takes codes from labels in {column:?}");
            let expected = "must be a model without labels; only other interfaces encode rows with labels";
            Err(parameter("model", value, expected))
        }
        None => Ok(()),
    }
}

/// Memory of a fit: half of what a module can have. Rows that need more are read again for every pass over them.
const MEMORY: u64 = 2 << 30;

/// Opens a device by its name here: `webgpu` is the one adapter that a browser offers.
fn named(name: &str) -> Result<Device> {
    let device = match name {
        "webgpu" => Device::named("gpu:0").map_err(|error| match error.into_kind() {
            ErrorKind::UnknownDevice { .. } => {
                let reason = "this browser offers no WebGPU adapter to this page".to_owned();
                ErrorKind::NoAdapter { reason }.into()
            }
            kind => kind.into(),
        }),
        name => Device::named(name),
    };
    Ok(device?.with_memory(MEMORY))
}

fn devices() -> JsValue {
    let known = Device::list().into_iter().filter(|info| info.name == "cpu" || info.name.starts_with("gpu"));
    let all = known.map(|info| {
        let name = if info.name == "cpu" { "cpu" } else { "webgpu" };
        json!({ "name": name, "description": info.description, "hardware": info.hardware })
    });
    from_json(&Value::Array(all.collect()))
}

fn texts(rows: &Source, column: &str) -> Result<JsValue> {
    let texts = rows.inputs()?.strings(column)?;
    Ok(texts.into_iter().map(JsValue::from).collect::<Array>().into())
}

/// What a model tells about itself.
fn info(model: &Model) -> Result<Value> {
    Ok(json!({
        "kind": model.kind(),
        "fingerprint": model.fingerprint(),
        "dim": model.dim(),
        "clusters": model.clusters(),
        "parameters": model.parameters(),
        "config": model.config()?,
    }))
}

fn from_json(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap_or(JsValue::UNDEFINED)
}

fn put(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let object: &Object = object.unchecked_ref();
    let _ = Reflect::set(object, &name.into(), &value.into());
}
