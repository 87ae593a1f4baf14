//! Codes out of the texts of IDs.

use crate::error::{Error, Result};
use crate::id::TokenTemplate;

/// Reads the texts of the IDs of one file.
///
/// Tokens of one level look alike in all IDs but for the code, so that IDs whose numbers are equal are equal.
pub(super) struct Texts<'a> {
    template: Option<&'a TokenTemplate>,
    /// The texts before and after the code in the tokens of every level, as the first IDs have them.
    around: Vec<[String; 2]>,
    /// The tokens without a number before and after those of the codes, as the first ID has them.
    marks: Option<[String; 2]>,
}

/// A token: the text before its code, the digits, and the text after them.
type Token<'t> = [&'t str; 3];

impl<'a> Texts<'a> {
    /// Makes the reader of a file, whose tokens are written as `template` says if there is one.
    pub(super) fn new(template: Option<&'a TokenTemplate>) -> Self {
        Self { template, around: Vec::new(), marks: None }
    }

    /// Reads the codes of an ID from its text, or from the texts of its levels: `12-5-33`, `[12, 5, 33]` or
    /// `<a_12><b_5><c_33>`.
    ///
    /// # Errors
    /// A text from which other IDs could give the same codes, such as one with letters outside of tokens; a text
    /// without numbers; a number of 2^64 or more.
    pub(super) fn codes(&mut self, texts: &[&str], key: &str) -> Result<Vec<u64>> {
        if self.template.is_some() || texts.iter().all(|text| text.contains('<')) {
            return self.of_tokens(&texts.concat(), key);
        }
        let mut codes = Vec::new();
        for text in texts {
            codes.append(&mut match text.contains('<') {
                true => self.of_tokens(text, key)?,
                // Numbers in columns became floats where one is missing: the code of 1.0 is not 1 and then 0.
                false if texts.len() > 1 && text.contains('.') => {
                    return Err(refuse(text, key, "whole numbers where every level has a column"));
                }
                false => self::codes(text, key)?,
            });
        }
        Ok(codes)
    }

    /// Reads the codes of an ID from a list of its tokens, or of its codes as texts.
    ///
    /// # Errors
    /// As for [`Texts::codes`].
    pub(super) fn tokens(&mut self, tokens: &[String], key: &str) -> Result<Vec<u64>> {
        if self.template.is_some() || tokens.iter().any(|token| token.contains('<')) {
            return self.of_tokens(&tokens.concat(), key);
        }
        let of_token = |token: &String| match self::codes(token, key)?.as_slice() {
            [code] => Ok(*code),
            _ => Err(refuse(token, key, TEMPLATE)),
        };
        tokens.iter().map(of_token).collect()
    }

    fn of_tokens(&mut self, text: &str, key: &str) -> Result<Vec<u64>> {
        if let Some(template) = self.template {
            let codes = template.read(text).filter(|shown| !shown.is_empty());
            let codes = codes.and_then(|shown| shown.into_iter().map(|shown| template.code(shown)).collect());
            return codes.ok_or_else(|| refuse(text, key, &format!("must be an ID of tokens {template:?}")));
        }
        let tokens = split(text).ok_or_else(|| refuse(text, key, TOKENS))?;
        // The first and the last token may be marks.
        let begin = tokens.split_first().filter(|([_, digits, _], _)| digits.is_empty());
        let (begin, tokens) = begin.map_or(("", tokens.as_slice()), |(mark, rest)| (mark[0], rest));
        let end = tokens.split_last().filter(|([_, digits, _], _)| digits.is_empty());
        let (end, tokens) = end.map_or(("", tokens), |(mark, rest)| (mark[0], rest));
        if tokens.is_empty() || tokens.iter().any(|[_, digits, _]| digits.is_empty()) {
            return Err(refuse(text, key, TOKENS));
        }
        let marks = self.marks.get_or_insert_with(|| [begin.to_owned(), end.to_owned()]);
        let around = tokens.iter().map(|[head, _, tail]| [*head, *tail]);
        self.around.extend(around.clone().skip(self.around.len()).map(|around| around.map(str::to_owned)));
        if *marks != [begin, end] || !around.zip(&self.around).all(|(found, known)| known == &found) {
            return Err(refuse(
                text,
                key,
                "must be tokens that differ from those of the other IDs only in their numbers",
            ));
        }
        tokens.iter().map(|[_, digits, _]| number(digits, text, key)).collect()
    }
}

const TOKENS: &str = "must be tokens such as <a_12>, each of which ends in a number; others need their template";
const TEMPLATE: &str = "must be a token with one number; for others give the template of the tokens";

fn refuse(text: &str, key: &str, expected: &str) -> Error {
    Error::parameter("id", format!("{text:?}"), format!("{expected} (item {key:?})"))
}

fn number(digits: &str, text: &str, key: &str) -> Result<u64> {
    digits.parse().map_err(|_| refuse(text, key, "must be codes below 2^64"))
}

