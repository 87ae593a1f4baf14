//! Computes results on one device, and compares them with those of the others.

use crate::args::Common;
use crate::interrupt;
use crate::progress::Bar;
use semid::device::DeviceInfo;
use semid::quantizer::{Parameters, TrainOptions};
use semid::{Codes, Device, Error, ErrorKind, Labels, Model, Result, Rows};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::Instant;

/// Levels and clusters of the refit are at most these, so that the slow reference can take part.
const FIT_LEVELS: usize = 4;
const FIT_CLUSTERS: usize = 64;

/// The result of one device.
#[derive(Serialize)]
pub(super) struct Comparison {
    pub(super) name: String,
    description: String,
    pub(super) backend: String,
    /// Whether the answer is that of the first device.
    pub(super) equal: bool,
    rows: usize,
    /// SHA-256 of the codes of the compared rows, as u32 in little endian.
    pub(super) codes_sha256: Option<String>,
    /// The same for all rows of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_codes_sha256: Option<String>,
    /// The fingerprint of the model that the device fitted to a sample.
    pub(super) fit_fingerprint: Option<String>,
    seconds: f64,
    /// The place of the first difference from the first device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difference: Option<String>,
    /// The error that ended the device's part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// The reason why the adapter cannot be used, so that it takes no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unusable: Option<String>,
}

#[cfg(test)]
impl Comparison {
    pub(super) fn of_tests(name: &str, equal: bool, error: Option<&str>, unusable: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            backend: String::new(),
            equal,
            rows: 1,
            codes_sha256: None,
            all_codes_sha256: None,
            fit_fingerprint: None,
            seconds: 0.0,
            difference: None,
            error: error.map(str::to_owned),
            unusable: unusable.map(str::to_owned),
        }
    }
}

/// The codes and the fingerprint that a device computed.
struct Made {
    some: Codes,
    whole: Option<Codes>,
    fingerprint: Option<String>,
}

/// The work that every device does.
pub(super) struct DeviceWork<'a> {
    pub(super) model: &'a Model,
    /// The rows for all devices.
    pub(super) rows: &'a dyn Rows,
    /// The labels of these rows, if they have some.
    pub(super) labels: Option<Labels>,
    /// Returns the row of the input for a row of `rows`.
    pub(super) source_row: &'a dyn Fn(usize) -> usize,
    /// All rows, which only fast devices encode.
    pub(super) whole: Option<&'a dyn Rows>,
    /// The labels of all rows.
    pub(super) all_labels: Option<&'a Labels>,
    pub(super) fit_rows: &'a dyn Rows,
    /// The device whose codes are changed by one bit.
    pub(super) planted: Option<&'a str>,
}

/// A device to compare.
pub(super) struct Candidate {
    pub(super) name: String,
    /// The description of the device; none if it cannot be opened.
    pub(super) info: Option<DeviceInfo>,
    /// Whether the user named it, so that it has to take part.
    pub(super) is_named: bool,
}

impl Candidate {
    /// Returns whether the device is neither the scalar reference nor an adapter emulated in software.
    pub(super) fn is_fast(&self) -> bool {
        self.info.as_ref().is_some_and(|info| info.hardware && info.backend != "scalar")
    }
}

