//! Writes numbers for people.

/// Writes a count with commas between thousands: `60,000`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a share: `13.3 %`. Only exactly 0 becomes `0 %`, and only exactly 1 `100 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 => "0 %".to_owned(),
        100.0 => "100 %".to_owned(),
        _ if percent > 0.0 && percent < 0.1 => "less than 0.1 %".to_owned(),
        _ if percent > 99.9 && percent < 100.0 => "more than 99.9 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// Writes a text with which a sentence begins.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Writes a number with four significant digits, without zeros at its end.
pub(super) fn real(value: f64) -> String {
    let size = value.abs();
    if value != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = if size >= 1.0 { 3_i32.saturating_sub(size.log10() as i32).max(0) } else { 4 };
    let text = format!("{value:.*}", decimals as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Writes the numbers of a column in one format. All have as many decimals as give four significant digits to the
/// smallest, but at most two more than give them to the largest. If one is too small or too large to be written out,
/// all are in powers of ten.
pub(super) fn reals(values: &[f64]) -> Vec<String> {
    let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0);
    if sizes().any(|size| !(1e-4..1e7).contains(&size)) {
        return values.iter().map(|value| format!("{value:.3e}")).collect();
    }
    let decimals = |size: f64| (3.0 - size.log10().floor()).max(0.0) as usize;
    let (most, least) = (sizes().map(decimals).max().unwrap_or(0), sizes().map(decimals).min().unwrap_or(0));
    values.iter().map(|value| format!("{value:.*}", most.min(least + 2))).collect()
}

/// Writes the known values with [`reals`], and `-` for the others.
pub(super) fn reals_or_none(values: &[Option<f64>]) -> Vec<String> {
    let mut known = reals(&values.iter().copied().flatten().collect::<Vec<f64>>()).into_iter();
    values.iter().map(|value| value.and_then(|_| known.next()).unwrap_or_else(|| "-".to_owned())).collect()
}

/// Writes a number of things that need not be whole: `53.3`.
pub(super) fn about(value: f64) -> String {
    if value >= 1000.0 { count(value.round() as u64) } else { real((value * 10.0).round() / 10.0) }
}

/// Writes a number of things: `1 cell`, `2 cells`.
pub(super) fn things(number: u64, name: &str) -> String {
    format!("{} {name}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Writes a number of items: `1 item`, `2 items`.
pub(super) fn items(number: u64) -> String {
    things(number, "item")
}

/// Cuts a text to at most `most` characters, the last of which is an ellipsis if the text was longer; puts it on one
/// line and removes characters that XML forbids.
pub(super) fn short(text: &str, most: usize) -> String {
    let clean = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() => ' ',
        _ => c,
    };
    match text.chars().nth(most) {
        None => text.chars().map(clean).collect(),
        Some(_) => text.chars().take(most.saturating_sub(1)).map(clean).chain(['\u{2026}']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_but_never_to_none_or_all() {
        assert_eq!([0, 999, 1000, 60_000, 1_234_567].map(count), ["0", "999", "1,000", "60,000", "1,234,567"]);
        let shares = [0.0, 1.0, 0.1334, 0.0001, 0.9999, 0.5];
        assert_eq!(shares.map(percent), ["0 %", "100 %", "13.3 %", "less than 0.1 %", "more than 99.9 %", "50.0 %"]);
        let reals = [0.0, 0.5, 1.0, 12.3456, 1234.56, 0.01234, 0.000_012_34, -2.5, 1e9];
        assert_eq!(reals.map(real), ["0", "0.5", "1", "12.35", "1235", "0.0123", "1.234e-5", "-2.5", "1.000e9"]);
    }

    #[test]
    fn a_column_has_one_format() {
        assert_eq!(reals(&[0.0247, 0.0066]), ["0.02470", "0.00660"].map(|text| format!("{text}0")));
        assert_eq!(reals(&[12.3456, 2.5, 0.0]), ["12.346", "2.500", "0.000"]);
        assert_eq!(reals(&[1234.0, 0.5]), ["1234.00", "0.50"]);
        assert_eq!(reals(&[1e-5, 0.5, -3.0, 0.0]), ["1.000e-5", "5.000e-1", "-3.000e0", "0.000e0"]);
        assert_eq!((reals(&[0.0, 0.0]), reals(&[])), (vec!["0".to_owned(), "0".to_owned()], Vec::new()));
        assert_eq!(reals_or_none(&[None, Some(2.0), None, Some(0.25)]), ["-", "2.0000", "-", "0.2500"]);
    }

    #[test]
    fn numbers_of_things_have_one_decimal() {
        assert_eq!([53.31, 9.96, 16.0, 12_345.6].map(about), ["53.3", "10", "16", "12,346"]);
        assert_eq!([0, 1, 1000].map(items), ["0 items", "1 item", "1,000 items"]);
    }

    #[test]
    fn long_texts_end_in_dots() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd\u{e9}", 4), "abc\u{2026}");
        assert_eq!(short("a\nb\u{7}", 9), "a b ");
        assert_eq!(short("\u{fffe}a\u{ffff}\u{10ffff}", 9), "\u{fffd}a\u{fffd}\u{10ffff}");
    }
}
