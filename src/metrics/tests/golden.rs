//! Compares with values that numpy, scipy and scikit-learn found; `tests/spec/metrics.py` writes them.

use super::Codebooks;
use crate::metrics::estimate::Estimate;
use crate::metrics::{Evaluation, Quality, prefix_purity, stability};
use crate::{Codes, Device, Matrix, Metric};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::ops::ControlFlow;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    estimates: Vec<OfSample>,
}

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    metric: String,
    rows: Vec<Vec<f32>>,
    codes: Vec<Vec<u32>>,
    other: Vec<Vec<u32>>,
    codebooks: Vec<Vec<Vec<f32>>>,
    k: usize,
    labels: Vec<Value>,
    ids: Map<String, Value>,
    levels: Vec<Map<String, Value>>,
    errors: Map<String, Value>,
    neighbors: Option<Map<String, Value>>,
    purity: Vec<Purity>,
    stability: Map<String, Value>,
}

#[derive(Deserialize)]
struct Purity {
    purity: f64,
    shuffled: f64,
    deviation: f64,
}

#[derive(Deserialize)]
struct OfSample {
    values: Vec<f64>,
    population: u64,
    value: f64,
    low: f64,
    high: f64,
}

impl Case {
    pub(super) fn codes(&self) -> Codes {
        Codes::new(self.codes.concat(), self.codebooks.len()).unwrap()
    }

    /// Measures every metric of the case on a device.
    pub(super) fn quality(&self, device: &Device) -> Quality {
        let metric = if self.metric == "cosine" { Metric::Cosine } else { Metric::L2 };
        let model = Codebooks { metric, books: self.codebooks.clone() };
        let values = self.rows.concat();
        let rows = Matrix::new(&values, self.rows[0].len()).unwrap();
        let evaluation = Evaluation::new().k(self.k);
        evaluation.run_on_codes(&model, &rows, &self.codes(), device, |_| ControlFlow::Continue(())).unwrap()
    }
}

pub(super) fn cases() -> Vec<Case> {
    golden().cases
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/spec/metrics.json")).unwrap()
}

/// Asserts that `found` has everything in `expected`, with numbers equal to 1e-9.
fn compare(place: &str, expected: &Value, found: &Value) {
    match (expected, found) {
        (Value::Object(expected), found) => {
            for (name, expected) in expected {
                compare(&format!("{place}, {name}"), expected, &found[name]);
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{place}");
            expected.iter().zip(found).for_each(|(expected, found)| compare(place, expected, found));
        }
        // An estimate from the whole population has no interval.
        (Value::Number(_), Value::Object(estimate)) => {
            for end in ["value", "low", "high"] {
                compare(place, expected, &estimate[end]);
            }
        }
        (Value::Number(_), Value::Number(_)) => {
            let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap());
            let apart = (expected - found).abs();
            assert!(apart <= 1e-9 * expected.abs().max(1.0), "{place}: expected {expected}, found {found}");
        }
        _ => assert_eq!(expected, found, "{place}"),
    }
}

#[test]
fn every_metric_is_that_of_numpy_scipy_and_scikit_learn() {
    let cases = cases();
    assert!(cases.len() >= 20);
    for case in &cases {
        let place = &case.name;
        let found = serde_json::to_value(case.quality(&Device::cpu())).unwrap();
        compare(place, &case.ids.clone().into(), &found);
        compare(place, &case.errors.clone().into(), &found);
        let levels: Vec<Value> = case.levels.iter().map(|level| level.clone().into()).collect();
        compare(place, &levels.into(), &found["levels"]);
        match &case.neighbors {
            Some(neighbors) => compare(place, &neighbors.clone().into(), &found),
            None => assert!(found.get("recall_at_k").is_none(), "{place}"),
        }
        let other = Codes::new(case.other.concat(), case.codebooks.len()).unwrap();
        let stability = serde_json::to_value(stability(&case.codes(), &other).unwrap()).unwrap();
        compare(place, &case.stability.clone().into(), &stability);
    }
}

#[test]
fn a_wrong_number_is_noticed() {
    let wrong = |expected: &str, found: &str| {
        let [expected, found]: [Value; 2] = [expected, found].map(|text| serde_json::from_str(text).unwrap());
        std::panic::catch_unwind(|| compare("", &expected, &found)).is_err()
    };
    assert!(wrong(r#"{"a": 0.5}"#, r#"{"a": 0.500000002}"#));
    assert!(wrong(r#"{"a": 0.5}"#, r#"{"b": 0.5}"#));
    assert!(wrong(r#"{"a": [1, 2]}"#, r#"{"a": [1, 3]}"#));
    assert!(wrong(r#"{"a": null}"#, r#"{"a": 1.0}"#));
    assert!(wrong(r#"{"a": 1}"#, r#"{"a": {"value": 1, "low": 0.9, "high": 1}}"#));
    assert!(!wrong(r#"{"a": [1, 0.5]}"#, r#"{"a": [1, 0.5000000002]}"#));
}

#[test]
fn purity_is_that_of_a_contingency_matrix_and_its_control_near_that_of_other_shuffles() {
    for case in cases() {
        let labels: Vec<Option<String>> = case.labels.iter().map(|label| Some(label.to_string())).collect();
        let found = prefix_purity(&case.codes(), &labels, 42).unwrap();
        assert_eq!(found.len(), case.purity.len());
        for (found, expected) in found.iter().zip(&case.purity) {
            compare(&case.name, &expected.purity.into(), &found.purity.into());
            let apart = (found.shuffled.value - expected.shuffled).abs();
            // This is the mean of 10 shuffles, compared to within 5 of its standard deviations.
            assert!(apart <= 5.0 * expected.deviation / 10.0_f64.sqrt() + 1e-9, "{}: {apart}", case.name);
            assert_eq!(found.shuffled.samples, 10);
        }
    }
}

#[test]
fn intervals_are_those_of_scipy() {
    for OfSample { values, population, value, low, high } in golden().estimates {
        let found = Estimate::mean(&values, population);
        for (expected, found) in [(value, found.value), (low, found.low), (high, found.high)] {
            assert!((expected - found).abs() < 1e-9, "{expected} {found}");
        }
    }
}
