//! Measures how many codes stay the same from one model, or one set of IDs, to another.

use crate::codes::Codes;
use crate::error::{ErrorKind, Result};
use crate::weights::Weights;
use serde::Serialize;

/// The shares of rows that keep their codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stability {
    /// Number of rows compared, N.
    pub rows: u64,
    /// For every level, the share of rows with the same code.
    pub unchanged_codes: Vec<f64>,
    /// The share of rows with the same first 1, 2, ... L codes; the last value is the share of unchanged IDs.
    pub unchanged_prefixes: Vec<f64>,
}

/// Compares two sets of codes of the same rows.
///
/// # Shapes
/// `before` (N, L), `after` (N, L).
///
/// # Errors
/// [`ErrorKind::Empty`], [`ErrorKind::CodeLevels`], [`ErrorKind::RowCount`].
///
/// ```
/// use semid::Codes;
/// use semid::metrics::stability;
///
/// let before = Codes::new(vec![0, 1, 2, 3], 2)?;
/// let after = Codes::new(vec![0, 1, 0, 3], 2)?;
/// let stability = stability(&before, &after)?;
/// assert_eq!((stability.unchanged_codes[1], stability.unchanged_prefixes[1]), (1.0, 0.5));
/// # Ok::<(), semid::Error>(())
/// ```
pub fn stability(before: &Codes, after: &Codes) -> Result<Stability> {
    counted(before, after, None)
}

/// Does what [`stability`] does where row i counts as often as `weights` say, if there are some.
pub(crate) fn counted(before: &Codes, after: &Codes, weights: Option<&Weights>) -> Result<Stability> {
    let (levels, rows) = (before.levels(), before.len());
    if levels != after.levels() {
        return Err(ErrorKind::CodeLevels { expected: levels, found: after.levels() }.into());
    }
    if rows != after.len() {
        return Err(ErrorKind::RowCount { what: "rows of codes", found: after.len(), rows }.into());
    }
    if rows == 0 {
        return Err(ErrorKind::Empty.into());
    }
    weights.map_or(Ok(()), |weights| weights.check_some(rows))?;
    let all_rows = weights.map_or(rows as u64, Weights::total);
    let [mut codes, mut prefixes] = [vec![0_u64; levels], vec![0_u64; levels]];
    for (row, (before, after)) in before.rows().zip(after.rows()).enumerate() {
        let (mut all, times) = (true, weights.map_or(1, |weights| weights.of(row)));
        for ((before, after), (code, prefix)) in before.iter().zip(after).zip(codes.iter_mut().zip(&mut prefixes)) {
            let same = before == after;
            all &= same;
            *code += u64::from(same) * times;
            *prefix += u64::from(all) * times;
        }
    }
    let share = |counts: Vec<u64>| counts.into_iter().map(|count| count as f64 / all_rows as f64).collect();
    Ok(Stability { rows: all_rows, unchanged_codes: share(codes), unchanged_prefixes: share(prefixes) })
}
