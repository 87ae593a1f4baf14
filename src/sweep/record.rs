//! One line of a sweep's file.

use crate::metrics::{ErrorMetrics, Quality};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the lines that this build writes.
pub(super) const FORMAT: u32 = 3;
/// The first version whose lines end with a checksum.
pub(super) const CHECKED: u32 = 3;
/// The version whose settings have another form.
pub(super) const LEGACY: u32 = 1;

/// A finished run of a sweep: its model, its rows and its measures.
///
/// A sweep's file has a record on every line, as a JSON object, in the order of the grid. The last field of a line is
/// `sha256`: in hex, the checksum of the text before this field, with a `}` in place of the comma. Everything but
/// `seconds` and the checksum is the same on every device and however often the sweep was interrupted.
///
/// ```
/// use semid::metrics::Evaluation;
/// use semid::sweep::SweepRecord;
/// use semid::{Device, Matrix, Sweep};
///
/// let values: Vec<f32> = (0..800).map(|i| ((i * 37) % 101) as f32).collect();
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("sweep.jsonl");
/// let sweep = Sweep::new([1, 2], [4]).evaluation(Evaluation::new().k(0));
/// let records = sweep.run(&Matrix::new(&values, 4)?, &Device::cpu(), &path)?;
/// assert_eq!(SweepRecord::read(&path)?, records);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SweepRecord {
    /// Version of the format, 3. Lines of versions 1 and 2 have no checksum; in those of version 1 all settings are
    /// strings.
    pub format: u32,
    /// The parameters of this run, one point of the grid.
    pub parameters: SweepParameters,
    /// Everything else that influences the result, by name: the other parameters of the kind, and what was measured.
    /// They are the same in all lines of a kind.
    pub settings: BTreeMap<String, Value>,
    /// The rows that were fitted and measured.
    pub data: SweepData,
    /// Fingerprint of the model.
    pub fingerprint: String,
    /// Predicted collisions of more rows, where a prediction was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<PredictedCollisions>,
    /// All that `semid eval` measures, under the same names.
    pub metrics: Quality,
    /// Errors of rows that count by their weights, where the fits took weights and the model decodes to rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted: Option<ErrorMetrics>,
    /// How long the run took.
    pub seconds: SweepSeconds,
}

/// The parameters that the runs of a sweep differ in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SweepParameters {
    /// Name of the kind, such as `rq-kmeans`.
    pub kind: String,
    /// Levels, L.
    pub levels: usize,
    /// Clusters of each level, (L), without those of levels that labels give.
    pub clusters: Vec<usize>,
    /// Whether all clusters of a level have the same number of rows.
    pub balanced: bool,
    /// Seed of the fit.
    pub seed: u64,
    /// How many of the first levels keep the codewords of the model that the fit starts from.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub frozen: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Identity of the rows of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SweepData {
    /// Number of rows, N.
    pub rows: usize,
    /// Dimensions, D.
    pub dim: usize,
    /// SHA-256, in hex, of the values: f32, little endian, row by row.
    pub sha256: String,
}

/// Predicted collisions of a number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PredictedCollisions {
    /// Number of rows, N.
    pub rows: u64,
    /// Expected number of different IDs, U.
    pub distinct_ids: f64,
    /// `1 - U / N`.
    pub collision_rate: f64,
}

/// Wall-clock times of a run, which differ from one sweep to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SweepSeconds {
    /// Seconds of the fit, as if the run were alone: levels that several runs share count in each of them.
    pub fit: f64,
    /// Seconds of encoding and measuring.
    pub evaluation: f64,
}

impl SweepParameters {
    /// Returns a name that no other run of a sweep has, such as `rq-kmeans-3x256-seed42`,
    /// `rq-kmeans-balanced-256-64-seed42` or `rq-kmeans-frozen1-3x256-seed42`. Where a sweep keeps models, the file of
    /// the model has this name and `.safetensors`.
    pub fn name(&self) -> String {
        let balanced = if self.balanced { "-balanced" } else { "" };
        let same = self.clusters.first().filter(|first| self.clusters.iter().all(|clusters| clusters == *first));
        let clusters = match same {
            Some(clusters) => format!("{}x{clusters}", self.clusters.len()),
            None => self.clusters.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
        };
        let frozen = if self.frozen > 0 { format!("-frozen{}", self.frozen) } else { String::new() };
        format!("{}{balanced}{frozen}-{clusters}-seed{}", self.kind, self.seed)
    }
}
