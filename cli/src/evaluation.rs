//! What `semid eval` and `semid sweep` measure.

use semid::metrics::Evaluation;

/// Rows up to which the neighbours of all of them are looked for, and the sample of more.
const ALL: usize = 100_000;
const SAMPLE: usize = 10_000;

/// The evaluation of `rows` rows that flags ask for; what was not given is left to the defaults.
pub(crate) fn evaluation(rows: usize, k: usize, sample: Option<usize>, pairs: Option<usize>, seed: u64) -> Evaluation {
    let mut evaluation = Evaluation::new().k(k).seed(seed);
    if let Some(sample) = sample.or((rows > ALL).then_some(SAMPLE)) {
        evaluation = evaluation.sample(sample);
    }
    match pairs {
        Some(pairs) => evaluation.pairs(pairs),
        None => evaluation,
    }
}
