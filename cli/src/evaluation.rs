//! What `semid eval` and `semid sweep` measure.

use semid::metrics::Evaluation;

/// Rows up to which the neighbours of all of them are looked for, and the sample of more.
const ALL: usize = 100_000;
const SAMPLE: usize = 10_000;

/// The evaluation of `rows` rows that flags ask for; what was not given is left to the defaults.
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

/// The evaluation of `rows` rows where nobody said of how many the neighbours are looked for.
pub(crate) fn sampled(evaluation: Evaluation, rows: usize) -> Evaluation {
    if rows > ALL { evaluation.sample(SAMPLE) } else { evaluation }
}
