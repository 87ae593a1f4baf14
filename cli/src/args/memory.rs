//! Reads numbers of bytes as people write them.

/// Units and how many bytes they stand for.
const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
];

/// Reads `600MiB`, `2 GB` or `1000000` as a number of bytes.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_uppercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let bytes = number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| "give a whole number and a unit, such as 600MiB or 2GB".into())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_in_units() {
        let good = [
            ("0", 0),
            ("17", 17),
            ("5B", 5),
            ("2kB", 2000),
            ("600MiB", 600 << 20),
            ("2 GiB", 2 << 30),
            ("3gb", 3_000_000_000),
        ];
        for (text, expected) in good {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "GiB", "-1", "1.5GiB", "2G", "5 apples", "99999999999999999999", "18446744073709551615KiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
