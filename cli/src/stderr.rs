//! Prints errors and warnings on stderr.

use std::borrow::Cow;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints sentences that the user should read although the command succeeds.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(anstream::stderr(), "\x1b[1;33mwarning:\x1b[0m {warning}");
    }
}

/// Prints something that the user may want to know, but that is no reason to worry.
pub(crate) fn note(message: &str) {
    let _ = writeln!(anstream::stderr(), "note: {message}");
}

/// Prints that the process was interrupted, unless another thread already has.
pub(crate) fn say_interrupted(message: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        error(message);
    }
}

/// The most bytes of a message, and how many of them come from its end.
const LONGEST: usize = 16_384;
const END: usize = 2048;

/// Leaves out the middle of a message that quotes something long.
fn shortened(message: &str) -> Cow<'_, str> {
    if message.len() <= LONGEST {
        return message.into();
    }
    // A character has at most four bytes, so one of four neighbouring places is between two characters.
    let begin = (0..4).find_map(|less| message.get(..LONGEST - END - less)).unwrap_or_default();
    let end = (0..4).find_map(|less| message.get(message.len() - END + less..)).unwrap_or_default();
    format!("{begin} [...] {end}").into()
}

/// Prints one line; if stderr is closed, nobody is left to tell.
pub(crate) fn error(message: &str) {
    // Lines that begin with spaces are code to paste, or a list; no name of a file can begin another kind of line.
    let line = shortened(message).replace("\n    ", "\u{1}").replace(['\n', '\r'], " ").replace('\u{1}', "\n    ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}
