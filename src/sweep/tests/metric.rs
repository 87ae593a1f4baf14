//! Compares rankings with the numbers in the lines.

use super::{place, run, sweep};
use crate::ErrorKind;
use crate::sweep::SweepMetric;
use serde_json::Value;

/// The number of that name in a line, found by its path.
fn in_line(line: &Value, name: &str) -> Option<f64> {
    let metrics = &line["metrics"];
    let levels = || metrics["levels"].as_array().unwrap().iter();
    let count = levels().count() as f64;
    match (name, name.split_once('.')) {
        ("predicted_collision_rate", _) => line["predicted"]["collision_rate"].as_f64(),
        ("dead_codes", _) => Some(levels().map(|level| level[name].as_f64().unwrap()).sum()),
        ("utilization", _) => Some(levels().map(|level| level[name].as_f64().unwrap()).sum::<f64>() / count),
        (_, Some((metric, by))) => metrics[metric][by]["value"].as_f64(),
        (_, None) => metrics[name].as_f64(),
    }
}

#[test]
fn every_metric_ranks_by_the_number_of_its_name() {
    let (_folder, path) = place();
    let records = run(&sweep(), &path);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let less = "collision_rate collided_item_rate max_bucket gini imbalance dead_codes squared_error_per_row mse \
                relative_l1 predicted_collision_rate";
    assert_eq!(SweepMetric::names().count(), 32);
    // Rows of these runs have no weights.
    for name in SweepMetric::names().filter(|name| !name.starts_with("weighted_")) {
        let metric = SweepMetric::named(name).unwrap();
        assert_eq!((metric.name(), metric.less_is_better()), (name, less.split_whitespace().any(|less| less == name)));
        for (record, line) in records.iter().zip(&lines) {
            let (found, expected) = (metric.value(record), in_line(line, name));
            assert!(found == expected && found.is_some(), "{name}: {found:?} {expected:?}");
        }
        let ranked: Vec<f64> = metric.rank(&records).into_iter().filter_map(|record| metric.value(record)).collect();
        let sorted = |a: &f64, b: &f64| if metric.less_is_better() { a <= b } else { a >= b };
        assert!(ranked.len() == records.len() && ranked.is_sorted_by(sorted), "{name}: {ranked:?}");
    }
}

#[test]
fn ties_stay_in_order_and_what_was_not_measured_is_last() {
    let (_folder, path) = place();
    let mut records = run(&sweep(), &path);
    records[0].metrics.errors = None;
    let last = SweepMetric::named("mse").unwrap().rank(&records).pop().unwrap();
    assert_eq!(last, &records[0]);
    records.iter_mut().for_each(|record| record.metrics.codes.ids.max_bucket = 3);
    let ranked = SweepMetric::named("max_bucket").unwrap().rank(&records);
    assert!(ranked.into_iter().eq(&records));
}

#[test]
fn an_unknown_name_is_answered_with_all() {
    for name in ["accuracy", "", "recall_at_k", "Collision_Rate"] {
        let error = SweepMetric::named(name).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnknownMetric { .. }));
        assert!(SweepMetric::names().all(|name| error.to_string().contains(name)), "{error}");
    }
}
