//! How often the rows of a fit count.

use crate::error::{Error, ErrorKind, Result};
use crate::partial::Partial;
use std::ops::Range;
use std::sync::Arc;

/// Whole weights of rows: a row of weight w counts as w equal rows in its place, and one of weight 0 as none.
///
/// # Exactness
/// A fit with weights gives the fingerprint of the fit of such repeated rows. Where rows are drawn or chosen by their
/// numbers, a row of weight w has w consecutive numbers: those that its copies would have. Weights add up to at most
/// 2^37, the largest number of rows of any fit, so whatever is summed over rows stays within the ranges that are proved
/// for that many: components within 2^24 in i64, squared distances below 2^63 in u128.
///
/// ```
/// use semid::{Device, Matrix, RqKMeans, Weights};
///
/// let rows = [1.0, 2.0, 4.0, 8.0, 8.5];
/// let repeated = [1.0, 1.0, 1.0, 2.0, 8.0, 8.5, 8.5];
/// let (params, device) = (RqKMeans::new(2, 2), Device::cpu());
/// let weights = Weights::new([3, 1, 0, 1, 2])?;
/// let model = params.fit_weighted(&Matrix::new(&rows, 1)?, &weights, &device)?;
/// assert_eq!(model.fingerprint(), params.fit(&Matrix::new(&repeated, 1)?, &device)?.fingerprint());
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Weights {
    /// Running sums: row i has the numbers from the sum before it on.
    ends: Arc<[u64]>,
    /// Whether no row has the weight 0.
    positive: bool,
    /// The step of the numbers that they were read from.
    step: Arc<str>,
}

/// Weights are equal where every row counts equally often, whatever their step was.
impl PartialEq for Weights {
    fn eq(&self, other: &Self) -> bool {
        self.ends == other.ends
    }
}

impl Eq for Weights {}

impl Weights {
    /// Makes weights, one for every row.
    ///
    /// # Errors
    /// [`ErrorKind::TotalWeight`] for weights that add up to more than 2^37, for which sums would not be exact.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Result<Self> {
        let (mut sum, mut positive, mut ends) = (0_u64, true, Vec::new());
        for weight in weights {
            positive &= weight > 0;
            let within = sum.checked_add(weight).filter(|sum| *sum <= Partial::MAX_ROWS);
            sum = within.ok_or(ErrorKind::TotalWeight { most: Partial::MAX_ROWS })?;
            ends.push(sum);
        }
        Ok(Self { ends: ends.into(), positive, step: Arc::from("1") })
    }

    /// Reads weights that are written as decimal numbers, each a multiple of `step`: `1.25` with a step of `0.05` is
    /// the weight 25. A step of `1` is for whole numbers.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a step that is no decimal number above 0; [`ErrorKind::Weight`] for the first text
    /// that is no multiple of it; [`ErrorKind::TotalWeight`] as for [`Weights::new`].
    ///
    /// ```
    /// use semid::Weights;
    ///
    /// assert_eq!(Weights::read(["1.25", "0", "3"], "0.05")?, Weights::new([25, 0, 60])?);
    /// assert!(Weights::read(["0.5"], "1").is_err() && Weights::read(["-1"], "1").is_err());
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn read<S: AsRef<str>>(texts: impl IntoIterator<Item = S>, step: &str) -> Result<Self> {
        let expected = "must be a decimal number above 0, such as 1 or 0.01, of which every weight is a multiple";
        let unit = Decimal::read(step).filter(|unit| unit.digits > 0);
        let unit = unit.ok_or_else(|| Error::parameter("step", step, expected))?;
        let multiple = |(row, text): (usize, S)| -> Result<u64> {
            let text = text.as_ref();
            let found = Decimal::read(text).and_then(|weight| weight.over(unit));
            found.ok_or_else(|| ErrorKind::Weight { row, weight: text.to_owned(), step: step.to_owned() }.into())
        };
        let weights = Self::new(texts.into_iter().enumerate().map(multiple).collect::<Result<Vec<u64>>>()?)?;
        Ok(Self { step: Arc::from(step.trim()), ..weights })
    }

    /// Returns the step that weights were read with, as it was written; `1` where they are whole numbers. A model
    /// records it among the parameters of its fit.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the sum of all weights.
    pub fn total(&self) -> u64 {
        self.first(self.ends.len())
    }

    /// Returns the weight of a row; 0 for a row that does not exist.
    pub fn of(&self, row: usize) -> u64 {
        let Range { start, end } = self.numbers(row..row.saturating_add(1));
        end - start
    }

    /// Returns the sum of all weights as a number of rows.
    ///
    /// # Errors
    /// [`ErrorKind::TotalWeight`] where the machine counts rows in 32 bits, and they are more.
    pub(crate) fn counted(&self) -> Result<usize> {
        usize::try_from(self.total()).map_err(|_| ErrorKind::TotalWeight { most: usize::MAX as u64 }.into())
    }

    /// Refuses weights of another number of rows.
    pub(crate) fn check(&self, rows: usize) -> Result<()> {
        match self.len() == rows {
            true => Ok(()),
            false => Err(ErrorKind::RowCount { what: "weights", found: self.len(), rows }.into()),
        }
    }

    /// Refuses weights of another number of rows, and those that are all 0.
    pub(crate) fn check_some(&self, rows: usize) -> Result<()> {
        self.check(rows)?;
        if self.total() == 0 { Err(ErrorKind::NoWeight.into()) } else { Ok(()) }
    }

    /// Returns the number of the first copy of a row.
    pub(crate) fn first(&self, row: usize) -> u64 {
        let before = row.min(self.ends.len()).checked_sub(1);
        before.and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// Returns the numbers of the copies of some rows.
    pub(crate) fn numbers(&self, rows: Range<usize>) -> Range<u64> {
        self.first(rows.start)..self.first(rows.end)
    }

    /// Returns the row of which a number is that of a copy.
    pub(crate) fn row_of(&self, number: u64) -> usize {
        self.ends.partition_point(|end| *end <= number)
    }

    /// Returns whether every row counts at least once.
    pub(crate) fn all_count(&self) -> bool {
        self.positive
    }
}