impl DeviceWork<'_> {
    /// Runs every device, and compares it with those before it.
    pub(super) fn compare(&self, common: &Common, devices: &[Candidate]) -> Result<Vec<Comparison>> {
        let mut entries: Vec<Comparison> = Vec::new();
        let mut first: Option<Made> = None;
        let mut first_whole: Option<Codes> = None;
        for device in devices {
            let start = Instant::now();
            let opened = Device::named(&device.name);
            let unusable = opened.as_ref().err().filter(|error| !device.is_named && is_no_adapter(error));
            let unusable = unusable.map(ToString::to_string);
            let made = match opened.and_then(|opened| self.run(common, device, &opened)) {
                Ok(made) => Ok(made),
                Err(error) if is_of_device(&error) => Err(error.to_string()),
                Err(error) => return Err(error),
            };
            let mut entry = Comparison {
                name: device.name.clone(),
                description: device.info.as_ref().map_or_else(String::new, |info| info.description.clone()),
                backend: device.info.as_ref().map_or_else(String::new, |info| info.backend.clone()),
                equal: false,
                rows: self.rows.len(),
                codes_sha256: None,
                all_codes_sha256: None,
                fit_fingerprint: None,
                seconds: start.elapsed().as_secs_f64(),
                difference: None,
                error: None,
                unusable: None,
            };
            match made {
                Ok(mut made) => {
                    entry.codes_sha256 = Some(sha256(&made.some));
                    entry.all_codes_sha256 = made.whole.as_ref().map(sha256);
                    entry.fit_fingerprint = made.fingerprint.clone();
                    entry.difference = first.as_ref().and_then(|first| self.difference(first, &made));
                    if let (None, Some(whole)) = (&entry.difference, made.whole.take()) {
                        let first = first_whole.get_or_insert_with(|| whole.clone());
                        entry.difference = codes_difference(first, &whole, |row| row);
                    }
                    entry.equal = entry.difference.is_none();
                    first.get_or_insert(made);
                }
                Err(_) if unusable.is_some() => entry.unusable = unusable,
                Err(error) => entry.error = Some(error),
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    fn run(&self, common: &Common, candidate: &Candidate, device: &Device) -> Result<Made> {
        let fingerprint = self.refit(common, device)?;
        let mut some = self.encode(common, device, (self.rows, self.labels.as_ref()))?;
        if self.planted == Some(candidate.name.as_str()) {
            some = tampered(&some)?;
        }
        let whole = self.whole.filter(|_| candidate.is_fast());
        let whole = whole.map(|rows| self.encode(common, device, (rows, self.all_labels))).transpose()?;
        Ok(Made { some, whole, fingerprint })
    }

    fn encode(&self, common: &Common, device: &Device, (rows, labels): (&dyn Rows, Option<&Labels>)) -> Result<Codes> {
        let bar = Bar::rows(common, rows.len());
        bar.name(&*device.info().name);
        let levels = self.model.levels();
        let mut values = Vec::new();
        let encoder = match labels {
            Some(labels) => self.model.encoder().labels(labels),
            None => self.model.encoder(),
        };
        encoder.encode_with(rows, device, |first, codes| {
            interrupt::check()?;
            values.extend_from_slice(codes);
            bar.done(first + codes.len() / levels);
            Ok(())
        })?;
        Codes::new(values, levels)
    }

    fn difference(&self, first: &Made, made: &Made) -> Option<String> {
        let fit =
            (first.fingerprint != made.fingerprint).then(|| "the fitted model has another fingerprint".to_owned());
        codes_difference(&first.some, &made.some, self.source_row).or(fit)
    }

    /// Fits a small model like this one to a sample of the rows; returns its fingerprint, or none for a kind without
    /// short fits.
    fn refit(&self, common: &Common, device: &Device) -> Result<Option<String>> {
        let bar = Bar::fit(common);
        let most = FIT_CLUSTERS.min(self.fit_rows.len());
        let clusters = self.model.clusters().into_iter().take(FIT_LEVELS).map(|clusters| clusters.min(most));
        let clusters: Vec<usize> = clusters.collect();
        let params = match self.model.short_fit(&clusters, self.fit_rows.len()) {
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported { .. }) => return Ok(None),
            params => Parameters::from(params?),
        };
        let fitted = params.fit_with(self.fit_rows, device, &TrainOptions::default(), |progress| {
            bar.trained(progress);
            interrupt::flow()
        });
        Ok(Some(fitted?.0.fingerprint()))
    }
}

/// Returns whether the device caused `error`, and neither the input nor the user did.
fn is_of_device(error: &Error) -> bool {
    use ErrorKind::{Device, NoAdapter, OutOfMemory, UnknownDevice};
    matches!(error.kind(), Device { .. } | NoAdapter { .. } | UnknownDevice { .. } | OutOfMemory { .. })
}

/// Returns whether an adapter cannot run the kernels at all.
fn is_no_adapter(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NoAdapter { .. })
}

fn tampered(codes: &Codes) -> Result<Codes> {
    let mut values = codes.values().to_vec();
    values.last_mut().into_iter().for_each(|code| *code ^= 1);
    Codes::new(values, codes.levels())
}

fn codes_difference(first: &Codes, other: &Codes, source_row: impl Fn(usize) -> usize) -> Option<String> {
    let at = first.values().iter().zip(other.values()).position(|(a, b)| a != b)?;
    let (row, level) = (at / first.levels(), at % first.levels());
    let (expected, found) = (first.values().get(at)?, other.values().get(at)?);
    Some(format!("row {}, level {}: code {found} instead of {expected}", source_row(row), level + 1))
}

fn sha256(codes: &Codes) -> String {
    let mut hash = Sha256::new();
    codes.values().iter().for_each(|code| hash.update(code.to_le_bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
