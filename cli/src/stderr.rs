//! Prints errors and warnings on stderr.

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

/// Prints one line; if stderr is closed, nobody is left to tell.
pub(crate) fn error(message: &str) {
    // Lines that begin with spaces are code to paste, or a list; no name of a file can begin another kind of line.
    let line = message.replace("\n    ", "\u{1}").replace(['\n', '\r'], " ").replace('\u{1}', "\n    ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}
