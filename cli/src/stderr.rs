//! Prints errors and warnings on stderr.

use semid::Error;
use std::borrow::Cow;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints sentences that the user should read although the command succeeds.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(anstream::stderr(), "\x1b[1;33mwarning:\x1b[0m {}", visible(warning));
    }
}

/// Prints something that the user may want to know, but that is no reason to worry.
pub(crate) fn note(message: &str) {
    let _ = writeln!(anstream::stderr(), "note: {}", visible(message));
}

/// Writes control characters, which keys and paths may contain, as `\u{1b}`: a terminal would obey them.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match obeyed(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown.into()
}

/// Prints that the process was interrupted, unless another thread already has.
pub(crate) fn say_interrupted(message: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        error(message);
    }
}

/// The most bytes of a message: those of the library are shorter, ours may quote an argument.
const LONGEST: usize = 16_384;

/// Prints one line; if stderr is closed, nobody is left to tell.
pub(crate) fn error(message: &str) {
    // Lines that begin with spaces are code to paste, or a list; no name of a file can begin another kind of line.
    let line = visible(&Error::shortened(message, LONGEST))
        .replace("\n    ", "\u{1}")
        .replace('\n', " ")
        .replace('\u{1}', "\n    ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn a_terminal_obeys_nothing_that_a_key_contains() {
        for (text, shown) in [
            ("a\x1b[31mred", "a\\u{1b}[31mred"),
            ("\u{9b}2J\r\u{7f}", "\\u{9b}2J\\u{d}\\u{7f}"),
            ("two\tcolumns\nand é", "two\tcolumns\nand é"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