/// Reads numbers with the same characters between all of them: `12-5-33` or `[12, 5, 33]`.
pub(super) fn codes(text: &str, key: &str) -> Result<Vec<u64>> {
    let refuse = |expected: &str| Err(refuse(text, key, expected));
    if text.contains(char::is_alphabetic) {
        return refuse(
            "an ID of numbers or of tokens such as <a_12>; if a key is part of it, name the column of the codes",
        );
    }
    let bare = text.trim();
    let inner = |open: char, close: char| Some(bare.strip_prefix(open)?.strip_suffix(close)?.trim());
    let bare = inner('[', ']').or_else(|| inner('(', ')')).unwrap_or(bare);
    if !bare.contains(|c: char| c.is_ascii_digit()) {
        return refuse("an ID has at least one code");
    }
    let is_outer = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_digit());
    if is_outer(bare.chars().next()) || is_outer(bare.chars().next_back()) {
        return refuse("an ID that begins and ends with a number, or the template of its tokens");
    }
    let between = || bare.split(|c: char| c.is_ascii_digit()).filter(|text| !text.is_empty());
    if between().any(|text| text.ends_with('-') && text.contains(|c| c != '-')) {
        return refuse("codes without a sign");
    }
    let mut between = between().map(str::trim);
    if between.next().is_some_and(|first| between.any(|other| other != first)) {
        return refuse("the same characters between all codes of an ID, or the template of its tokens");
    }
    let numbers = bare.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.map(|digits| number(digits, text, key)).collect()
}

/// Splits a text into tokens, with the whole token in place of the text before the code where it ends in no number;
/// none for text between tokens.
fn split(text: &str) -> Option<Vec<Token<'_>>> {
    let of_token = |token| {
        let token: &str = str::trim(token);
        let inner = token.strip_prefix('<')?.strip_suffix('>')?;
        let tail = inner.len() - inner.trim_end_matches('|').len() + 1;
        let (rest, tail) = token.split_at(token.len() - tail);
        let (head, digits) = rest.split_at(rest.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        Some(if digits.is_empty() { [token, "", ""] } else { [head, digits, tail] })
    };
    text.split_inclusive('>').filter(|token| !token.trim().is_empty()).map(of_token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u64>> {
        Texts::new(None).codes(&[text], "hat")
    }

    #[test]
    fn codes_are_the_numbers_of_an_id() {
        for (text, expected) in [
            ("12-5-33", vec![12, 5, 33]),
            ("[12, 5, 33]", vec![12, 5, 33]),
            ("[ 1  2 33]", vec![1, 2, 33]),
            ("(12,5, 33)", vec![12, 5, 33]),
            ("12,5,33", vec![12, 5, 33]),
            (" 7 ", vec![7]),
            ("<a_12><b_5><c_33>", vec![12, 5, 33]),
            ("<s_a_12> <s_b_5>", vec![12, 5]),
            ("<|sid_12|><|sid_5|>", vec![12, 5]),
            ("<item_L0_C7><item_L1_C9>", vec![7, 9]),
            ("<|sid_begin|><s_a_7><s_b_9><|sid_end|>", vec![7, 9]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_are_more_than_their_numbers_are_refused() {
        for text in [
            "12-5-numpy",
            "",
            "-",
            "<a>",
            "<a_1>x<b_2>",
            "a12b5",
            "99999999999999999999",
            "<a_1",
            "x<a_1>",
            "-1-2",
            "1-2-",
            "1, -2",
            "[1, 2",
            "12@1|5@2|",
            "0:12 1:5",
            "<a_1><mark><b_2>",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("\"hat\""), "{text}: {error}");
        }
    }

    #[test]
    fn tokens_of_a_level_look_alike_in_all_ids() {
        for (first, other) in [
            ("<a_1><b_2>", "<b_1><a_2>"),
            ("<a_1><b_2>", "<a_1><|b_2|>"),
            ("<go><a_1>", "<a_1>"),
            ("<go><a_1>", "<stop><a_1>"),
            ("<a_1><end>", "<a_1><b_2>"),
        ] {
            let mut texts = Texts::new(None);
            assert!(texts.codes(&[first], "hat").is_ok(), "{first}");
            let error = texts.codes(&[other], "cap").unwrap_err().to_string();
            assert!(error.contains("\"cap\"") && error.contains("other IDs"), "{other}: {error}");
        }
        let mut texts = Texts::new(None);
        assert_eq!(texts.codes(&["<a_1>"], "hat").unwrap(), [1]);
        assert_eq!(texts.codes(&["<a_1><b_2>"], "cap").unwrap(), [1, 2]);
        assert_eq!(texts.codes(&["<a_7>", "<b_9>"], "in columns").unwrap(), [7, 9]);
        assert_eq!(texts.codes(&["7-1", "9"], "in columns").unwrap(), [7, 1, 9]);
        assert!(texts.codes(&["7.0", "9.0"], "floats").is_err());
    }

    #[test]
    fn a_template_reads_what_it_writes() {
        let template = TokenTemplate::new("{code}@{level1}|").unwrap().begin("[SID]").unwrap();
        let mut texts = Texts::new(Some(&template));
        assert_eq!(texts.codes(&["[SID]12@1|5@2|"], "hat").unwrap(), [12, 5]);
        assert_eq!(texts.tokens(&["[SID]", "12@1|", "5@2|"].map(String::from), "hat").unwrap(), [12, 5]);
        for text in ["12@1|5@2|", "[SID]12@1|5@1|", "[SID]", "[SID]x@1|"] {
            assert!(texts.codes(&[text], "hat").unwrap_err().to_string().contains("\"hat\""), "{text}");
        }
        let tokens = ["12@1|", "5@2|"].map(String::from);
        assert!(Texts::new(None).tokens(&tokens, "hat").unwrap_err().to_string().contains("template"));
        assert_eq!(Texts::new(None).tokens(&["12", "5"].map(String::from), "hat").unwrap(), [12, 5]);
    }
}
