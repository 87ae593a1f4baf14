//! Decides what `semid eval` and `semid sweep` measure.

use semid::metrics::Evaluation;

/// Up to this many rows, all rows are queries; `SAMPLE` is the number of queries for more rows.
const ALL: usize = 100_000;
const SAMPLE: usize = 10_000;

/// Returns the evaluation of `rows` rows that flags ask for; flags that were not given leave the defaults.
pub(crate) fn evaluation(rows: usize, k: usize, sample: Option<usize>, pairs: Option<usize>, seed: u64) -> Evaluation {
    let evaluation = Evaluation::new().k(k).seed(seed);
    let evaluation = match sample {
        Some(sample) => evaluation.sample(sample),
        None => sampled(evaluation, rows),
    };
    match pairs {
        Some(pairs) => evaluation.pairs(pairs),
        None => evaluation,
    }
}

/// Returns the evaluation of `rows` rows where no flag says how many queries to take.
pub(crate) fn sampled(evaluation: Evaluation, rows: usize) -> Evaluation {
    if rows > ALL { evaluation.sample(SAMPLE) } else { evaluation }
}
