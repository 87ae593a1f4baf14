//! Codes out of the text of an ID.

use crate::error::{Error, Result};

/// Reads the codes in the text of an ID: `12-5-33`, `[12, 5, 33]` or `<a_12><b_5><c_33>`.
///
/// # Errors
/// A text with letters outside of tokens, because its numbers alone might not tell two IDs apart; a text without
/// numbers; a number of 2^64 or more.
pub(super) fn codes(text: &str, key: &str) -> Result<Vec<u64>> {
    let refuse = |expected: &str| Error::parameter("id", format!("{text:?}"), format!("{expected} (item {key:?})"));
    let numbers: Vec<&str> = if text.contains('<') {
        let tokens: Option<Vec<&str>> = tokens(text).collect();
        tokens.ok_or_else(|| refuse("tokens such as <a_12>, each of which ends in a number"))?
    } else {
        if text.contains(char::is_alphabetic) {
            return Err(refuse(
                "an ID of numbers or of tokens such as <a_12>; if a key is part of it, name the column of the codes",
            ));
        }
        text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect()
    };
    if numbers.is_empty() {
        return Err(refuse("an ID has at least one code"));
    }
    numbers.iter().map(|number| number.parse().map_err(|_| refuse("codes below 2^64"))).collect()
}

/// Returns the digits at the end of every token; none for a token without digits, and for text between tokens.
fn tokens(text: &str) -> impl Iterator<Item = Option<&str>> {
    text.split_inclusive('>').filter(|token| !token.trim().is_empty()).map(|token| {
        let inner = token.trim().strip_prefix('<')?.strip_suffix('>')?.trim_end_matches('|');
        let digits = inner.len() - inner.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        inner.get(inner.len() - digits..).filter(|digits| !digits.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_numbers_of_an_id() {
        for (text, expected) in [
            ("12-5-33", vec![12, 5, 33]),
            ("[12, 5, 33]", vec![12, 5, 33]),
            ("12,5,33", vec![12, 5, 33]),
            (" 7 ", vec![7]),
            ("<a_12><b_5><c_33>", vec![12, 5, 33]),
            ("<s_a_12> <s_b_5>", vec![12, 5]),
            ("<|sid_12|><|sid_5|>", vec![12, 5]),
            ("<item_L0_C7><item_L1_C9>", vec![7, 9]),
        ] {
            assert_eq!(codes(text, "k").unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_are_more_than_their_numbers_are_refused() {
        for text in ["12-5-numpy", "", "-", "<a>", "<a_1>x<b_2>", "a12b5", "99999999999999999999", "<a_1", "x<a_1>"] {
            let error = codes(text, "hat").unwrap_err().to_string();
            assert!(error.contains("\"hat\""), "{text}: {error}");
        }
    }
}
