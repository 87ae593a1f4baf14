//! Every figure's table holds the numbers that its chart draws.

use super::{collisions, errors, lorenz, purity, recall, usage};
use crate::metrics::{Evaluation, Quality, code_metrics, prefix_purity};
use crate::report::figure::Figure;
use crate::{Codes, Device, Matrix, RqKMeans};
use std::collections::{BTreeMap, BTreeSet};

const CLUSTERS: [usize; 2] = [40, 7];

/// Makes 500 rows with codes, some of which several rows share.
fn codes() -> Codes {
    let code = |row: u32, level: u64| (crate::rng::row_hash(level, u64::from(row)) % 1000).pow(2) as u32;
    Codes::new((0..500).flat_map(|row| [code(row, 1) / 25_001, code(row, 2) / 142_900]).collect(), 2).unwrap()
}

/// Counts the items per code of a level by other means.
fn counts(codes: &Codes, level: usize) -> Vec<u64> {
    let mut counts = vec![0; CLUSTERS[level]];
    codes.rows().for_each(|row| counts[row[level] as usize] += 1);
    counts
}

fn column(figure: &Figure, column: usize) -> Vec<&str> {
    figure.table.rows.iter().map(|row| row[column].as_str()).collect()
}

#[test]
fn collisions_are_those_of_prefixes() {
    let codes = codes();
    let figure = collisions(&code_metrics(&codes, &CLUSTERS).unwrap()).unwrap();
    let different = |length: usize| codes.rows().map(|row| &row[..length]).collect::<BTreeSet<_>>().len();
    assert_eq!(column(&figure, 0), ["1", "2"]);
    assert_eq!(column(&figure, 1), ["40", "7"]);
    assert_eq!(column(&figure, 2), [1, 2].map(|length| different(length).to_string()));
    let rate = |length: usize| format!("{:.1} %", 100.0 * (1.0 - different(length) as f64 / 500.0));
    assert_eq!(column(&figure, 3), [1, 2].map(rate));
    // The description has the same numbers.
    assert!([1, 2].iter().all(|length| figure.text.contains(&rate(*length))), "{}", figure.text);
}

#[test]
fn usage_is_the_sorted_counts() {
    let codes = codes();
    let metrics = code_metrics(&codes, &CLUSTERS).unwrap();
    for level in 0..2 {
        let mut counts = counts(&codes, level);
        let figure = usage(level, &metrics.levels[level], &counts).unwrap();
        counts.sort_by(|a, b| b.cmp(a));
        let rank = |text: &str| text.trim_start_matches("no. ").parse::<usize>().unwrap();
        for row in &figure.table.rows {
            assert_eq!(row[1], counts[rank(&row[0]) - 1].to_string(), "level {level}, {}", row[0]);
        }
        assert_eq!(rank(figure.table.rows.last().unwrap()[0].as_str()), counts.len());
        let used = counts.iter().filter(|count| **count > 0).count();
        assert!(figure.note.starts_with(&format!("{used} of {} codes are used", CLUSTERS[level])), "{}", figure.note);
        assert!(figure.title.ends_with(&format!("level {}", level + 1)));
    }
    let figure = lorenz(&metrics.levels, &[counts(&codes, 0), counts(&codes, 1)]).unwrap();
    assert!(!figure.table.rows.is_empty());
}

#[test]
fn purity_is_that_of_the_most_frequent_label() {
    let codes = codes();
    let labels: Vec<String> = (0..500).map(|row| format!("label {}", (row * row) % 5)).collect();
    let figure = purity(&prefix_purity(&codes, &labels.iter().map(Some).collect::<Vec<_>>(), 42).unwrap()).unwrap();
    let pure = |length: usize| {
        let mut of: BTreeMap<&[u32], BTreeMap<&str, usize>> = BTreeMap::new();
        codes.rows().zip(&labels).for_each(|(row, label)| {
            *of.entry(&row[..length]).or_default().entry(label).or_default() += 1;
        });
        let most: usize = of.values().map(|labels| labels.values().max().unwrap()).sum();
        format!("{:.1} %", 100.0 * most as f64 / 500.0)
    };
    assert_eq!(column(&figure, 1), [1, 2].map(pure));
}

#[test]
fn errors_and_recall_are_those_of_the_evaluation() {
    let values: Vec<f32> = (0..1200_u64).map(|i| (crate::rng::row_hash(5, i) % 997) as f32 / 100.0).collect();
    let (rows, device) = (Matrix::new(&values, 4).unwrap(), Device::cpu());
    let model = RqKMeans::new(3, 6).fit(&rows, &device).unwrap();
    let quality: Quality = Evaluation::new().k(5).recall_curve([1, 5, 20]).run(&model, &rows, &device).unwrap();
    let squares = quality.errors.as_ref().unwrap();
    let figure = errors(squares).unwrap();
    for (text, value) in column(&figure, 1).into_iter().zip(&squares.squared_error_per_level) {
        assert!((text.parse::<f64>().unwrap() - value).abs() < 1e-3 * value, "{text} {value}");
    }
    let shares = squares.squared_error_per_level.iter().map(|value| value / squares.squared_error_per_level[0]);
    for (text, share) in column(&figure, 2).into_iter().zip(shares) {
        let percent: f64 = text.trim_end_matches(" %").parse().unwrap();
        assert!((percent - 100.0 * share).abs() < 0.051, "{text} {share}");
    }
    let neighbors = quality.neighbors.unwrap();
    let figure = recall(&neighbors, 300).unwrap().unwrap();
    assert_eq!(column(&figure, 0), ["1", "5", "20"]);
    for (row, at) in figure.table.rows.iter().zip(&neighbors.recall_curve) {
        let values = [at.recall.decoded.value, at.recall.prefix.value, at.recall.hamming.value, at.k as f64 / 299.0];
        for (text, value) in row[1..].iter().zip(values) {
            let percent: f64 = text.split(' ').next().unwrap().parse().unwrap();
            assert!((percent - 100.0 * value).abs() < 0.051, "{text} {value}");
        }
    }
}
