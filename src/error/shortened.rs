//! Messages that quote something long.

use super::Error;
use std::borrow::Cow;

impl Error {
    /// Leaves out the middle of a message of more than `longest` bytes: its beginning says what is wrong, and its end,
    /// an eighth of what is left, what to do. Errors print their kind in at most 4,096 bytes in this way.
    ///
    /// ```
    /// let said = semid::Error::shortened(&format!("no item `{}`: add it", "x".repeat(100)), 40).into_owned();
    /// assert_eq!(said, format!("no item `{} [...] dd it", "x".repeat(26)));
    /// ```
    pub fn shortened(message: &str, longest: usize) -> Cow<'_, str> {
        if message.len() <= longest {
            return message.into();
        }
        let end = longest / 8;
        // A character has at most four bytes, so one of four neighbouring places is between two characters.
        let begin = (0..4).find_map(|less| message.get(..(longest - end).checked_sub(less)?)).unwrap_or_default();
        let end = (0..4).find_map(|less| message.get(message.len() - end + less..)).unwrap_or_default();
        format!("{begin} [...] {end}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_quotes_a_long_value_whole() {
        let said = |value: String| Error::parameter("separator", value, "short").at("ids.db").to_string();
        assert_eq!(said("ab".repeat(10)), format!("ids.db: parameter `separator` = {}: short", "ab".repeat(10)));
        for long in ["a".repeat(1_000_000), "ä€𝄞".repeat(100_000), format!("x{}", "€".repeat(10_000))] {
            let said = said(long);
            assert!(said.len() < 4200, "{} bytes", said.len());
            assert!(said.starts_with("ids.db: parameter `separator` = ") && said.ends_with(": short"), "{said}");
        }
    }

    #[test]
    fn every_limit_keeps_the_beginning_and_the_end() {
        let message = "€".repeat(50);
        for longest in 0..160 {
            let said = Error::shortened(&message, longest);
            assert!(said.len() <= longest + " [...] ".len() || said == message, "{longest}: {said}");
            let (begin, end) = said.split_once(" [...] ").unwrap_or((&said, ""));
            assert!(message.starts_with(begin) && message.ends_with(end));
            assert!(begin.len() + end.len() + 6 > longest.min(150), "{longest}: {said}");
        }
    }
}
