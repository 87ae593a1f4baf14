//! Shares on the command line: 5% or 0.05.

use serde::Serialize;
use std::str::FromStr;

/// A share in millionths, so that a percentage of a number of things is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "f64")]
pub(crate) struct Share(u64);

/// Decimals of a share that is no percentage.
const DECIMALS: usize = 6;

impl Share {
    /// The whole.
    pub(crate) const ALL: Self = Self(1_000_000);

    /// Returns this share of a number, rounded down.
    pub(crate) fn of(self, number: u64) -> u64 {
        (u128::from(self.0) * u128::from(number) / 1_000_000) as u64
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0 as Self / 1e6
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "give a share such as 5% or 0.05, with at most 6 decimals, or 4 of a percentage".to_owned();
        let (number, decimals) = match text.trim_end().strip_suffix('%') {
            Some(number) => (number.trim_end(), DECIMALS - 2),
            None => (text, DECIMALS),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if number.is_empty() || number == "." || !digits(whole) || !digits(part) || part.len() > decimals {
            return Err(expected());
        }
        format!("{whole}{part:0<decimals$}").parse().map(Self).map_err(|_| expected())
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn shares_are_read_exactly() {
        let read = |text: &str| text.parse::<Share>().map(|share| share.0).ok();
        for (text, millionths) in
            [("5%", 50_000), ("0.05", 50_000), ("29 %", 290_000), ("0.1%", 1000), (".5", 500_000), ("1", 1_000_000)]
        {
            assert_eq!(read(text), Some(millionths), "{text}");
        }
        for bad in ["", ".", "%", "-1", "1e-3", "5%%", "0.0000001", "0.00001%", "five", "NaN", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        // In binary floating point, 29 % of 100 is less than 29.
        assert_eq!(Share(290_000).of(100), 29);
        assert_eq!(f64::from(Share(290_000)), 0.29);
    }
}
