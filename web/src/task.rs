//! What JavaScript asks for, as JSON.

use crate::input::Source;
use semid::metrics::Evaluation;
use semid::quantizer::Parameters;
use serde::Deserialize;

/// A task of a job.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Task {
    /// Lists the devices.
    Devices,
    /// Tells the shape of rows, and the columns beside them.
    Open { rows: Source },
    /// Reads the texts of a column.
    Texts { rows: Source, column: String },
    /// Fits a model.
    Fit { rows: Source, parameters: Parameters, device: String },
    /// Tells about the model of the job.
    Info,
    /// Encodes rows with the model of the job.
    Encode { rows: Source, device: String },
    /// Decodes the codes of the job.
    Decode { levels: usize, device: String },
    /// Measures the codes of the job.
    Evaluate { rows: Source, evaluation: Evaluation, device: String },
    /// Draws the page about the codes of the job.
    Report { rows: Source, title: String, details: Vec<(String, String)>, device: String },
}