/// A decimal number that is not negative: `digits / 10^places`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// The most digits, before and after the point together, so that nothing overflows.
    const MOST: usize = 18;

    /// Reads a number such as `12`, `0.50` or `1e-3`, as far as it is one.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, exponent) = text.split_once(['e', 'E']).map_or((text, Some(0)), |(n, e)| (n, e.parse().ok()));
        let exponent: i32 = exponent.filter(|e: &i32| e.unsigned_abs() as usize <= Self::MOST)?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let rest = rest.trim_end_matches('0');
        let digits = [whole.trim_start_matches('0'), rest].concat();
        let is_number =
            !(whole.is_empty() && number.len() < 2) && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !is_number || digits.contains('.') || digits.len() > Self::MOST {
            return None;
        }
        let (digits, places) = (digits.parse().unwrap_or(0), rest.len() as i32 - exponent);
        Some(match u32::try_from(places) {
            Ok(places) => Self { digits, places },
            Err(_) => Self { digits: digits * 10_u128.pow(places.unsigned_abs()), places: 0 },
        })
    }

    /// Returns how many times `unit` this is, if it is a multiple.
    ///
    /// Both are below 10^36 over a power of 10 up to 10^36: what does not fit i128 is no weight of any fit.
    fn over(self, unit: Self) -> Option<u64> {
        let scaled = |digits: u128, by: u32| digits.checked_mul(10_u128.checked_pow(by)?);
        let most = self.places.max(unit.places);
        let (own, unit) = (scaled(self.digits, most - self.places)?, scaled(unit.digits, most - unit.places)?);
        let multiple = own.checked_div(unit).filter(|_| own.is_multiple_of(unit))?;
        u64::try_from(multiple).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], step: &str) -> Option<Vec<u64>> {
        let weights = Weights::read(texts, step).ok()?;
        Some((0..weights.len()).map(|row| weights.of(row)).collect())
    }

    #[test]
    fn rows_have_as_many_numbers_as_they_weigh() {
        let weights = Weights::new([2, 0, 3, 1]).unwrap();
        assert_eq!((weights.len(), weights.total(), weights.all_count()), (4, 6, false));
        assert_eq!([0, 1, 2, 3, 4, usize::MAX].map(|row| weights.of(row)), [2, 0, 3, 1, 0, 0]);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|number| weights.row_of(number)), [0, 0, 2, 2, 2, 3]);
        assert_eq!((weights.numbers(1..3), weights.first(9)), (2..5, 6));
        assert!(Weights::new([1, 2]).unwrap().all_count());
        let none = Weights::new([]).unwrap();
        assert!(none.is_empty() && none.total() == 0);
    }

    #[test]
    fn decimals_are_multiples_of_the_step() {
        assert_eq!(read(&["0", "7", " 12 ", "007", "3.0", "2e1", "1.5e1"], "1"), Some(vec![0, 7, 12, 7, 3, 20, 15]));
        assert_eq!(read(&["0.5", ".25", "10", "1e-2", "2."], "0.01"), Some(vec![50, 25, 1000, 1, 200]));
        assert_eq!(read(&["0.3", "0.9"], "0.3"), Some(vec![1, 3]));
        let quarters = Weights::read(["0.25", "0.5"], " 0.25").unwrap();
        assert_eq!((quarters.step(), quarters == Weights::new([1, 2]).unwrap()), ("0.25", true));
        assert_eq!(Weights::new([1, 2]).unwrap().step(), "1");
        assert_eq!(read(&["137438953472"], "1"), Some(vec![1 << 37]));
        for text in [
            "",
            ".",
            "-1",
            "+1",
            "1.5",
            "nan",
            "inf",
            "1,5",
            "1.2.3",
            "1e",
            "1e99",
            "x",
            "1e-1",
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(read(&[text], "1"), None, "{text:?}");
        }
        assert_eq!(read(&["0.5"], "0.3"), None);
        for step in ["0", "-1", "", "x", "0.0"] {
            assert_eq!(read(&["1"], step), None, "{step:?}");
        }
        let error = Weights::read(["1", "0.5"], "1").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Weight { row: 1, .. }), "{error}");
    }

    #[test]
    fn sums_that_are_not_exact_are_refused() {
        let most = 1 << 37;
        assert_eq!(Weights::new([most, 0]).unwrap().total(), most);
        for weights in [[most, 1], [u64::MAX, u64::MAX]] {
            assert!(matches!(Weights::new(weights).unwrap_err().kind(), ErrorKind::TotalWeight { .. }));
        }
    }
}
